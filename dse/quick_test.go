package dse

import (
	"context"
	"os"
	"testing"

	"vitdse/configs"
	"vitdse/dse/search"
	"vitdse/dse/searchtest"
	"vitdse/dse/sweep"
	"vitdse/hwmodel/temporal"
)

// quick is the quick-start space with a made-up noise.
func quick(t testing.TB) search.Input {
	t.Helper()
	m, err := configs.LoadModel("../configs/digits/model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := configs.LoadSpace("../configs/digits/space.yaml")
	if err != nil {
		t.Fatal(err)
	}
	in := search.Input{Engine: temporal.Engine{}, Model: m, Space: s, Noise: searchtest.FakeNoise(false),
		Options: search.Options{Workers: 2, Seed: 1}}
	for _, name := range s.Parts {
		p, err := configs.LoadPart(name)
		if err != nil {
			t.Fatal(err)
		}
		in.Parts = append(in.Parts, p)
	}
	return in
}

// The whole quick-start space, against the target of 60 s on two cores. It runs only if
// VITDSE_QUICK is set, as `VITDSE_QUICK=1 go test -run QuickStart -v ./dse`.
func TestQuickStartSpace(t *testing.T) {
	if os.Getenv("VITDSE_QUICK") == "" {
		t.Skip("VITDSE_QUICK is not set")
	}
	res, err := sweep.Search(context.Background(), quick(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	st := res.Stats
	t.Logf("%d points of %d parts in %v: %.2g points/s covered, %.2g prices/s; %d classes, %d shards",
		st.Done, len(res.Front.Parts), st.Elapsed, st.PerSecond(), st.PricedPerSec, st.Classes, st.Shards)
	for _, p := range res.Front.Parts {
		t.Logf("%s: %d legal, %d fit, %d on the front, short %v", p.Part.Name, p.Legal, p.Fit, p.Front, p.Short)
	}
	if st.Elapsed.Seconds() > 60 {
		t.Errorf("took %v", st.Elapsed)
	}
}
