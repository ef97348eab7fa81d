package dse

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/accuracy"
	"vitdse/dse/front"
	"vitdse/dse/limits"
	"vitdse/dse/measured"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/pick"
	"vitdse/dse/search"
	"vitdse/dse/searchtest"
	"vitdse/dse/space"
	"vitdse/dse/sweep"
	"vitdse/golden/measure"
)

// Points near the front are legal, within the band and the limits, new, and unbeaten among those of their numerics; of
// the front's own numerics and their nearest neighbours none is missed. Prices are those of the engine, point by point.
func TestNearPoints(t *testing.T) {
	added := 0
	for seed := range uint64(40) {
		in := searchtest.RandomInput(t, rand.New(rand.NewPCG(seed, 3)))
		ctx, stop := context.WithCancel(t.Context())
		res, err := sweep.Search(ctx, in, func(p search.Progress) {
			if p.Total > 30_000 {
				stop()
			}
		})
		stop()
		if err != nil {
			continue // no legal engine, too many points, or none fits, or is accurate enough
		}
		f := res.Front
		const band = 3.0
		own := slices.Clone(f.Points)
		if err := measured.Widen(f, t.Context(), in, band); err != nil {
			t.Fatal(err)
		}
		numerics := map[string]bool{}
		for _, p := range own {
			numerics[p.Numerics] = true
		}
		if f.Predicted() != len(own) || f.Near.Points != len(f.Points)-len(own) || f.Near.Numerics > len(numerics) {
			t.Fatalf("seed %d: %d points of %d, %+v", seed, f.Predicted(), len(own), f.Near)
		}
		added += f.Near.Points
		for _, p := range f.Points[len(own):] {
			d, err := f.Design(in.Engine, p)
			if err != nil {
				t.Fatal(err)
			}
			s, err := f.Summary(p.Part)
			if err != nil {
				t.Fatal(err)
			}
			e, err := in.Engine.Price(network.MustCompile(in.Model), d, s.Part)
			if err != nil {
				t.Fatal(err)
			}
			power, _ := in.Noise(d.Numerics)
			_, use := e.Use.Largest()
			if e.Seconds != p.Seconds || use != p.Use || use > 1 || power != p.Noise || !p.Near || p.Part != d.Part {
				t.Fatalf("seed %d: point %s is not as priced: %+v", seed, p.Name, p)
			}
			beaten := false
			for _, q := range own {
				if q.Part != p.Part {
					continue
				}
				if q.Name == p.Name {
					t.Errorf("seed %d: %s is of the front", seed, p.Name)
				}
				covers := q.Seconds <= p.Seconds && q.Use <= p.Use
				beaten = beaten || covers && q.Noise <= p.Noise
				if covers && q.Numerics != p.Numerics && q.SQNRDB > p.SQNRDB+band {
					t.Errorf("seed %d: %s is more than %g dB short", seed, p.Name, band)
				}
			}
			if limit := f.Limits.Noise(noise.Ratio(f.BestSQNRDB)); !beaten && power <= limit ||
				power > limit*noise.Ratio(-band) {
				t.Errorf("seed %d: %s should have been on the front", seed, p.Name)
			}
		}
	}
	if added == 0 {
		t.Error("no space has a point near its front")
	}
}

