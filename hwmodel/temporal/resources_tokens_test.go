package temporal

import (
	"math"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// Scales of each token's own against what Yosys 0.23 made of the digits network's engine of 4x4x4 at 8 bits on an
// XC7Z020 (docs/RESOURCES.md; its counters of tiles had a bit more), and a design without them has none of it.
func TestTokenScalesAgainstYosys(t *testing.T) {
	m, d, _ := digits(t)
	part, err := configs.LoadPart("xc7z020")
	if err != nil {
		t.Fatal(err)
	}
	d.Part, d.Numerics = part.Name, configs.Uniform(m, 8, 8)
	d.Numerics.SoftmaxBits = 7
	d.Engine = configs.Engine{TM: 4, TN: 4, TK: 4, Multiplier: configs.MulDSP, BusBits: 128, ReadFIFO: 64,
		WeightBuffers: 2, Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}
	modules := func() (map[string]hwmodel.Resources, hwmodel.Resources) {
		s, err := NewShape(network.MustCompile(m), d)
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]hwmodel.Resources{}
		for _, x := range s.Modules(part) {
			by[x.Name] = x.Resources
		}
		return by, s.Resources(part)
	}
	without, _ := modules()
	d.Numerics.Quantizer.TokenScales = configs.DynamicScales
	with, all := modules()
	for name, yosys := range map[string]hwmodel.Resources{
		"vit_row_magnitudes": {LUT: 416, FF: 266}, "vit_token_scales": {LUT: 310, FF: 54},
		"vit_accel_core": {LUT: 2657, FF: 1066},
	} {
		r := with[name]
		if math.Abs(percent(r.LUT, yosys.LUT)) > 6 || math.Abs(percent(r.FF, yosys.FF)) > 4 {
			t.Errorf("%s: %d LUT, %d FF; Yosys has %d and %d", name, r.LUT, r.FF, yosys.LUT, yosys.FF)
		}
		if _, has := without[name]; has != (name == "vit_accel_core") {
			t.Errorf("%s is in a design with static scales: %v", name, has)
		}
	}
	if math.Abs(percent(all.LUT, 13701)) > 1 || math.Abs(percent(all.FF, 12149)) > 1 || all.DSP != 90 || all.BRAM18 != 30 {
		t.Errorf("the engine: %+v; Yosys has 13701 LUT, 12149 FF, 90 DSP, 30 blocks", all)
	}
}
