package temporal

import (
	"math"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// Engines for families whose model is derived from the ECP5's, against what Yosys 0.23 made of
// them (vitdse synth, docs/PARTS.md). LUTs are not compared: the Gowin flow has
// no hard multipliers, and the iCE40's were not counted since the engine was pipelined.
func TestDerivedFamilies(t *testing.T) {
	m, _, _ := digits(t)
	small := configs.Engine{TM: 2, TN: 2, TK: 1, Multiplier: configs.MulLUT, BusBits: 32, ReadFIFO: 32, WeightBuffers: 2,
		Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}
	for _, c := range []struct {
		part                    string
		engine                  configs.Engine
		weights, act, exp, gelu int
		yosys                   hwmodel.Resources
	}{
		{"ice40hx8k", small, 4, 4, 4, 6, hwmodel.Resources{FF: 12794, BRAM18: 55}},
		{"gw2a-55", small, 4, 4, 4, 6, hwmodel.Resources{FF: 8870, BRAM18: 14}},
	} {
		t.Run(c.part, func(t *testing.T) {
			part, err := configs.LoadPart(c.part)
			if err != nil {
				t.Fatal(err)
			}
			n := configs.Uniform(m, c.weights, c.act)
			n.SoftmaxBits, n.GELUBits = c.exp, c.gelu
			s, err := NewShape(network.MustCompile(m), configs.Design{Name: "x", Model: m.Name, Part: part.Name, ClockMHz: 20,
				Numerics: n, Engine: c.engine})
			if err != nil {
				t.Fatal(err)
			}
			got := s.Resources(part)
			t.Logf("%s: %+v, Yosys %+v", c.part, got, c.yosys)
			off := func(a, b int) float64 { return math.Abs(float64(a)/float64(b) - 1) }
			if c.yosys.LUT > 0 && off(got.LUT, c.yosys.LUT) > 0.05 || off(got.FF, c.yosys.FF) > 0.03 ||
				off(got.BRAM18, c.yosys.BRAM18) > 0.12 {
				t.Errorf("%s: %+v, Yosys %+v", c.part, got, c.yosys)
			}
			if part.Budget.DSP == 0 && got.DSP > 0 || part.Budget.LUTRAM == 0 && got.LUTRAM > 0 {
				t.Errorf("%s: %+v of a part without them", c.part, got)
			}
		})
	}
}
