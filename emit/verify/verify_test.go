package verify

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"vitdse/configs"
)

// TestDigits is the claim of the tool on its real case: every element of every op of 16
// images and the logits of all 360, at three precisions on two array shapes, and the cycles
// of every op as predicted.
func TestDigits(t *testing.T) {
	simulates(t)
	m := digitsData(t).model
	for _, bits := range [][2]int{{8, 8}, {4, 8}, {4, 4}} {
		for _, a := range [][3]int{{8, 8, 2}, {4, 16, 4}} {
			t.Run(fmt.Sprintf("W%dA%d/%dx%dx%d", bits[0], bits[1], a[0], a[1], a[2]), func(t *testing.T) {
				t.Parallel()
				dir, _ := emitDigits(t, configs.Uniform(m, bits[0], bits[1]), engine(a[0], a[1], a[2]), 360, 16)
				rep := mustVerify(t, dir, Options{Images: -1, Full: -1, Latency: 1})
				if rep.FullImages != 16 || rep.LogitImages != 360 || rep.LogitCompared != 3600 {
					t.Errorf("compared %d images op by op, %d logits of %d images", rep.FullImages, rep.LogitCompared, rep.LogitImages)
				}
				checkCycles(t, rep)
				t.Logf("%d elements; %d cycles an image; %.2f Mcycles/s",
					rep.Elements(), rep.MeasuredCycles, rep.CyclesPerSecond/1e6)
			})
		}
	}
}

// checkCycles holds the prediction for the ideal memory to be exact.
func checkCycles(t *testing.T, rep *Report) {
	t.Helper()
	for _, op := range rep.Ops {
		if op.Predicted != op.Measured {
			t.Errorf("op %s: %d cycles predicted, %d measured", op.Name, op.Predicted, op.Measured)
		}
	}
	if rep.PredictedRun != rep.MeasuredRun {
		t.Errorf("run: %d cycles predicted, %d measured", rep.PredictedRun, rep.MeasuredRun)
	}
	if rep.PredictedBeatsRead != rep.BeatsRead {
		t.Errorf("bus: %d beats predicted, %d read", rep.PredictedBeatsRead, rep.BeatsRead)
	}
}

// corner is an engine at a corner of what a design may ask for.
type corner struct {
	name string
	num  configs.Numerics
	eng  configs.Engine
}

