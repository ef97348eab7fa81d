package temporal_test

import (
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/emit/temporal"
	"vitdse/golden/checkpoint"
	"vitdse/golden/quant"
)

// With scales of each token's own a sum has the bits of fine codes: a plan is refused whose biases do not fit, and one
// whose sums two multiplier blocks of the part do not take.
func TestTokenScaleWidths(t *testing.T) {
	m := configs.Model{
		Name: "tokens", Family: configs.ViT, Patch: 2, Heads: 2, Dim: 64, Depth: 1, MLPRatio: 4, Classes: 3,
		LayerNormEps: 1e-6,
		Image:        configs.ImageShape{Height: 4, Width: 4, Channels: 1}, Mean: []float64{0.5}, Std: []float64{0.5},
	}
	w := checkpoint.Seeded(m, 3)
	stats, err := quant.Calibrate(m, w, quant.Synthetic(m, 16, 1))
	if err != nil {
		t.Fatal(err)
	}
	n := configs.Uniform(m, 8, 8)
	n.Quantizer.TokenScales = configs.DynamicScales
	plan := func(n configs.Numerics, part string, biases int64) error {
		t.Helper()
		d := configs.Design{Name: "tokens", Model: m.Name, Part: part, ClockMHz: 100, Numerics: n,
			Engine: configs.Engine{TM: 2, TN: 4, TK: 2, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 64, WeightBuffers: 2,
				Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}
		on, err := configs.LoadPart(part)
		if err != nil {
			t.Fatal(err)
		}
		net, err := quant.Quantize(m, n, w, stats)
		if err != nil {
			t.Fatal(err)
		}
		for i := range net.Head.Bias {
			net.Head.Bias[i] += biases
		}
		_, err = temporal.NewPlan(d, net, on)
		return err
	}
	grouped := configs.Uniform(m, 8, 8)
	grouped.Quantizer = n.Quantizer
	for i := range grouped.Layers {
		if l := &grouped.Layers[i]; strings.HasPrefix(l.Name, "blocks.") && l.Weights > 0 {
			l.Granularity, l.Group = configs.PerGroup, 16
		}
	}
	for _, c := range []struct {
		name     string
		numerics configs.Numerics
		part     string
		biases   int64
		want     string
	}{
		{"plain", n, "lfe5u-85f", 0, ""},
		{"large biases", n, "lfe5u-85f", 1 << 31,
			"op head needs a 33-bit accumulator for its biases; the engine's has 32 bits"},
		{"groups on UltraScale+", grouped, "xczu9eg", 0, ""},
		{"groups on ECP5", grouped, "lfe5u-85f", 0,
			"the requantizer multiplies sums of 36 bits; two multiplier blocks of part lfe5u-85f take 35"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := plan(c.numerics, c.part, c.biases)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v; expected %q", err, c.want)
			}
		})
	}
}
