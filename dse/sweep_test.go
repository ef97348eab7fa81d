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
	"vitdse/configs/network"
	"vitdse/dse/noise"
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

// tinyWindows is one whose attention is in windows, in up to two stages.
func tinyWindows(rng *rand.Rand) configs.Model {
	m := tiny()
	m.Name, m.Family, m.Depth, m.Heads, m.Window, m.LayerNormEps = "windows", configs.Swin, 0, 0, 2, 1e-5
	m.Depths, m.StageHeads = []int{1 + rng.IntN(2)}, []int{2}
	if rng.IntN(3) > 0 {
		m.Depths, m.StageHeads = append(m.Depths, 1+rng.IntN(2)), append(m.StageHeads, 4)
	}
	return m
}

// fakeNoise falls with every bit, a little differently in every layer; coarse makes
// ties of different numerics common.
func fakeNoise(coarse bool) noise.Func {
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
		if n.Quantizer.CodeRange == configs.FullRange {
			sum *= 0.9
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
			Weights:  some(rng, 2, 2, 3, 4, 5, 6, 7, 8), Activations: some(rng, 2, 2, 3, 4, 5, 6, 7, 8),
			Edge: configs.EdgeSpace{Weights: some(rng, 2, 4, 6, 8), Activations: some(rng, 2, 4, 6, 8)},
		},
		Granularity: some(rng, 2, configs.PerLayer, configs.PerChannel, configs.PerGroup), SoftmaxBits: some(rng, 2, 4, 7, 8),
		GELUBits: some(rng, 2, 6, 8), LNFold: some(rng, 2, 0.5, 1.0), CalibImages: 256,
		Array: configs.ArraySpace{TM: some(rng, 2, 4, 8, 16, 32), TN: some(rng, 2, 4, 8, 16, 64),
			TK: some(rng, 2, 1, 2, 4, 8)},
		Multiplier: some(rng, 2, configs.MulDSP, configs.MulLUT), BusBits: some(rng, 2, 32, 64, 128),
		ReadFIFO: some(rng, 1, 32, 64), WeightBuffers: some(rng, 2, 1, 2, 4),
		Memories: configs.MemorySpace{Activations: mem(2), Weights: mem(2), Residual: mem(2)},
	}
	if rng.IntN(2) == 0 {
		s.Quantizer = some(rng, 2, configs.Quantizer{}, configs.Quantizer{CodeRange: configs.FullRange},
			configs.Quantizer{Rounding: configs.Nearest})
	}
	if slices.Contains(s.Granularity, configs.PerGroup) {
		s.Group = some(rng, 1, 16, 32)[0]
	}
	if rng.IntN(3) == 0 {
		s.GranularityBy = some(rng, 1, configs.SymAll, configs.SymAttnMLP)[0]
	}
	// Of the axes that a file may leave out, some: all at once are too many points to enumerate.
	for _, draw := range some(rng, 3, []func(){
		func() { s.Packing = some(rng, 3, configs.PackNone, configs.PackDSP48E1, configs.PackDSP48E2) },
		func() {
			s.LUTColumns, s.Packing = some(rng, 2, 0, 4, 8), some(rng, 2, configs.PackDSP48E1, configs.PackDSP48E2)
		},
		func() { s.PatchTokens = some(rng, 2, 1, 2) },
		func() { s.VectorColumns = some(rng, 2, 1, 2, 4, 8) },
		func() { s.ReadFIFO = some(rng, 2, 32, 128, 512) },
		func() { s.BusBits = some(rng, 2, 32, 256, 512) },
		func() { s.ClockShare = some(rng, 2, 0.3, 0.6, 1.0) },
		func() { s.ClockMHz = map[string]float64{s.Parts[0]: 10 + 200*rng.Float64()} },
		func() { s.Constraints = []string{"tm*tn*tk <= 1024 or bus_bits >= 64", "clock_mhz >= 20"} },
	}...) {
		draw()
	}
	in := Input{Engine: hwmodel.Temporal{}, Model: tiny(), Space: s, Noise: fakeNoise(rng.IntN(2) == 0),
		Options: Options{Workers: 2}}
	if rng.IntN(4) == 0 {
		in.Model = tinyWindows(rng)
	}
	if rng.IntN(2) == 0 {
		in.Limits.MaxLossDB = 10 * rng.Float64()
	}
	if rng.IntN(3) == 0 {
		in.Limits.MinSQNRDB = 30 * rng.Float64()
	}
	in.Parts = parts(t, s.Parts...)
	for i := range in.Parts { // smaller parts, so that every resource runs short somewhere
		in.Parts[i].Reserve = configs.Reserve{} // a shell may take more than is left
		if rng.IntN(4) == 0 {
			in.Parts[i].BandwidthGBs /= 16 // slower than many a bus
		}
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
			e, err := hwmodel.Price(network.MustCompile(in.Model), d, p)
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
	trials := 40
	if testing.Short() {
		trials = 10
	}
	covered, fronts, axes := int64(0), 0, map[string]int{}
	for trial := 0; trial < trials; {
		in := randomInput(t, rng)
		s, err := newSweep(in)
		if err != nil {
			continue // no legal engine
		}
		if s.stats.Total > 30_000 {
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
		for _, a := range s.engines.parts[0].grid.Axes() {
			axes[a.Name] += min(a.Len-1, 1)
		}
		trial++
	}
	t.Logf("trials in which an axis had a choice: %v", axes)
	t.Logf("%d points, %d on fronts", covered, fronts)
	if covered < int64(300*trials) || fronts < 2*trials {
		t.Errorf("the trials cover %d points with %d on fronts: too few to show anything", covered, fronts)
	}
}

func clean(y tally) tally { y.front = append([]ranked{}, y.front...); return y }

func show(y tally) string {
	text, _ := json.Marshal(partResult{y, y.front})
	if len(text) > 2000 {
		return string(text[:2000]) + "..."
	}
	return string(text)
}
