package dse

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vitdse/dse/accuracy"
	"vitdse/dse/front"
	"vitdse/dse/measured"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/searchtest"
	"vitdse/dse/sweep"
	"vitdse/hwmodel"
)

// The front cut again with the estimates themselves is the front, of any space; a point whose LUTs are a thousand times
// those estimated leaves it, with the reason; what was not synthesized is on none.
func TestSynthesized(t *testing.T) {
	rng := rand.New(rand.NewPCG(22, 0))
	drawn := 0
	for range 40 {
		in := searchtest.RandomInput(t, rng)
		res, err := sweep.Search(t.Context(), in, nil)
		if err != nil {
			continue // no legal engine, or none that fits
		}
		drawn++
		f := res.Front
		counts := map[int]hwmodel.Resources{}
		for i, p := range f.Points {
			e := p.Estimate
			counts[i] = hwmodel.Resources{LUT: e.LUT, FF: e.FF, DSP: e.DSP, BRAM18: e.BRAM18, URAM: e.URAM, LUTRAM: e.LUTRAM}
		}
		list, err := measured.Recount(f, counts, in.Engine)
		if err != nil || len(list) != len(f.Points) {
			t.Fatalf("%d of %d points, %v", len(list), len(f.Points), err)
		}
		for i, s := range list {
			p := f.Points[i]
			if s.Point != i || s.Name != p.Name || !s.OnFront || !s.Feasible || s.Use != p.Use || s.UseOf != p.UseOf ||
				!slices.Equal(s.Costs, p.Costs) {
				t.Errorf("point %d: %+v; expected %+v", i, s, p)
			}
		}
		byTop1(t, rng, f, counts, in.Engine)
		last := len(f.Points) - 1
		r := counts[last]
		r.LUT *= 1000
		counts[last] = r
		if last > 0 {
			delete(counts, 0)
		}
		if list, err = measured.Recount(f, counts, in.Engine); err != nil || len(list) != len(counts) {
			t.Fatalf("%d of %d points, %v", len(list), len(counts), err)
		}
		if s := list[len(list)-1]; s.Point != last || s.Feasible || s.OnFront || s.Broken == "" {
			t.Errorf("a point of a thousand times the LUTs: %+v", s)
		}
	}
	if drawn < 5 {
		t.Errorf("%d fronts of 40 spaces", drawn)
	}
}

// byTop1 holds that with top-1 as an objective the estimates themselves give the measured front, whatever was measured.
func byTop1(t *testing.T, rng *rand.Rand, f *front.Front, counts map[int]hwmodel.Resources, engine hwmodel.Engine) {
	t.Helper()
	wanted := slices.Clone(f.Objectives)
	at := slices.Index(wanted, metric.Loss)
	if at < 0 {
		return
	}
	wanted[at] = metric.Top1
	f.MeasuredObjectives = wanted
	f.Reference = &accuracy.Measured{Noise: noise.Ratio(f.BestSQNRDB)}
	defer func() { f.MeasuredObjectives, f.Reference = nil, nil }()
	for i := range f.Points {
		m := &accuracy.Measured{Images: 500, Top1: 0.8 + 0.1*rng.Float64(), Noise: f.Points[i].Noise, Feasible: true}
		m.Top1SE = accuracy.StandardError(m.Top1, m.Images)
		f.Points[i].Measured = m
	}
	measured.Recut(f)
	list, err := measured.Recount(f, counts, engine)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range list {
		if s.OnFront != f.Points[i].Measured.OnFront {
			t.Errorf("point %d, by top-1: on the front %t; as measured %t", i, s.OnFront, f.Points[i].Measured.OnFront)
		}
		f.Points[i].Measured = nil
	}
}
