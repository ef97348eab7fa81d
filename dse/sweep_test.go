package dse

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"vitdse/configs"
	"vitdse/hwmodel"
)

// tiny is a network whose spaces a naive enumeration covers quickly.
func tiny() configs.Model {
	return configs.Model{
		Name: "tiny", Family: configs.ViT, Image: configs.ImageShape{Height: 8, Width: 8, Channels: 1},
		Patch: 2, Dim: 32, Depth: 2, Heads: 2, MLPRatio: 2, Classes: 10,
		LayerNormEps: 1e-6, Mean: []float64{0.5}, Std: []float64{0.5},
	}
}

// fakeNoise falls with every bit, a little differently in every layer; coarse makes
// ties of different numerics common.
func fakeNoise(coarse bool) Noise {
	return func(n configs.Numerics) (float64, error) {
		sum := math.Exp2(-2*float64(n.SoftmaxBits)) + math.Exp2(-float64(n.GELUBits)) + (1-n.LNFold)*1e-3
		for i, l := range n.Layers {
			w := 0.0
			if l.Weights > 0 {
				w = math.Exp2(-2 * float64(l.Weights))
			}
			switch l.Granularity {
			case configs.PerLayer:
				w *= 3
			case configs.PerGroup:
				w /= 2
			}
			sum += (w + 2*math.Exp2(-2*float64(l.Activations))) * (1 + float64(i%5)/8)
		}
		if coarse {
			sum = math.Exp2(math.Round(math.Log2(sum)))
		}
		return sum, nil // about 21 dB with 8 bits
	}
}

// some picks at least one and at most n of the values, in their order.
func some[T any](rng *rand.Rand, n int, values ...T) []T {
	var list []T
	for _, i := range rng.Perm(len(values))[:1+rng.IntN(min(n, len(values)))] {
		list = append(list, values[i])
	}
	return list
}

// randomInput draws a small space on some parts.
func randomInput(t *testing.T, rng *rand.Rand) Input {
	t.Helper()
	mem := func(n int) []configs.MemoryKind {
		return some(rng, n, configs.MemAuto, configs.MemBlock, configs.MemLUT, configs.MemUltra)
	}
	s := configs.Space{
		Name: "random", Parts: some(rng, 3, configs.Parts()...),
		Bits: configs.BitSpace{
			Symmetry: some(rng, 1, configs.SymAll, configs.SymAttnMLP)[0],
			Weights:  some(rng, 3, 2, 3, 4, 5, 6, 8), Activations: some(rng, 3, 2, 4, 6, 8),
			Edge: configs.EdgeSpace{Weights: some(rng, 2, 4, 6, 8), Activations: some(rng, 2, 4, 6, 8)},
		},
		Granularity: some(rng, 2, configs.PerLayer, configs.PerChannel, configs.PerGroup), SoftmaxBits: some(rng, 2, 4, 7, 8),
		GELUBits: some(rng, 2, 6, 8), LNFold: some(rng, 2, 0.5, 1.0), CalibImages: 256,
		Array:      configs.ArraySpace{TM: some(rng, 2, 4, 8, 16, 32), TN: some(rng, 2, 4, 8, 16, 64), TK: some(rng, 2, 1, 2, 4, 8)},
		Multiplier: some(rng, 2, configs.MulDSP, configs.MulLUT), BusBits: some(rng, 2, 32, 64, 128),
		ReadFIFO: some(rng, 1, 32, 64), WeightBuffers: some(rng, 2, 1, 2, 4),
		Memories: configs.MemorySpace{Activations: mem(2), Weights: mem(2), Residual: mem(1)},
	}
	if slices.Contains(s.Granularity, configs.PerGroup) {
		s.Group = 16
	}
	if rng.IntN(3) == 0 { // with groups, some numerics are too wide for two products
		s.Packing = []configs.Packing{configs.PackNone, configs.PackDSP48E1}
		s.LUTColumns = []int{0, 4}
		s.PatchTokens = []int{1, 2}
	}
	in := Input{Model: tiny(), Space: s, Noise: fakeNoise(rng.IntN(2) == 0), Options: Options{Workers: 2}}
	if rng.IntN(2) == 0 {
		in.Limits.MaxLossDB = 10 * rng.Float64()
	}
	if rng.IntN(3) == 0 {
		in.Limits.MinSQNRDB = 30 * rng.Float64()
	}
	in.Parts = parts(t, s.Parts...)
	for i := range in.Parts { // smaller parts, so that every resource runs short somewhere
		in.Parts[i].Reserve = configs.Reserve{} // a shell may take more than is left
		b := &in.Parts[i].Budget
		for _, v := range []*int{&b.LUT, &b.FF, &b.DSP, &b.BRAM18, &b.LUTRAM} {
			*v = max(1, *v/(1<<rng.IntN(4)))
		}
	}
	return in
}

