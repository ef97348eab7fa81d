package exact

import (
	"context"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/front"
	"vitdse/dse/limits"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/pareto"
	"vitdse/dse/search"
	"vitdse/dse/searchtest"
	"vitdse/dse/space"
	"vitdse/hwmodel/temporal"
)

// randomProblem draws a space in which blocks or layers choose for themselves, with random
// objectives and limits.
func randomProblem(t *testing.T, rng *rand.Rand, most int64) (search.Input, bool) {
	t.Helper()
	in := searchtest.RandomInput(t, rng)
	in.Noise, in.Limits = nil, limits.Limits{}
	in.Additive = searchtest.FakeAdditive{Seed: rng.Uint64(), Coarse: rng.IntN(2) == 0}
	if in.Model.Family != configs.Swin {
		in.Model.Depth = 1 + rng.IntN(3)
	}
	in.Space.Parts = in.Space.Parts[:1]
	in.Parts = in.Parts[:1]
	in.Space.Bits.Symmetry = []configs.Symmetry{configs.SymAll, configs.SymAttnMLP, configs.SymKind, configs.SymBlock,
		configs.SymQKV, configs.SymLayer}[rng.IntN(6)]
	in.Space.GranularityBy = []configs.Symmetry{configs.SymAll, configs.SymAll, configs.SymKind, configs.SymBlock,
		configs.SymLayer}[rng.IntN(5)]
	in.Space.ClockShare = searchtest.Some(rng, 2, 0.5, 0.75, 1.0)
	if rng.IntN(2) == 0 {
		in.Space.Constraints = searchtest.Some(rng, 2, "tm*tn*tk <= 512", "tk <= tn", "multiplier == dsp or bus_bits <= 64")
	}
	in.Space.Array = configs.ArraySpace{TM: searchtest.Some(rng, 2, 2, 4, 8, 16), TN: searchtest.Some(rng, 2, 4, 8, 16),
		TK: searchtest.Some(rng, 2, 1, 2, 4, 8)}
	in.Space.BusBits = searchtest.Some(rng, 2, 32, 64, 128)
	for len(in.Space.Bits.Weights)+len(in.Space.Bits.Activations) < 4 {
		in.Space.Bits.Weights, in.Space.Bits.Activations = searchtest.Some(rng, 4, 2, 3, 4, 5, 6, 8), searchtest.Some(rng,
			2, 2, 4, 6, 8)
	}
	in.Objectives = append([]metric.Metric{metric.Loss}, searchtest.Some(rng, 3, metric.Latency, metric.LargestUse,
		metric.Bytes, "dsp", "lut", "bram18", "fps",
		metric.Watts, metric.Energy)...)
	if rng.IntN(4) == 0 {
		in.Objectives = append(searchtest.Some(rng, 2, metric.Latency, metric.LargestUse, metric.Bytes), "lut", "bram18")
	}
	if rng.IntN(3) > 0 {
		in.Parts = searchtest.Parts(t, in.Space.Parts...) // with their whole budget
	}
	if err := in.Space.Validate(); err != nil {
		t.Fatal(err)
	}
	size := new(big.Int).Mul(in.Space.Size(in.Model), big.NewInt(1))
	return in, size.IsInt64() && size.Int64() <= most && size.Int64() >= most/50
}

// limited draws limits between the least and the most that the front has.
func limited(t *testing.T, rng *rand.Rand, in search.Input) search.Input {
	t.Helper()
	res, err := Search(context.Background(), in, nil)
	if err != nil {
		return in
	}
	for _, m := range searchtest.Some(rng, 2, metric.Latency, "dsp", "lut", metric.Bytes, metric.Loss, "fps",
		metric.Watts, metric.Energy) {
		info, _ := m.Info()
		lo, hi := math.Inf(1), 0.0
		for _, p := range res.Front.Points {
			q := repriced(t, res.Front, p)
			v := info.Show(info.Cost(&q), noise.Ratio(res.Front.BestSQNRDB))
			lo, hi = min(lo, v), max(hi, v)
		}
		if v := lo + (hi-lo)*rng.Float64(); v > 0 {
			in.Limits.Bounds = append(in.Limits.Bounds, limits.Bound{Metric: m, Value: v})
		}
	}
	return in
}

// repriced prices a point of a front.
func repriced(t *testing.T, f *front.Front, p front.Point) metric.Quantities {
	t.Helper()
	d, err := f.Design(temporal.Engine{}, p)
	if err != nil {
		t.Fatal(err)
	}
	e, err := temporal.Engine{}.Price(network.MustCompile(f.Model), d, f.Parts[0].Part)
	if err != nil {
		t.Fatal(err)
	}
	return metric.Of(d, f.Parts[0].Part, e, p.Noise)
}