// Of the digits' space: what measurement lifts onto the front stays, the rest goes, and measuring twice gives the same.
func TestExploreMeasuresNearPoints(t *testing.T) {
	s := smallStudy(t)
	s.Space.Bits.Symmetry = configs.SymAttnMLP
	s.Network.Images, s.Network.Labels = s.Network.Images.Slice(0, 6), s.Network.Labels[:6]
	s.NearDB, s.Objectives = 6, []metric.Metric{metric.Latency, metric.LargestUse, metric.Top1}
	s.Cache = configs.NewStore(t.TempDir(), nil)
	res, err := Explore(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	f := res.Front
	if f.Near == nil || f.Near.Points == 0 || f.Near.Kept != len(f.Points)-f.Predicted() ||
		!slices.Equal(f.Objectives, limits.DefaultObjectives) {
		t.Fatalf("near %+v, objectives %v", f.Near, f.Objectives)
	}
	for _, p := range f.Points {
		if p.Near && !p.Measured.OnFront {
			t.Errorf("%s is near the front, not on the measured one, and was kept", p.Name)
		}
	}
	for _, cut := range []accuracy.Cut{accuracy.CutPredicted, accuracy.CutMeasured} {
		points, _, err := pick.Select(f, pick.Query{Cut: cut})
		if err != nil {
			t.Fatal(err)
		}
		if cut == accuracy.CutPredicted && slices.ContainsFunc(points, func(p front.Point) bool { return p.Near }) {
			t.Error("the predicted front has points near it")
		}
	}
	s.Network.Labels = nil
	if _, err := Explore(t.Context(), s); err == nil {
		t.Error("top-1 without labels is taken")
	}
}

// The measured front with top-1: naively, a point is off it exactly if one on it costs no more and is not worse by more
// than a standard error; so none on it dominates another, and the order of points does not matter.
func TestRecutByTop1(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 5))
		f := &front.Front{Objectives: limits.DefaultObjectives, MeasuredObjectives: []metric.Metric{metric.Latency,
			metric.LargestUse, metric.Top1},
			Parts: make([]front.PartSummary, 1)}
		f.Parts[0].Part.Name = "a"
		for i := range 30 {
			m := &accuracy.Measured{Images: 500, Top1: 0.8 + 0.1*rng.Float64(), Noise: rng.Float64(), Feasible: rng.IntN(5) > 0}
			m.Top1SE = accuracy.StandardError(m.Top1, m.Images)
			f.Points = append(f.Points, front.Point{Part: "a", Name: fmt.Sprint(i), Measured: m,
				Costs: []float64{float64(rng.IntN(6)), float64(rng.IntN(6)), rng.Float64()}})
		}
		measured.Recut(f)
		was := map[string]bool{}
		for _, p := range f.Points {
			was[p.Name] = p.Measured.OnFront
			dominated := slices.ContainsFunc(f.Points, func(q front.Point) bool {
				return q.Name != p.Name && q.Measured.OnFront && q.Costs[0] <= p.Costs[0] && q.Costs[1] <= p.Costs[1] &&
					p.Measured.Top1-q.Measured.Top1 <= math.Max(p.Measured.Top1SE, q.Measured.Top1SE)
			})
			if p.Measured.Feasible && p.Measured.OnFront == dominated || !p.Measured.Feasible && p.Measured.OnFront {
				t.Fatalf("seed %d: point %s: on the front %t, dominated %t, feasible %t",
					seed, p.Name, p.Measured.OnFront, dominated, p.Measured.Feasible)
			}
		}
		rng.Shuffle(len(f.Points), func(i, k int) { f.Points[i], f.Points[k] = f.Points[k], f.Points[i] })
		measured.Recut(f)
		for _, p := range f.Points {
			if p.Measured.OnFront != was[p.Name] {
				t.Fatalf("seed %d: point %s depends on the order", seed, p.Name)
			}
		}
	}
}

// With top-1 as an objective the knee and the most accurate point go by it.
func TestPickByTop1AsObjective(t *testing.T) {
	f := searchtest.Handmade()
	f.MeasuredObjectives = []metric.Metric{metric.Latency, metric.LargestUse, metric.Top1}
	have := map[string]measure.Result{space.NumericsHash(f.BestNumerics): {Images: 1000, Top1: 0.9, SQNR: 38,
		Noise: noise.Ratio(38)}}
	for _, p := range f.Points {
		top1 := 0.5
		if p.Rank == 13 {
			top1 = 0.9 // of the least ratio but one
		}
		have[p.Numerics] = measure.Result{Images: 1000, Top1: top1, SQNR: p.SQNRDB, Noise: noise.Ratio(p.SQNRDB)}
	}
	measured.Apply(f, have)
	for _, policy := range []configs.Pick{configs.PickAccurate, configs.PickKnee} {
		if p, why, err := pick.Pick(f, policy, pick.Query{Parts: []string{"a"}}); err != nil ||
			(policy == configs.PickAccurate && p.Rank != 13) {
			t.Errorf("%s: rank %d, %q, %v; expected 13", policy, p.Rank, why, err)
		}
	}
	points, _, err := pick.Select(f, pick.Query{Parts: []string{"a"}})
	if err != nil || slices.ContainsFunc(points, func(p front.Point) bool { return p.Rank == 14 }) {
		t.Errorf("point 14 is dearer than 13 and its top-1 is lower: %v", err)
	}
}

// What a search goes by where top-1 is asked for.
func TestPredictedObjectives(t *testing.T) {
	for _, c := range []struct {
		list, want []metric.Metric
	}{{[]metric.Metric{metric.Latency, metric.Top1}, []metric.Metric{metric.Latency, metric.Loss}},
		{[]metric.Metric{metric.Loss, metric.Top1, "dsp"}, []metric.Metric{metric.Loss, "dsp"}},
		{[]metric.Metric{metric.Loss, metric.Top1}, nil}, {nil, nil}} {
		t.Run(fmt.Sprint(c.list), func(t *testing.T) {
			got, err := metric.PredictedObjectives(c.list)
			if !slices.Equal(got, c.want) || (err != nil) != (c.want == nil && c.list != nil) {
				t.Errorf("%v: %v, %v; expected %v", c.list, got, err, c.want)
			}
		})
	}
}