func parts(t *testing.T, names ...string) []configs.Part {
	t.Helper()
	var list []configs.Part
	for _, name := range names {
		p, err := configs.LoadPart(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// naive prices every point of every part one by one.
func naive(t *testing.T, in Input) []tally {
	t.Helper()
	var all []tally
	best := math.Inf(1)
	each := func(p configs.Part, f func(rank int64, d configs.Design, noise float64)) {
		g, err := in.Space.On(in.Model, p)
		if err != nil {
			t.Fatal(err)
		}
		index := make([]int, len(g.Axes()))
		for rank, more := int64(0), true; more; rank, more = rank+1, g.Next(index) {
			if d, err := g.Design(index); err == nil {
				noise, _ := in.Noise(d.Numerics)
				f(rank, d, noise)
			}
		}
	}
	for _, p := range in.Parts {
		each(p, func(_ int64, _ configs.Design, noise float64) { best = min(best, noise) })
	}
	limit := in.Limits.noise(best)
	for _, p := range in.Parts {
		var y tally
		var points []ranked
		each(p, func(rank int64, d configs.Design, noise float64) {
			e, err := hwmodel.Price(in.Model, d, p)
			if err != nil {
				t.Fatal(err)
			}
			name, use := e.Use.Largest()
			y.Legal++
			if !e.Fits {
				y.Short[slices.Index(resourceNames[:], name)]++
				i := slices.IndexFunc(e.Short, func(s hwmodel.Shortage) bool { return s.Resource == name })
				if noise <= limit {
					y.Near = first(y.Near, &near{use, rank, name, e.Short[i].Need, e.Short[i].Have})
				}
				return
			}
			y.Fit++
			y.Best = first(y.Best, &able{noise, rank})
			if noise <= limit {
				y.Feasible++
				points = append(points, ranked{Objectives{e.Seconds, use, noise}, rank})
			}
		})
		y.front = skyline(points)
		all = append(all, y)
	}
	return all
}

func TestSweepIsTheNaiveEnumeration(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	trials := 30
	if testing.Short() {
		trials = 8
	}
	covered, fronts := int64(0), 0
	for trial := range trials {
		in := randomInput(t, rng)
		s, err := newSweep(in)
		if err != nil {
			continue // no legal engine
		}
		if s.stats.Total > 60_000 {
			continue
		}
		if err := errors.Join(s.open(), s.run(context.Background(), nil)); err != nil {
			t.Fatal(err)
		}
		want := naive(t, in)
		for i := range want {
			if !reflect.DeepEqual(clean(s.parts[i]), clean(want[i])) {
				t.Fatalf("trial %d, part %s:\n got %s\nwant %s", trial, in.Parts[i].Name, show(s.parts[i]), show(want[i]))
			}
			fronts += len(want[i].front)
		}
		if s.stats.Done != s.stats.Total {
			t.Errorf("trial %d: covered %d of %d points", trial, s.stats.Done, s.stats.Total)
		}
		if _, err := s.front(); err != nil {
			t.Error(err)
		}
		covered += s.stats.Done
	}
	t.Logf("%d points, %d on fronts", covered, fronts)
	if covered < 10_000 || fronts < 50 {
		t.Errorf("the trials cover %d points with %d on fronts: too few to show anything", covered, fronts)
	}
}

func clean(y tally) tally { y.front = append([]ranked{}, y.front...); return y }

func show(y tally) string {
	text, _ := json.Marshal(journalPart{y, y.front})
	if len(text) > 2000 {
		return string(text[:2000]) + "..."
	}
	return string(text)
}
