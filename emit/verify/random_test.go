package verify

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

var (
	pairs  = flag.Int("pairs", 3, "random pairs of design and network that TestRandomPairs runs")
	first  = flag.Int("first-pair", 0, "number of the first of the pairs")
	update = flag.String("update", "", "file to which TestRandomPairs writes its table, for docs")
)

// randomModel is a small ViT of any shape, with everything odd that a shape can have.
func randomModel(rng *rand.Rand) configs.Model {
	pick := func(of ...int) int { return of[rng.IntN(len(of))] }
	patch, heads := pick(2, 3, 4), pick(1, 2, 3)
	m := configs.Model{
		Name: "random", Family: configs.ViT, Patch: patch, Heads: heads, Dim: heads * pick(8, 16, 32), Depth: pick(1, 2),
		Image: configs.ImageShape{Height: patch * (1 + rng.IntN(7)), Width: patch * (1 + rng.IntN(7)),
			Channels: pick(1, 2, 3)},
		MLPRatio: float64(pick(1, 2, 3, 4)), Classes: 2 + rng.IntN(30), LayerNormEps: 1e-6,
	}
	for range m.Image.Channels {
		m.Mean, m.Std = append(m.Mean, 0.5), append(m.Std, 0.5)
	}
	randomVariant(rng, &m)
	return m
}

// randomNumerics draws bits of every layer by itself.
func randomNumerics(rng *rand.Rand, m configs.Model) configs.Numerics {
	n := configs.Uniform(m, 8, 8)
	n.SoftmaxBits, n.GELUBits = 2+rng.IntN(7), 4+rng.IntN(7)
	n.Quantizer.CodeRange = []configs.CodeRange{configs.Restricted, configs.FullRange}[rng.IntN(2)]
	of := network.MustCompile(m)
	for i := range n.Layers {
		l := &n.Layers[i]
		l.Activations = 2 + rng.IntN(7)
		if l.Weights > 0 {
			l.Weights = 2 + rng.IntN(7)
			switch rng.IntN(3) {
			case 0:
				l.Granularity = configs.PerLayer
			case 1:
				if group := 16 << rng.IntN(3); i > 0 && of.Layers[i].Inner%group == 0 {
					l.Granularity, l.Group = configs.PerGroup, group
				}
			}
		}
	}
	return n
}

func randomEngine(rng *rand.Rand) configs.Engine {
	pick := func(of ...int) int { return of[rng.IntN(len(of))] }
	kind := func() configs.MemoryKind {
		return []configs.MemoryKind{configs.MemAuto, configs.MemBlock, configs.MemLUT}[rng.IntN(3)]
	}
	e := engine(pick(2, 4, 8, 16), pick(2, 4, 8, 16), pick(1, 2, 4, 8))
	e.VectorColumns = pick(1, 2, 4, 8)
	e.Packing = []configs.Packing{configs.PackNone, configs.PackDSP48E1, configs.PackDSP48E2}[rng.IntN(3)]
	e.BusBits, e.ReadFIFO, e.WeightBuffers = pick(32, 64, 128, 256, 512), pick(32, 64, 128), pick(1, 2, 4)
	e.Activations, e.Weights, e.Residual = kind(), kind(), kind()
	return e.WithPatchTokens(pick(1, 2))
}

// randomPair is a design and a network that go together, by number.
func randomPair(t testing.TB, number uint64) (configs.Model, configs.Design) {
	t.Helper()
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(number, 2026))
	for range 1000 {
		m := randomModel(rng)
		d := configs.Design{Name: "random", Model: m.Name, Part: part.Name, ClockMHz: 200,
			Numerics: randomNumerics(rng, m), Engine: randomEngine(rng)}
		if m.Validate() == nil && d.Validate(m, part) == nil {
			return m, d
		}
	}
	t.Fatalf("pair %d: none of 1000 draws is legal", number)
	return configs.Model{}, configs.Design{}
}

// pairResult is what a pair's two simulations gave.
type pairResult struct {
	model        configs.Model
	design       configs.Design
	images       int
	cycles       int64
	latency      int
	stall        float64
	slow         float64 // predicted against measured total with a slow memory, in percent
	slowMeasured int64
	refused      bool // emit found that an accumulator of the engine is too narrow for the biases
}

