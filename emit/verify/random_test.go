package verify

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

var (
	pairs = flag.Int("pairs", 3, "random pairs of design and network that TestRandomPairs runs")
	first = flag.Int("first-pair", 0, "number of the first of the pairs")
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
	tokens := configs.Quantizer{TokenScales: configs.DynamicScales}
	if rng.IntN(3) == 0 && tokens.Runs(of) == nil {
		n.Quantizer.TokenScales = tokens.TokenScales
	}
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

// TestRandomPairs draws small pairs of design and network: with an ideal memory every op of every
// image takes the predicted cycles, with a slow one the total is within a percent, and the
// bytes on the bus are as predicted. CI runs a few; make table-cycles draws wider (TestWidePairs).
func TestRandomPairs(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a simulator for each pair; run without -short")
	}
	quickBuild(t)
	var refused atomic.Int32
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.NumCPU(), *pairs) {
		workers.Go(func() {
			for i := range next {
				err := runPair(t, uint64(*first+i))
				switch {
				case tooNarrow(err):
					refused.Add(1)
				case err != nil:
					t.Errorf("pair %d: %v", *first+i, err)
				}
			}
		})
	}
	for i := range *pairs {
		next <- i
	}
	close(next)
	workers.Wait()
	if n := int(refused.Load()); 20*n > *pairs {
		t.Errorf("%d of %d pairs were refused; expected at most one in twenty", n, *pairs)
	}
}

// tooNarrow says whether emit found an accumulator of the engine too narrow for the biases.
func tooNarrow(err error) bool {
	return err != nil && strings.Contains(err.Error(), "-bit accumulator for its biases; the engine's has")
}

// slowRun is the least length of a run with a slow memory, in cycles.
const slowRun = 40_000

// runPair emits a pair and runs it twice, with an ideal and with a slow memory.
func runPair(t testing.TB, number uint64) error {
	m, d := randomPair(t, number)
	rng := rand.New(rand.NewPCG(number, 7))
	latency, stall := 16+rng.IntN(185), 0.3*rng.Float64()
	shape, err := temporal.NewShape(network.MustCompile(m), d)
	if err != nil {
		return err
	}
	// Pauses are random: a run is long enough that they even out.
	images := max(2, 1+int(slowRun/shape.Cycles(hwmodel.MemoryTiming{Latency: latency, Stall: stall})))
	dir, err := writeSeeded(t, m, d, images)
	if err != nil {
		return err
	}
	_, _, _, err = runMemories(dir, latency, stall, number)
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
			slowMeasured, slow = rep.MeasuredRun, 100*(float64(rep.PredictedRun)/float64(rep.MeasuredRun)-1)
			if math.Abs(slow) > 1 {
				if slowMeasured, slow, err = moreSeeds(dir, opt, rep); err != nil {
					return fail("%w", err)
				}
			}
			if math.Abs(slow) > 1 {
				return fail("latency %d, stall %.2f: %d cycles predicted, %d measured in the mean of %d seeds",
					latency, stall, rep.PredictedRun, slowMeasured, 1+seedsMore)
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

// seedsMore are runs with other pauses: a short one in which a memory pauses in more than half of the cycles takes a
// percent more or less by chance.
const seedsMore = 15

// moreSeeds is the mean of what runs take whose pauses differ, the given one among them, and by what percentage that
// is predicted wrong.
func moreSeeds(dir string, opt Options, first *Report) (measured int64, off float64, err error) {
	sum := first.MeasuredRun
	for range seedsMore {
		opt.Seed++
		rep, err := Run(context.Background(), dir, opt, nil)
		if err != nil {
			return 0, 0, err
		}
		if !rep.OK {
			return 0, 0, fmt.Errorf("verification failed with seed %d", opt.Seed)
		}
		sum += rep.MeasuredRun
	}
	mean := float64(sum) / (1 + seedsMore)
	return int64(mean + 0.5), 100 * (float64(first.PredictedRun)/mean - 1), nil
}
