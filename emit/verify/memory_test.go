package verify

import (
	"math"
	"path/filepath"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit"
	"vitdse/hwmodel/temporal"
)

// TestSlowMemory: with latency and random pauses on every channel the results stay the same
// and the total is within 2 % of the prediction.
func TestSlowMemory(t *testing.T) {
	simulates(t)
	m := digitsData(t).model
	// One engine waits for its array, the other for its bus.
	slow := engine(4, 16, 4)
	slow.BusBits = 32
	for _, e := range []configs.Engine{engine(8, 8, 2), slow} {
		dir, _ := emitDigits(t, configs.Uniform(m, 8, 8), e, 16, 4)
		testSlowMemory(t, dir)
	}
}

func testSlowMemory(t *testing.T, dir string) {
	for _, o := range []Options{
		{Latency: 64},
		{Latency: 64, Stall: 0.1, Seed: 1},
		{Latency: 64, Stall: 0.25, Seed: 2},
		{Latency: 16, Stall: 0.05, Seed: 3},
		{Latency: 200}, // more than the read FIFO covers
	} {
		o.Images, o.Full = -1, -1
		rep := mustVerify(t, dir, o)
		diff := float64(rep.PredictedRun-rep.MeasuredRun) / float64(rep.MeasuredRun)
		t.Logf("latency %d, stall %.2f: %d cycles predicted, %d measured (%+.2f %%)", o.Latency, o.Stall,
			rep.PredictedRun, rep.MeasuredRun, 100*diff)
		if math.Abs(diff) > 0.02 {
			t.Errorf("latency %d, stall %.2f: prediction is off by %+.2f %%", o.Latency, o.Stall, 100*diff)
		}
	}
}

// flipWeight flips the lowest bit of the first weight of an op in the memory image.
func flipWeight(t *testing.T, dir, op string) {
	t.Helper()
	man, err := emit.LoadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	shape, err := temporal.NewShape(network.MustCompile(man.Model), man.Design)
	if err != nil {
		t.Fatal(err)
	}
	bus := man.Design.Engine.BusBits
	at := 0
	for _, g := range shape.Segments() {
		if g.Kind == temporal.SegImage {
			continue
		}
		if g.Kind == temporal.SegTiles && man.Ops[g.Op].Name == op {
			at += g.Params * g.ParamBeats * bus / 8 // the first tile's parameters
			edit(t, filepath.Join(dir, "mem/stream.bin"), func(b []byte) []byte {
				b[at] ^= 1
				return b
			})
			return
		}
		at += g.Beats(bus) * bus / 8
	}
	t.Fatalf("no weights of %s in the stream", op)
}
