package verify

import (
	"testing"

	"vitdse/configs"
)

// tinyModel is about the least network that has all that the engine does: 5 tokens of 8 channels, two
// heads, one block.
func tinyModel() configs.Model {
	return configs.Model{
		Name: "tiny", Family: configs.ViT, Patch: 2, Heads: 2, Dim: 8, Depth: 1, MLPRatio: 2, Classes: 3, LayerNormEps: 1e-6,
		Image: configs.ImageShape{Height: 4, Width: 4, Channels: 1}, Mean: []float64{0.5}, Std: []float64{0.5},
	}
}

// tinyFolder is a folder of a tiny network on a tiny engine, which builds in seconds; all images op by op.
func tinyFolder(t testing.TB, images int) string {
	t.Helper()
	m := tinyModel()
	d := configs.Design{Name: "tiny", Model: m.Name, Part: "xczu9eg", ClockMHz: 200, Numerics: configs.Uniform(m, 4, 4),
		Engine: engine(2, 2, 1)}
	dir, err := writeSeeded(t, m, d, images)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
