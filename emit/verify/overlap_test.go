package verify

import (
	"os"
	"path/filepath"
	"regexp"
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
			m := configs.Model{Name: "overlap", Family: configs.ViT, Patch: c.patch, Heads: c.heads, Dim: c.dim, Depth: 1,
				MLPRatio: 3, Classes: 7,
				Image: configs.ImageShape{Height: c.height, Width: c.width, Channels: 1}, LayerNormEps: 1e-6, Mean: []float64{0.5},
				Std: []float64{0.5}}
			e := engine(c.tm, c.tn, c.tk)
			e.BusBits, e.Packing, e.Weights, e.ReadFIFO = c.bus, c.packing, c.weights, 64
			d := configs.Design{Name: "overlap", Model: m.Name, Part: "xczu9eg", ClockMHz: 200,
				Numerics: configs.Uniform(m, 4, 4), Engine: e}
			dir, err := writeSeeded(t, m, d, 2)
			if err != nil {
				t.Fatal(err)
			}
			checkCycles(t, mustVerify(t, dir, Options{Images: -1, Full: -1, Latency: 1}))
		})
	}
}

// TestNoShift runs a network of two channels on which a requantization shifts by nothing, which random pairs found
// refused: its LayerNorms give two values alone, so that a step of a result may be many of an accumulator.
func TestNoShift(t *testing.T) {
	simulates(t)
	quickBuild(t)
	m := configs.Model{Name: "no-shift", Family: configs.ViT, Patch: 1, Heads: 1, Dim: 2, Depth: 2, MLPRatio: 4,
		Classes: 10, Registers: 4, PreNorm: true,
		Image: configs.ImageShape{Height: 3, Width: 4, Channels: 1}, LayerNormEps: 1e-12, Mean: []float64{0.5018053746275062},
		Std: []float64{0.4715551644088361}}
	e := engine(16, 16, 1)
	e.BusBits, e.ReadFIFO, e.WeightBuffers, e.Residual, e.Packing = 128, 512, 4, configs.MemBlock, configs.PackDSP48E1
	d := configs.Design{Name: "no-shift", Model: m.Name, Part: "xczu9eg", ClockMHz: 200,
		Numerics: configs.Uniform(m, 8, 8), Engine: e.WithPatchTokens(2)}
	d.Numerics.SoftmaxBits, d.Numerics.GELUBits = 7, 4
	weights, activations := []int{4, 2, 0, 6, 8, 2, 3, 0, 5, 4, 2, 2}, []int{7, 8, 5, 5, 5, 6, 7, 8, 8, 8, 4, 2}
	for i := range d.Numerics.Layers {
		l := &d.Numerics.Layers[i]
		l.Weights, l.Activations = weights[i], activations[i]
		if l.Weights > 0 && i < 5 || i == 6 {
			l.Granularity = configs.PerLayer
		}
	}
	dir, err := writeSeeded(t, m, d, 64)
	if err != nil {
		t.Fatal(err)
	}
	core, err := os.ReadFile(filepath.Join(dir, "rtl/vit_output_lanes.sv"))
	if err != nil || !regexp.MustCompile(`MIN_SHIFT\s*=\s*0\b`).Match(core) {
		t.Fatalf("%v: every requantization shifts %s", err, regexp.MustCompile(`MIN_SHIFT.*`).Find(core))
	}
	checkCycles(t, mustVerify(t, dir, Options{Images: 2, Full: 2, Latency: 1}))
	mustVerifyHLS(t, dir)
}