// priceAll prices every legal point of a space one by one: the costs of its front.
func priceAll(t *testing.T, in search.Input) (front []pareto.Costs, legal int64) {
	t.Helper()
	g, err := space.On(in.Engine, in.Space, in.Model, in.Parts[0])
	if err != nil {
		t.Fatal(err)
	}
	noiseOf := noise.Of(in.Additive)
	best := math.Inf(1)
	each := func(f func(d configs.Design, noise float64)) {
		index := make([]int, len(g.Axes()))
		for more := true; more; more = g.Next(index) {
			if d, err := g.Design(index); err == nil {
				noise, err := noiseOf(d.Numerics)
				if err != nil {
					t.Fatal(err)
				}
				f(d, noise)
			}
		}
	}
	each(func(_ configs.Design, noise float64) { best = min(best, noise) })
	limit := in.Limits.Noise(best)
	var left pareto.Archive[struct{}]
	each(func(d configs.Design, noise float64) {
		legal++
		e, err := temporal.Engine{}.Price(network.MustCompile(in.Model), d, in.Parts[0])
		if err != nil {
			t.Fatal(err)
		}
		q := metric.Of(d, in.Parts[0], e, noise)
		if !e.Fits || noise > limit {
			return
		}
		for _, b := range in.Limits.Bounds {
			x, _ := b.Metric.Info()
			if x.Cost(&q) > b.Ceiling(best) {
				return
			}
		}
		var c pareto.Costs
		for i, o := range in.Objectives {
			x, _ := o.Info()
			c[i] = x.Cost(&q)
		}
		left.Add(c, struct{}{})
	})
	for _, e := range left.Entries {
		front = append(front, e.Costs)
	}
	return front, legal
}

// The exact search against brute force on random spaces. VITDSE_PROOF is the number of
// spaces of up to 10^7 points; without it a few small ones are tried.
func TestExactIsBruteForce(t *testing.T) {
	spaces, most := 25, int64(12_000)
	if v := os.Getenv("VITDSE_PROOF"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		spaces, most = n, 5_000_000
	}
	rng := rand.New(rand.NewPCG(31, 32))
	points, fronts := int64(0), 0
	for trial := 0; trial < spaces; {
		in, ok := randomProblem(t, rng, most)
		if !ok {
			continue
		}
		if _, err := newExact(context.Background(), in); err != nil {
			continue // no legal engine
		}
		if trial%3 == 0 {
			in = limited(t, rng, in)
		}
		x, err := newExact(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(x.open(), x.run(context.Background(), nil)); err != nil {
			t.Fatal(err)
		}
		if len(x.archives[0].Entries) == 0 && rng.IntN(8) > 0 {
			continue // of spaces where nothing meets the limits a few are enough
		}
		trial++
		want, legal := priceAll(t, in)
		var got []pareto.Costs
		for _, e := range x.archives[0].Entries {
			got = append(got, e.Costs)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("space %d, %v, limits %+v, %+v:\n got %v\nwant %v", trial, in.Objectives, in.Limits, in.Space, got, want)
		}
		f, err := x.front()
		if err != nil {
			t.Fatal(err)
		}
		c := f.Parts[0].Certificate
		if c.Points.Cmp(in.Space.Size(in.Model)) != 0 ||
			new(big.Int).Mul(c.Numerics, big.NewInt(c.Legal)).Cmp(big.NewInt(legal)) != 0 {
			t.Fatalf("space %d: the certificate is for %s points, %s numerics on %d engines; the space has %s, %d of them legal",
				trial, c.Points, c.Numerics, c.Legal, in.Space.Size(in.Model), legal)
		}
		points, fronts = points+legal, fronts+len(want)
		if most > 100_000 || testing.Verbose() {
			t.Logf("| %d | %s/%s | %s | %v | %s | %d | %d |",
				trial, in.Space.Bits.Symmetry, in.Space.GranularityBy, in.Parts[0].Name,
				in.Objectives, boundsText(in.Limits.Bounds), legal, len(want))
		}
	}
	t.Logf("%d spaces, %d points, %d on fronts", spaces, points, fronts)
	if fronts < 3*spaces {
		t.Errorf("%d points on %d fronts: too few to show anything", fronts, spaces)
	}
}

// boundsText lists bounds.
func boundsText(list []limits.Bound) string {
	var words []string
	for _, b := range list {
		words = append(words, b.String())
	}
	return strings.Join(words, ", ")
}
