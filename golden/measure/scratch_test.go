package measure_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/exec"
	"vitdse/golden/quant"
)

func TestScratch(t *testing.T) {
	m := configs.Model{Name: "deit-tiny", Family: configs.DeiT, Image: configs.ImageShape{Height: 224, Width: 224, Channels: 3}, Patch: 16, Dim: 192, Depth: 12, Heads: 3, MLPRatio: 4, Classes: 1000, LayerNormEps: 1e-6,
		Mean: []float64{0.485, 0.456, 0.406}, Std: []float64{0.229, 0.224, 0.225}}
	rng := rand.New(rand.NewPCG(1, 1))
	draw := func(n int, s, mean float64) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64()*s + mean)
		}
		return v
	}
	d, h := m.Dim, m.Hidden()
	w := &checkpoint.Weights{Cls: draw(d, .02, 0), Pos: draw(d*m.Tokens(), .02, 0), PatchW: draw(d*m.PatchInner(), .02, 0), PatchB: draw(d, .1, 0), NormG: draw(d, .2, 1), NormB: draw(d, .1, 0), HeadW: draw(d*1000, .05, 0), HeadB: draw(1000, .05, 0)}
	for range m.Depth {
		w.Blocks = append(w.Blocks, checkpoint.BlockWeights{Norm1G: draw(d, .2, 1), Norm1B: draw(d, .1, 0), QKVW: draw(3*d*d, .05, 0), QKVB: draw(3*d, .1, 0), ProjW: draw(d*d, .05, 0), ProjB: draw(d, .1, 0), Norm2G: draw(d, .2, 1), Norm2B: draw(d, .1, 0), FC1W: draw(h*d, .05, 0), FC1B: draw(h, .1, 0), FC2W: draw(d*h, .03, 0), FC2B: draw(d, .1, 0)})
	}
	im := &dataset.Images{N: 4, H: 224, W: 224, C: 3, Pixels: make([]uint8, 4*224*224*3)}
	for i := range im.Pixels {
		im.Pixels[i] = uint8(rng.IntN(256))
	}
	start := time.Now()
	stats, err := quant.Calibrate(m, w, im)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("calibrate 4 images", time.Since(start))
	for _, b := range [][2]int{{8, 8}, {4, 4}, {8, 8}} {
		start = time.Now()
		net, err := quant.Quantize(m, configs.Uniform(m, b[0], b[1]), w, stats)
		if err != nil {
			t.Fatal(err)
		}
		t.Log("quantize", time.Since(start), "acc", net.Blocks[0].FC2.AccBits, "score", net.Blocks[0].Attn.ScoreBits)
		r, _ := exec.New(net)
		start = time.Now()
		r.Run(im.At(0), nil)
		t.Log("run", time.Since(start))
	}
}
