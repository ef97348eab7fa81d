// Package searchtest draws spaces, networks and noise for tests of searches and fronts; only tests import it.
package searchtest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vitdse/configs"
	"vitdse/dse/noise"
	"vitdse/dse/search"
	"vitdse/hwmodel/temporal"
)

// Tiny is a network whose spaces a naive enumeration covers quickly.
func Tiny() configs.Model {
	return configs.Model{
		Name: "tiny", Family: configs.ViT, Image: configs.ImageShape{Height: 8, Width: 8, Channels: 1},
		Patch: 2, Dim: 32, Depth: 2, Heads: 2, MLPRatio: 2, Classes: 10,
		LayerNormEps: 1e-6, Mean: []float64{0.5}, Std: []float64{0.5},
	}
}

// tinyWindows is one whose attention is in windows, in up to two stages.
func tinyWindows(rng *rand.Rand) configs.Model {
	m := Tiny()
	m.Name, m.Family, m.Depth, m.Heads, m.Window, m.LayerNormEps = "windows", configs.Swin, 0, 0, 2, 1e-5
	m.Depths, m.StageHeads = []int{1 + rng.IntN(2)}, []int{2}
	if rng.IntN(3) > 0 {
		m.Depths, m.StageHeads = append(m.Depths, 1+rng.IntN(2)), append(m.StageHeads, 4)
	}
	return m
}

// FakeNoise falls with every bit, a little differently in every layer; coarse makes
// ties of different numerics common.
func FakeNoise(coarse bool) noise.Func {
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
		if n.Quantizer.TokenScales == configs.DynamicScales {
			sum *= 0.8 // worth more than it costs, on some points
		}
		if coarse {
			sum = math.Exp2(math.Round(math.Log2(sum)))
		}
		return sum, nil // about 21 dB with 8 bits
	}
}

// Some picks at least one and at most n of the values, in their order.
func Some[T any](rng *rand.Rand, n int, values ...T) []T {
	var list []T
	for _, i := range rng.Perm(len(values))[:1+rng.IntN(min(n, len(values)))] {
		list = append(list, values[i])
	}
	return list
}

