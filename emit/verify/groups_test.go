package verify

import (
	"context"
	"testing"

	"vitdse/configs"
)

// TestGroupsOfOneWord has tiles of one word of weights in groups, which the array would read while they are still being
// multiplied, and tiles of other layers of one word, which it need not wait longer for.
func TestGroupsOfOneWord(t *testing.T) {
	quickBuild(t)
	m := configs.Model{Name: "one-word", Family: configs.ViT, Patch: 2, Dim: 16, Depth: 2, Heads: 1, MLPRatio: 1, Classes: 5,
		LayerNormEps: 1e-6, Image: configs.ImageShape{Height: 4, Width: 6, Channels: 1}, Mean: []float64{0.5},
		Std: []float64{0.5}}
	n := configs.Uniform(m, 4, 8)
	for i := range n.Layers {
		if l := &n.Layers[i]; l.Weights > 0 && l.Name != "patch_embed" && i%3 != 0 {
			l.Granularity, l.Group = configs.PerGroup, 16
		}
	}
	for _, bus := range []int{32} {
		e := engine(2, 16, 16)
		e.BusBits, e.VectorColumns = bus, 4
		dir := emitRandom(t, m, configs.Design{Name: "one-word", Model: m.Name, Part: "xczu9eg", ClockMHz: 300,
			Numerics: n, Engine: e}, 1, 1)
		rep, err := Run(context.Background(), dir, Options{Images: 1, Full: 1, Latency: 1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		checkReport(t, "RTL", rep)
		for _, o := range rep.Ops {
			if o.Predicted != o.Measured {
				t.Errorf("bus of %d bits, op %s: %d cycles predicted, %d measured", bus, o.Name, o.Predicted, o.Measured)
			}
		}
	}
}
