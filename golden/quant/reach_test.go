package quant

import (
	"math"
	"regexp"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
)

// Weights of any size are quantized or refused with the op that they drive away, and never panic.
func TestHugeWeights(t *testing.T) {
	m := configs.Model{Name: "huge", Family: configs.ViT,
		Image: configs.ImageShape{Height: 8, Width: 8, Channels: 1}, Patch: 4,
		Dim: 16, Depth: 1, Heads: 2, MLPRatio: 2, Classes: 3, LayerNormEps: 1e-6, Mean: []float64{0.5}, Std: []float64{0.25}}
	refused := 0
	for _, size := range []float32{0, 1e-38, 1e-20, 1, 1e6, checkpoint.MostWeight, 1e25, 3e38, -3e38, float32(math.Inf(1)),
		float32(math.NaN())} {
		for _, at := range []func(w *checkpoint.Weights) []float32{
			func(w *checkpoint.Weights) []float32 { return w.PatchW }, func(w *checkpoint.Weights) []float32 { return w.Pos },
			func(w *checkpoint.Weights) []float32 { return w.Blocks[0].Norm1G },
			func(w *checkpoint.Weights) []float32 { return w.Blocks[0].QKVW },
			func(w *checkpoint.Weights) []float32 { return w.Blocks[0].FC1W },
			func(w *checkpoint.Weights) []float32 { return w.Blocks[0].FC2B },
			func(w *checkpoint.Weights) []float32 { return w.NormB }, func(w *checkpoint.Weights) []float32 { return w.HeadW },
		} {
			w := checkpoint.Seeded(m, 1)
			tensor := at(w)
			for i := range tensor {
				tensor[i] *= size
			}
			stats, err := Calibrate(m, w, Synthetic(m, 3, 1))
			if err == nil {
				_, err = Quantize(m, configs.Uniform(m, 8, 8), w, stats)
			}
			if err != nil {
				refused++
				if !regexp.MustCompile(`patch_embed|blocks\.0\.|norm|head|patches`).MatchString(err.Error()) {
					t.Errorf("%g: %v", size, err)
				}
			}
		}
	}
	if refused < 8 {
		t.Errorf("only %d networks were refused", refused)
	}
}