// RandomInput draws a small space on some parts.
func RandomInput(t *testing.T, rng *rand.Rand) search.Input {
	t.Helper()
	mem := func(n int) []configs.MemoryKind {
		return Some(rng, n, configs.MemAuto, configs.MemBlock, configs.MemLUT, configs.MemUltra)
	}
	s := configs.Space{
		Name: "random", Parts: Some(rng, 3, configs.Parts()...),
		Bits: configs.BitSpace{
			Symmetry: Some(rng, 1, configs.SymAll, configs.SymAttnMLP)[0],
			Weights:  Some(rng, 2, 2, 3, 4, 5, 6, 7, 8), Activations: Some(rng, 2, 2, 3, 4, 5, 6, 7, 8),
			Edge: configs.EdgeSpace{Weights: Some(rng, 2, 4, 6, 8), Activations: Some(rng, 2, 4, 6, 8)},
		},
		Granularity: Some(rng, 2, configs.PerLayer, configs.PerChannel, configs.PerGroup), SoftmaxBits: Some(rng, 2, 4, 7, 8),
		GELUBits: Some(rng, 2, 6, 8), LNFold: Some(rng, 2, 0.5, 1.0), CalibImages: 256,
		Array: configs.ArraySpace{TM: Some(rng, 2, 4, 8, 16, 32), TN: Some(rng, 2, 4, 8, 16, 64),
			TK: Some(rng, 2, 1, 2, 4, 8)},
		Multiplier: Some(rng, 2, configs.MulDSP, configs.MulLUT), BusBits: Some(rng, 2, 32, 64, 128),
		ReadFIFO: Some(rng, 1, 32, 64), WeightBuffers: Some(rng, 2, 1, 2, 4),
		Memories: configs.MemorySpace{Activations: mem(2), Weights: mem(2), Residual: mem(2)},
	}
	if rng.IntN(2) == 0 {
		s.Quantizer = Some(rng, 2, configs.Quantizer{}, configs.Quantizer{CodeRange: configs.FullRange},
			configs.Quantizer{Rounding: configs.Nearest}, configs.Quantizer{TokenScales: configs.DynamicScales})
	}
	if slices.Contains(s.Granularity, configs.PerGroup) {
		s.Group = Some(rng, 1, 16, 32)[0]
	}
	if rng.IntN(3) == 0 {
		s.GranularityBy = Some(rng, 1, configs.SymAll, configs.SymAttnMLP)[0]
	}
	// Of the axes that a file may leave out, some: all at once are too many points to enumerate.
	for _, draw := range Some(rng, 3, []func(){
		func() { s.Packing = Some(rng, 3, configs.PackNone, configs.PackDSP48E1, configs.PackDSP48E2) },
		func() {
			s.LUTColumns, s.Packing = Some(rng, 2, 0, 4, 8), Some(rng, 2, configs.PackDSP48E1, configs.PackDSP48E2)
		},
		func() { s.PatchTokens = Some(rng, 2, 1, 2) },
		func() { s.VectorColumns = Some(rng, 2, 1, 2, 4, 8) },
		func() { s.ReadFIFO = Some(rng, 2, 32, 128, 512) },
		func() { s.BusBits = Some(rng, 2, 32, 256, 512) },
		func() { s.ClockShare = Some(rng, 2, 0.3, 0.6, 1.0) },
		func() { s.Clock = configs.ClockOfPart },
		func() { s.ClockMHz = map[string]float64{s.Parts[0]: 10 + 200*rng.Float64()} },
		func() { s.Constraints = []string{"tm*tn*tk <= 1024 or bus_bits >= 64", "clock_mhz >= 20"} },
	}...) {
		draw()
	}
	in := search.Input{Engine: temporal.Engine{}, Model: Tiny(), Space: s, Noise: FakeNoise(rng.IntN(2) == 0),
		Options: search.Options{Workers: 2}}
	if rng.IntN(4) == 0 {
		in.Model = tinyWindows(rng)
	}
	if rng.IntN(2) == 0 {
		in.Limits.MaxLossDB = 10 * rng.Float64()
	}
	if rng.IntN(3) == 0 {
		in.Limits.MinSQNRDB = 30 * rng.Float64()
	}
	in.Parts = Parts(t, s.Parts...)
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

func Parts(t *testing.T, names ...string) []configs.Part {
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

// Fixed is a small space on two parts whose sweep has many shards.
func Fixed(t *testing.T) search.Input {
	t.Helper()
	s := configs.Space{
		Name: "fixed", Parts: []string{"xc7z020", "lfe5u-85f"},
		Bits: configs.BitSpace{Symmetry: configs.SymAttnMLP, Weights: []int{4, 6, 8}, Activations: []int{4, 8},
			Edge: configs.EdgeSpace{Weights: []int{8}, Activations: []int{8}}},
		Granularity: []configs.Granularity{configs.PerLayer, configs.PerChannel}, SoftmaxBits: []int{7, 8},
		GELUBits: []int{8}, LNFold: []float64{1}, CalibImages: 256,
		Array:      configs.ArraySpace{TM: []int{4, 8, 16}, TN: []int{4, 8, 16}, TK: []int{1, 2, 4}},
		Multiplier: []configs.Multiplier{configs.MulDSP, configs.MulLUT}, BusBits: []int{32, 64}, ReadFIFO: []int{64},
		WeightBuffers: []int{2},
		Memories: configs.MemorySpace{Activations: []configs.MemoryKind{configs.MemAuto},
			Weights:  []configs.MemoryKind{configs.MemAuto, configs.MemLUT},
			Residual: []configs.MemoryKind{configs.MemAuto}},
	}
	return search.Input{Engine: temporal.Engine{}, Model: Tiny(), Space: s, Parts: Parts(t, s.Parts...),
		Noise:   FakeNoise(false),
		Options: search.Options{Workers: 2, Seed: 7, Version: "test"}}
}

// FakeAdditive is FakeNoise that adds up: every layer's own random noise for every choice,
// falling with the bits, now and then not. Coarse makes ties common.
type FakeAdditive struct {
	Seed   uint64
	Coarse bool
}

func (f FakeAdditive) draw(key uint64) float64 {
	return rand.New(rand.NewPCG(f.Seed, key)).Float64()
}

func (f FakeAdditive) round(v float64) noise.Femto {
	if f.Coarse {
		v = math.Ceil(v*100) / 100
	}
	return noise.Femto(v * 1e15)
}

func (f FakeAdditive) Units(softmaxBits, geluBits int, b configs.Basis) (noise.Femto, error) {
	return f.round(0.01 + math.Exp2(-2*float64(softmaxBits)) + math.Exp2(-float64(geluBits)) + (1-b.LNFold)/1e3), nil
}

func (f FakeAdditive) Layer(b configs.Basis, l configs.LayerBits) (noise.Femto, error) {
	key := uint64(0)
	for _, c := range l.Name + string(b.Quantizer.CodeRange) {
		key = key*131 + uint64(c)
	}
	v := 2 * math.Exp2(-2*float64(l.Activations)) * (0.5 + f.draw(key*64+uint64(l.Activations)))
	if l.Weights > 0 {
		w := math.Exp2(-2*float64(l.Weights)) * (0.5 + 5*f.draw(key*64+32+uint64(l.Weights)))
		if l.Granularity == configs.PerGroup {
			w *= 0.3 + 0.5*f.draw(key*64+56)
		}
		if l.Granularity == configs.PerLayer {
			w *= 1 + 3*f.draw(key*64+48+uint64(l.Weights))
		}
		v += w
	}
	return f.round(v * (1.1 - b.LNFold/10)), nil
}
