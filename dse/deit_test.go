package dse

import (
	"context"
	"testing"

	"vitdse/configs"
)

// deit is the benchmark of docs/SEARCH.md: DeiT-Tiny on the XCZU9EG, sensitivities made up.
func deit(t testing.TB) Input {
	t.Helper()
	m, err := configs.LoadModel("deit-tiny")
	if err != nil {
		t.Fatal(err)
	}
	s, err := configs.LoadSpace("../configs/deit/space.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPrediction(Synthetic(m, s, 1).Tables...)
	if err != nil {
		t.Fatal(err)
	}
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	return Input{Model: m, Space: s, Parts: []configs.Part{part}, Additive: p, Options: Options{Workers: 2, Seed: 1}}
}

func BenchmarkExactDeiTTiny(b *testing.B) {
	in := deit(b)
	for b.Loop() {
		res, err := Exact(context.Background(), in, nil)
		if err != nil {
			b.Fatal(err)
		}
		st := res.Stats
		c := res.Front.Parts[0].Certificate
		b.Logf("%s points: %s numerics on %d legal engines of %d; %d jobs, %d subproblems, %d on the front; %v, %.3g points/s, %.3g prices/s, %d labels",
			c.Points, c.Numerics, c.Legal, c.Engines, st.Shards, st.Classes, len(res.Front.Points), st.Elapsed, st.Points/st.Elapsed.Seconds(), st.PricedPerSec, st.Labels)
		for _, a := range c.Fate {
			b.Logf("%s %s", a.Points, a.Why)
		}
	}
}
