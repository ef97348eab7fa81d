package verify

import (
	"testing"

	"vitdse/configs"
)

// TestGroupsOfOneWord has tiles of one word of weights in groups, which the array would read while they are still being
// multiplied, and tiles of one word of other layers, which are written as late.
func TestGroupsOfOneWord(t *testing.T) {
	quickBuild(t)
	m := configs.Model{Name: "one-word", Family: configs.ViT, Patch: 2, Dim: 16, Depth: 2, Heads: 1, MLPRatio: 1,
		Classes: 5, LayerNormEps: 1e-6, Image: configs.ImageShape{Height: 4, Width: 6, Channels: 1}, Mean: []float64{0.5},
		Std: []float64{0.5}}
	n := configs.Uniform(m, 4, 8)
	for i := range n.Layers {
		if l := &n.Layers[i]; l.Weights > 0 && l.Name != "patch_embed" && i%3 != 0 {
			l.Granularity, l.Group = configs.PerGroup, 16
		}
	}
	e := engine(2, 16, 16)
	e.BusBits, e.VectorColumns = 32, 4
	runExactly(t, emitRandom(t, m, configs.Design{Name: "one-word", Model: m.Name, Part: "xczu9eg", ClockMHz: 300,
		Numerics: n, Engine: e}, 1, 1))
}
