package verify

import (
	"testing"

	"vitdse/configs"
)

// TestOverlap runs two engines on which units that work beside each other meet as closely as they may. On the
// first a residual add follows at once on a value product that has a zero point: each column's zero point must
// be its own op's. On the second LayerNorm's last row tile, of many tokens, is still in its cycles when the
// residual add behind it reads the stream and the sums of its rows.
func TestOverlap(t *testing.T) {
	simulates(t)
	quickBuild(t)
	for _, c := range []struct {
		name                 string
		dim, heads           int
		height, width, patch int
		tm, tn, tk, bus      int
		packing              configs.Packing
		weights              configs.MemoryKind
	}{
		{"zero point of a column", 8, 1, 14, 8, 2, 2, 32, 8, 512, configs.PackNone, configs.MemBlock},
		{"add behind LayerNorm", 4, 2, 8, 24, 4, 128, 4, 1, 32, configs.PackDSP48E2, configs.MemLUT},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := configs.Model{Name: "overlap", Family: configs.ViT, Patch: c.patch, Heads: c.heads, Dim: c.dim, Depth: 1, MLPRatio: 3, Classes: 7,
				Image: configs.ImageShape{Height: c.height, Width: c.width, Channels: 1}, LayerNormEps: 1e-6, Mean: []float64{0.5}, Std: []float64{0.5}}
			e := engine(c.tm, c.tn, c.tk)
			e.BusBits, e.Packing, e.Weights, e.ReadFIFO = c.bus, c.packing, c.weights, 64
			d := configs.Design{Name: "overlap", Model: m.Name, Part: "xczu9eg", ClockMHz: 200, Numerics: configs.Uniform(m, 4, 4), Engine: e}
			dir, err := writeSeeded(t, m, d, 2)
			if err != nil {
				t.Fatal(err)
			}
			checkCycles(t, mustVerify(t, dir, Options{Images: -1, Full: -1, Latency: 1}))
		})
	}
}