func corners(t *testing.T) []corner {
	m := digitsData(t).model
	mixed := configs.Uniform(m, 5, 6)
	mixed.SoftmaxBits, mixed.GELUBits = 7, 6
	for i := range mixed.Layers {
		l := &mixed.Layers[i]
		l.Activations = 3 + i%6
		if l.Weights > 0 {
			l.Weights = 2 + i%7
			if i%2 == 0 {
				l.Granularity = configs.PerLayer
			}
		}
	}
	low := configs.Uniform(m, 2, 2)
	low.SoftmaxBits, low.GELUBits = 2, 4
	for i := range low.Layers {
		low.Layers[i].Activations = 2
		if low.Layers[i].Weights > 0 {
			low.Layers[i].Weights = 2
		}
	}
	low.Quantizer.CodeRange = configs.FullRange
	groups := configs.Uniform(m, 4, 6)
	for i := range groups.Layers {
		if l := &groups.Layers[i]; l.Weights > 0 && l.Name != "patch_embed" && i%5 != 4 {
			l.Weights, l.Granularity, l.Group = 2+i%4, configs.PerGroup, 16<<(i%3)
		}
	}
	groups.Quantizer.CodeRange = configs.FullRange
	wide := configs.Uniform(m, 8, 8)
	for i := range wide.Layers {
		if l := &wide.Layers[i]; l.Weights > 0 && l.Name != "patch_embed" && l.Name != "head" {
			l.Granularity, l.Group = configs.PerGroup, 16
		}
	}
	var list []corner
	for _, c := range []struct {
		name    string
		num     configs.Numerics
		tm, tn  int
		tk, bus int
		banks   int
		fifo    int
		kind    configs.MemoryKind
	}{
		{"tall", mixed, 16, 4, 2, 32, 1, 32, configs.MemLUT},
		{"square", mixed, 16, 16, 4, 128, 4, 64, configs.MemBlock},
		{"wide", mixed, 4, 32, 1, 64, 2, 128, configs.MemAuto},
		{"tiny", low, 2, 2, 1, 32, 1, 32, configs.MemAuto},
		{"one-tile", mixed, 32, 8, 4, 256, 4, 64, configs.MemAuto},
		{"deep-dot", low, 8, 16, 8, 512, 1, 64, configs.MemAuto},
		{"groups", groups, 8, 16, 4, 64, 2, 64, configs.MemAuto},
		{"groups-of-a-word", wide, 4, 16, 16, 32, 1, 32, configs.MemAuto},
	} {
		e := engine(c.tm, c.tn, c.tk)
		e.BusBits, e.WeightBuffers, e.ReadFIFO = c.bus, c.banks, c.fifo
		e.Activations, e.Weights, e.Residual = c.kind, c.kind, c.kind
		e.Multiplier = configs.MulLUT
		list = append(list, corner{c.name, c.num, e})
	}
	narrow := configs.Uniform(m, 4, 4)
	narrow.SoftmaxBits, narrow.Quantizer.CodeRange = 4, configs.FullRange
	for i := range narrow.Layers { // edges too
		l := &narrow.Layers[i]
		l.Activations, l.Weights = 4, min(l.Weights, 4)
	}
	four := engine(4, 8, 4)
	four.Packing, four.VectorColumns, four.AccumulatorBits = configs.PackDSP48E2, 2, 23
	part := engine(4, 16, 4)
	part.Packing, part.VectorColumns, part.LUTColumns = configs.PackDSP48E1, 2, 6
	pairs := engine(8, 8, 4)
	pairs.PatchTokens = 2
	wider := engine(2, 4, 1) // a pair is all of a tile; a chunk leaves more slowly than it is read
	wider.BusBits, wider.PatchTokens = 32, 2
	list = append(list, corner{"four-a-dsp", narrow, four}, corner{"mixed-array", configs.Uniform(m, 8, 8), part},
		corner{"token-pairs", configs.Uniform(m, 8, 8), pairs}, corner{"a-pair-a-tile", mixed, wider})
	// Words of more tokens than a row tile has: a word of V is in 2, 4 ... parts.
	for _, c := range []struct {
		name       string
		num        configs.Numerics
		tm, tn, tk int
		columns    int
		banks      int
		packing    configs.Packing
		kind       configs.MemoryKind
	}{
		{"words-of-2-rows", mixed, 2, 8, 4, 1, 2, configs.PackNone, configs.MemLUT},
		{"words-of-2-rows-4-columns", mixed, 4, 8, 8, 4, 1, configs.PackDSP48E1, configs.MemBlock},
		{"words-of-4-rows", groups, 2, 16, 8, 8, 4, configs.PackDSP48E2, configs.MemAuto},
		{"words-of-4-rows-four-a-dsp", narrow, 4, 32, 16, 2, 2, configs.PackDSP48E2, configs.MemAuto},
		{"words-of-8-rows", low, 1, 8, 8, 1, 2, configs.PackNone, configs.MemAuto},
	} {
		e := engine(c.tm, c.tn, c.tk)
		e.VectorColumns, e.WeightBuffers, e.Packing, e.Activations = c.columns, c.banks, c.packing, c.kind
		list = append(list, corner{c.name, c.num, e})
	}
	return list
}

// TestCorners runs engines at the corners of what a design may ask for.
func TestCorners(t *testing.T) {
	simulates(t)
	quickBuild(t)
	for _, c := range corners(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, _ := emitDigits(t, c.num, c.eng, 4, 2)
			// 190 cycles are more than the FIFOs cover; without pauses that is exact too.
			checkCycles(t, mustVerify(t, dir, Options{Images: -1, Full: -1, Latency: 1}))
			checkCycles(t, mustVerify(t, dir, Options{Images: 2, Full: 2, Latency: 190}))
			lint(t, dir)
		})
	}
}

// lint holds the emitted RTL to be clean under every Verilator warning.
func lint(t *testing.T, dir string) {
	t.Helper()
	out, err := exec.Command("make", "-s", "-C", filepath.Join(dir, "sim"), "lint").CombinedOutput()
	if err != nil {
		t.Errorf("verilator --lint-only -Wall: %v\n%s", err, tail(string(out), 40))
	}
}

// simulates leaves a test that builds simulators out of the quick subset.
func simulates(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds simulators; run without -short")
	}
}
