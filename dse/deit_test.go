package dse

import (
	"context"
	"testing"

	"vitdse/configs"
	"vitdse/dse/exact"
	"vitdse/dse/noise"
	"vitdse/dse/search"
	"vitdse/hwmodel/temporal"
)

// deit is the benchmark of docs/SEARCH.md: DeiT-Tiny on the XCZU9EG, sensitivities made up.
func deit(t testing.TB) search.Input {
	t.Helper()
	m, err := configs.LoadModel("deit-tiny")
	if err != nil {
		t.Fatal(err)
	}
	s, err := configs.LoadSpace("../configs/deit/space.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := noise.NewPrediction(noise.Synthetic(m, s, 1).Tables...)
	if err != nil {
		t.Fatal(err)
	}
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	return search.Input{Engine: temporal.Engine{}, Model: m, Space: s, Parts: []configs.Part{part}, Additive: p,
		Options: search.Options{Workers: 2, Seed: 1}}
}

// The search of docs/SEARCH.md: every block chooses its bits; and every layer its bits and
// granularity, on fewer engines.
func BenchmarkExactDeiTTiny(b *testing.B) {
	for _, c := range []struct {
		name string
		edit func(*configs.Space)
	}{
		{"blocks", func(*configs.Space) {}},
		{"layers", func(s *configs.Space) {
			s.Bits.Symmetry, s.GranularityBy = configs.SymLayer, configs.SymLayer
			s.ReadFIFO, s.SoftmaxBits, s.Array.TK = []int{64}, []int{8}, []int{4, 8}
			s.Memories.Residual = []configs.MemoryKind{configs.MemAuto}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			in := deit(b)
			c.edit(&in.Space)
			for b.Loop() {
				res, err := exact.Search(context.Background(), in, nil)
				if err != nil {
					b.Fatal(err)
				}
				logSearch(b, res)
			}
		})
	}
}

// logSearch says what a search covered and how fast.
func logSearch(b *testing.B, res search.Result) {
	st, c := res.Stats, res.Front.Parts[0].Certificate
	b.ReportMetric(st.Points/st.Elapsed.Seconds(), "points/s")
	b.ReportMetric(st.PricedPerSec, "prices/s")
	b.Logf("%s points: %s numerics on %d engines, %d of them legal; %d schedules, %d combinations of widths, "+
		"%d labels, %d on the front; %v",
		c.Points, c.Numerics, c.Engines, c.Legal, st.Shards, st.Classes, st.Labels, len(res.Front.Points), st.Elapsed)
	for _, a := range c.Fate {
		b.Logf("%s %s", a.Points, a.Why)
	}
}
