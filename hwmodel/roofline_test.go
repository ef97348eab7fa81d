package hwmodel

import (
	"math"
	"testing"

	"vitdse/configs"
)

// survey holds the arithmetic intensity of DeiT at 8 bits and batch 1 as published surveys
// of ViT accelerators count it: FLOPs of all matmuls over the bytes of those of the blocks.
func TestRooflineMatchesSurvey(t *testing.T) {
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		model     string
		intensity float64
	}{{"deit-tiny", 146}, {"deit-small", 204}, {"deit-base", 265}} {
		m, err := configs.LoadModel(c.model)
		if err != nil {
			t.Fatal(err)
		}
		d := configs.Design{Name: "x", Model: m.Name, Part: part.Name, ClockMHz: 200, Numerics: configs.Uniform(m, 8, 8),
			Engine: configs.Engine{TM: 16, TN: 16, TK: 1, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 64, WeightBuffers: 2,
				Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}
		rows, total, err := Roofline(m, d, part)
		if err != nil {
			t.Fatal(err)
		}
		bytes := total.Bytes
		for _, r := range rows {
			switch r.Kind {
			case "patch-embed", "head":
				bytes -= r.Bytes
			case "scores", "attn-value":
				near(t, c.model+" "+r.Name, r.Intensity, 78, 0.5)
			}
		}
		near(t, c.model, float64(total.FLOPs)/float64(bytes), c.intensity, 0.5)
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: got %.2f, want %.2f within %g", what, got, want, tolerance)
	}
}
