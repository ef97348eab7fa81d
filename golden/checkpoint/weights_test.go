package checkpoint_test

import (
	"math"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
)

// Parameters of timm's models, counted by timm 1.0.31.
func TestParameters(t *testing.T) {
	for name, want := range map[string]int{
		"deit-tiny": 5717416, "deit-tiny-distilled": 5910800, "deit-small-distilled": 22436432,
		"deit-base-distilled": 87338192,
		"vit-s16":             22050664, "vit-b32": 88224232, "vit-l16": 304326632,
		"swin-tiny": 28288354, "swin-small": 49606258, "swin-base": 87768224,
	} {
		t.Run(name, func(t *testing.T) {
			m, err := configs.LoadModel(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := checkpoint.Parameters(m); got != want {
				t.Errorf("%s has %d parameters; timm has %d", name, got, want)
			}
		})
	}
}

// Seeded weights are those of the network, and as spread as is said of them.
func TestSeeded(t *testing.T) {
	plain := configs.Model{Name: "vit", Family: configs.ViT,
		Image: configs.ImageShape{Height: 32, Width: 32, Channels: 3}, Patch: 8, Dim: 96, Depth: 1, Heads: 3, MLPRatio: 3,
		Classes: 50, LayerNormEps: 1e-6, Mean: []float64{0.5, 0.4, 0.3}, Std: []float64{0.5, 0.6, 0.7}}
	change := func(f func(m *configs.Model)) configs.Model {
		m := plain
		f(&m)
		return m
	}
	fan := 1 / math.Sqrt(96)
	for name, m := range map[string]configs.Model{
		"plain":     plain,
		"distilled": change(func(m *configs.Model) { m.Family = configs.DeiTDistilled }),
		"tokens":    change(func(m *configs.Model) { m.Registers, m.PreNorm, m.QKNorm = 40, true, true }),
		"gated":     change(func(m *configs.Model) { m.Gated, m.MLPNorm = true, true }),
		"pools":     change(func(m *configs.Model) { m.Pool, m.NoClassToken = configs.PoolAvg, true }),
		"attends":   change(func(m *configs.Model) { m.Pool = configs.PoolMap }),
		"swin": change(func(m *configs.Model) {
			m.Family, m.Depth, m.Heads, m.Patch, m.Depths, m.StageHeads, m.Window = configs.Swin, 0, 0, 4, []int{2, 1},
				[]int{3, 6}, 4
		}),
	} {
		t.Run(name, func(t *testing.T) {
			w := checkpoint.Seeded(m, 1)
			if err := w.Check(m); err != nil {
				t.Fatal(err)
			}
			b := &w.Blocks[0]
			for tensor, v := range map[string]struct {
				values      []float32
				mean, sigma float64
			}{
				"norm1.weight": {b.Norm1G, 1, 0.2}, "norm2.bias": {b.Norm2B, 0, 0.1}, "qkv.weight": {b.QKVW, 0, 1.5 * fan},
				"qkv.bias": {b.QKVB, 0, 0.1}, "proj.weight": {b.ProjW, 0, 0.5 * fan}, "fc1.weight": {b.FC1W, 0, fan},
				"fc1.bias": {b.FC1B, 0, 0.1}, "fc2.weight": {b.FC2W, 0, 0.5 / math.Sqrt(288) * second(m)},
			} {
				mean, sigma := spread(v.values)
				if near := 5 * v.sigma / math.Sqrt(float64(len(v.values))); math.Abs(mean-v.mean) > near ||
					math.Abs(sigma-v.sigma) > near {
					t.Errorf("%s: %d values have mean %.4f and deviation %.4f; expected %.4f and %.4f", tensor,
						len(v.values), mean, sigma, v.mean, v.sigma)
				}
			}
		})
	}
}

// second is by how much the deviation of fc2's weights is larger than what its inputs ask for: a plain network's is
// that of the other layers.
func second(m configs.Model) float64 {
	if m.Family == configs.Swin || m.Pool == configs.PoolMap {
		return 1
	}
	return math.Sqrt(m.MLPRatio)
}

func spread(values []float32) (mean, sigma float64) {
	for _, v := range values {
		mean += float64(v) / float64(len(values))
	}
	for _, v := range values {
		sigma += (float64(v) - mean) * (float64(v) - mean) / float64(len(values))
	}
	return mean, math.Sqrt(sigma)
}
