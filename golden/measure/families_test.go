package measure_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

// scaledWeights draws weights so that every layer keeps its input's size, as training does.
func scaledWeights(rng *rand.Rand, m configs.Model) *checkpoint.Weights {
	w := &checkpoint.Weights{}
	w.Fill(m, func(name string, shape []int) []float32 {
		n, inner := 1, 1
		for i, d := range shape {
			n *= d
			if i > 0 {
				inner *= d
			}
		}
		v := make([]float32, n)
		norm := len(shape) == 1 && name[len(name)-6:] == "weight"
		for i := range v {
			x := rng.NormFloat64()
			switch {
			case norm:
				x = 1 + 0.2*x
			case len(shape) == 1:
				x *= 0.2
			case len(shape) == 2 && shape[0] == 3*shape[1]: // q, k and v: scores of a few units, as trained networks have
				x *= 1.5 / math.Sqrt(float64(inner))
			case len(shape) == 2 || len(shape) == 4:
				x /= math.Sqrt(float64(inner))
			default:
				x *= 0.5
			}
			v[i] = float32(x)
		}
		return v
	})
	return w
}

// smoothImages are random patterns with structure: sums of waves.
func smoothImages(rng *rand.Rand, m configs.Model, n int) *dataset.Images {
	im := &dataset.Images{N: n, H: m.Image.Height, W: m.Image.Width, C: m.Image.Channels}
	for range n {
		var wave [6][4]float64
		for i := range wave {
			wave[i] = [4]float64{rng.NormFloat64(), rng.NormFloat64() * 0.4, rng.NormFloat64() * 0.4, 6 * rng.Float64()}
		}
		for y := range im.H {
			for x := range im.W {
				for c := range im.C {
					s := 0.0
					for _, v := range wave {
						s += v[0] * math.Sin(v[1]*float64(x)+v[2]*float64(y)+v[3]+float64(c))
					}
					im.Pixels = append(im.Pixels, uint8(min(max(128+40*s, 0), 255)))
				}
			}
		}
	}
	return im
}

// families are a small network of each family beside ViT.
func families(t *testing.T) map[string]configs.Model {
	t.Helper()
	out := map[string]configs.Model{}
	for name, text := range map[string]string{
		"deit-distilled": "name: d\nfamily: deit-distilled\nimage: {height: 32, width: 32, channels: 3}\npatch: 4\n" +
			"dim: 48\ndepth: 3\nheads: 3\n",
		"relative positions": "name: b\nfamily: vit\nimage: {height: 32, width: 24, channels: 3}\npatch: 4\ndim: 48\n" +
			"depth: 3\nheads: 3\nrelative_positions: true\nno_pos_embed: true\npool: avg\nfc_norm: true\n",
		"gated, qk_norm": "name: g\nfamily: vit\nimage: {height: 32, width: 32, channels: 3}\npatch: 4\ndim: 48\ndepth: 3\n" +
			"heads: 3\nqk_norm: true\ngated: true\nmlp_norm: true\nactivation: silu\n",
		"swin": "name: s\nfamily: swin\nimage: {height: 30, width: 30, channels: 3}\npatch: 2\ndim: 24\ndepths: [1, 2]\n" +
			"stage_heads: [2, 4]\nwindow: 5\n",
	} {
		m, err := configs.Decode[configs.Model]("m.yaml",
			[]byte(text+"mlp_ratio: 4\nclasses: 20\nlayer_norm_eps: 1.0e-5\nmean: [0.5, 0.5, 0.5]\nstd: [0.25, 0.25, 0.25]\n"))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = m
	}
	return out
}

// At W8A8 the integer network of every family is close to the float one.
func TestFamiliesQuality(t *testing.T) {
	for name, m := range families(t) {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			w := scaledWeights(rng, m)
			images := 24
			if m.Family != configs.Swin {
				images = 128 // the last block is calibrated on two rows an image
			}
			stats, err := quant.Calibrate(m, w, smoothImages(rng, m, images))
			if err != nil {
				t.Fatal(err)
			}
			test := smoothImages(rng, m, 48)
			logits, err := measure.FloatLogits(context.Background(), m, w, test, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, bits := range [][3]int{{8, 8, 28}, {4, 8, 14}} {
				net, err := quant.Quantize(m, configs.Uniform(m, bits[0], bits[1]), w, stats)
				if err != nil {
					t.Fatal(err)
				}
				r, err := measure.Evaluate(context.Background(), net, test, nil, logits, 2)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("W%dA%d: %.1f dB, %.1f %% in the float network's class", bits[0], bits[1], r.SQNR, 100*r.Agree)
				if r.SQNR < float64(bits[2]) {
					t.Errorf("W%dA%d: logit SQNR is %.1f dB; expected at least %d", bits[0], bits[1], r.SQNR, bits[2])
				}
			}
		})
	}
}

// Rows that pad Swin's windows are zeros in front of q, k and v, also where a LayerNorm's codes have a zero point, as
// without its fold.
func TestPaddedRowsAreZeros(t *testing.T) {
	m := families(t)["swin"]
	rng := rand.New(rand.NewPCG(3, 4))
	w := scaledWeights(rng, m)
	for i := range w.Blocks { // channels that hardly ever change sign
		for c := range w.Blocks[i].Norm1B {
			w.Blocks[i].Norm1B[c] += 2
		}
	}
	stats, err := quant.Calibrate(m, w, smoothImages(rng, m, 24))
	if err != nil {
		t.Fatal(err)
	}
	numerics := configs.Uniform(m, 8, 8)
	numerics.LNFold = 0
	net, report, err := quant.Inspect(m, numerics, w, stats, nil)
	if err != nil {
		t.Fatal(err)
	}
	of := network.MustCompile(m)
	for i, b := range net.Blocks {
		norm := report.Readings[of.At(i, network.RoleNorm1).Name]
		if norm.Zero == 0 {
			t.Errorf("block %d: its LayerNorm has no zero point: nothing is tested", i)
		}
		for c, code := range b.Pad {
			if got := norm.Real(int32(code), c); math.Abs(got) > norm.Scale[0] {
				t.Fatalf("block %d: channel %d of a padded row is %g, code %d; expected 0", i, c, got, code)
			}
		}
	}
}