// TestRandomPairs draws pairs of design and network: with an ideal memory every op of every
// image takes the predicted cycles, with a slow one the total is within a percent, and the
// bytes on the bus are as predicted. CI runs a few; make table-cycles runs a hundred.
func TestRandomPairs(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a simulator for each pair; run without -short")
	}
	quickBuild(t)
	results := make([]pairResult, *pairs)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.NumCPU(), *pairs) {
		workers.Go(func() {
			for i := range next {
				if err := runPair(t, uint64(*first+i), &results[i]); err != nil {
					t.Errorf("pair %d: %v", *first+i, err)
				}
			}
		})
	}
	for i := range results {
		m, d := randomPair(t, uint64(*first+i))
		results[i] = pairResult{model: m, design: d}
		next <- i
	}
	close(next)
	workers.Wait()
	refused := 0
	for _, r := range results {
		if r.refused {
			refused++
		}
	}
	if 20*refused > len(results) {
		t.Errorf("%d of %d pairs were refused; expected at most one in twenty", refused, len(results))
	}
	if *update != "" && !t.Failed() {
		if err := os.WriteFile(*update, []byte(pairTable(results)), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// slowRun is the least length of a run with a slow memory, in cycles.
const slowRun = 40_000

// runPair emits a pair and runs it twice, with an ideal and with a slow memory.
func runPair(t testing.TB, number uint64, r *pairResult) error {
	rng := rand.New(rand.NewPCG(number, 7))
	r.latency, r.stall = 16+rng.IntN(185), 0.3*rng.Float64()
	shape, err := hwmodel.NewShape(network.MustCompile(r.model), r.design)
	if err != nil {
		return err
	}
	// Pauses are random: a run is long enough that they even out.
	r.images = max(2, 1+int(slowRun/shape.Cycles(hwmodel.MemoryTiming{Latency: r.latency, Stall: r.stall})))
	dir, err := writeSeeded(t, r.model, r.design, r.images)
	if err != nil && strings.Contains(err.Error(), "-bit accumulator for its biases; the engine's has") {
		r.refused = true
		return nil
	}
	if err != nil {
		return err
	}
	r.cycles, r.slowMeasured, r.slow, err = runMemories(dir, r.latency, r.stall, number)
	return err
}

// runMemories runs a folder with an ideal memory, where every op takes the predicted cycles, and with a slow one,
// where the total is within a percent: the cycles of both, and how far off the latter's prediction is in percent.
func runMemories(dir string, latency int, stall float64,
	seed uint64) (cycles, slowMeasured int64, slow float64, err error) {
	fail := func(format string, args ...any) (int64, int64, float64, error) {
		return cycles, slowMeasured, slow, fmt.Errorf(format, args...)
	}
	for _, opt := range []Options{
		{Images: -1, Full: -1, Latency: 1},
		{Images: -1, Full: -1, Latency: latency, Stall: stall, Seed: seed},
	} {
		rep, err := Run(context.Background(), dir, opt, nil)
		if err != nil {
			return fail("%w", err)
		}
		for _, m := range rep.Mismatches {
			return fail("%v", m)
		}
		if !rep.OK {
			return fail("verification failed: %d logits of %d images", rep.LogitCompared, rep.LogitImages)
		}
		if rep.PredictedBeatsRead != rep.BeatsRead {
			return fail("%d beats predicted, %d read", rep.PredictedBeatsRead, rep.BeatsRead)
		}
		if opt.Latency > 1 || opt.Stall > 0 {
			slowMeasured = rep.MeasuredRun
			slow = 100 * (float64(rep.PredictedRun)/float64(rep.MeasuredRun) - 1)
			if math.Abs(slow) > 1 {
				return fail("latency %d, stall %.2f: %d cycles predicted, %d measured",
					latency, stall, rep.PredictedRun, rep.MeasuredRun)
			}
			continue
		}
		cycles = rep.MeasuredRun
		for _, op := range rep.Ops {
			if op.Predicted != op.Measured {
				return fail("op %s: %d cycles predicted, %d measured", op.Name, op.Predicted, op.Measured)
			}
		}
		if rep.PredictedRun != rep.MeasuredRun {
			return fail("%d cycles predicted, %d measured", rep.PredictedRun, rep.MeasuredRun)
		}
	}
	return cycles, slowMeasured, slow, nil
}

// pairTable is the results for docs.
func pairTable(results []pairResult) string {
	var b strings.Builder
	b.WriteString("| pair | tokens, dim, depth | array | bus | images | cycles, ideal memory | off by | latency, " +
		"stalls | cycles | off by |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|\n")
	for i, r := range results {
		e := r.design.Engine
		if r.refused {
			fmt.Fprintf(&b, "| %d | %d, %d, %d | %dx%dx%d | %d | refused: its biases need a wider accumulator | | | | | |\n",
				*first+i,
				r.model.Tokens(), r.model.Dim, r.model.Depth, e.TM, e.TN, e.TK, e.BusBits)
			continue
		}
		fmt.Fprintf(&b, "| %d | %d, %d, %d | %dx%dx%d | %d | %d | %d | 0 | %d, %.0f %% | %d | %+.2f %% |\n", *first+i,
			r.model.Tokens(), r.model.Dim, r.model.Depth, e.TM, e.TN, e.TK, e.BusBits, r.images, r.cycles,
			r.latency, 100*r.stall, r.slowMeasured, r.slow)
	}
	return b.String()
}
