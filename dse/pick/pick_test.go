package pick

import (
	"fmt"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/dse/accuracy"
	"vitdse/dse/front"
	"vitdse/dse/limits"
	"vitdse/dse/measured"
	"vitdse/dse/noise"
	"vitdse/dse/searchtest"
	"vitdse/dse/space"
	"vitdse/golden/measure"
)

func TestPick(t *testing.T) {
	for _, c := range []struct {
		policy configs.Pick
		query  Query
		rank   int64
		says   string
	}{
		{configs.PickFastest, Query{Parts: []string{"a"}}, 10,
			"the fastest of 5 points of the predicted front: 1 ms an image"},
		{configs.PickFastest, Query{Parts: []string{"a"}, Limits: limits.Limits{MinSQNRDB: 38.5}}, 11,
			"39.0 dB (1.0 dB below the space's best)"},
		{configs.PickFastest, Query{Parts: []string{"a"}, Limits: limits.Limits{MaxLossDB: 0.5}}, 14, "the only point"},
		{configs.PickSmallest, Query{Parts: []string{"a"}}, 13, "10% of the lut of a where the smallest takes 10%"},
		{configs.PickAccurate, Query{Parts: []string{"a"}}, 14, "40.0 dB (0.0 dB below"},
		{configs.PickAccurate, Query{Parts: []string{"a"}, MaxSeconds: 10e-3}, 11, "2 ms an image"},
		{configs.PickKnee, Query{Parts: []string{"a"}}, 12, "the scaled objectives add up to"},
		{configs.PickKnee, Query{Parts: []string{"b"}}, 10, "the only point of the predicted front"},
		{configs.PickFastest, Query{}, 10, "500 us an image"},
	} {
		t.Run(fmt.Sprint(c.policy, c.query, c.rank), func(t *testing.T) {
			p, why, err := Pick(searchtest.Handmade(), c.policy, c.query)
			if err != nil || p.Rank != c.rank || !strings.Contains(why, c.says) {
				t.Errorf("%s %+v: %s, %q, %v; expected rank %d and %q", c.policy, c.query, p.Name, why, err, c.rank, c.says)
			}
		})
	}
}

func TestPickFromTheMeasuredFront(t *testing.T) {
	q := Query{Parts: []string{"a"}, Limits: limits.Limits{MinSQNRDB: 35}}
	p, why, err := Pick(searchtest.Measured(searchtest.Handmade()), configs.PickFastest, q)
	if err != nil || p.Rank != 12 || !strings.Contains(why, "measured front") ||
		!strings.Contains(why, "36.0 dB (2.0 dB below") {
		t.Errorf("%s, %q, %v; expected point 12, whose measured ratio is 36 dB", p.Name, why, err)
	}
	q.Cut, q.Limits.MinSQNRDB = accuracy.CutPredicted, 38.5
	if p, _, err := Pick(searchtest.Measured(searchtest.Handmade()), configs.PickFastest, q); err != nil || p.Rank != 11 {
		t.Errorf("%s, %v; expected point 11 of the predicted front", p.Name, err)
	}
}

func TestPickErrors(t *testing.T) {
	for _, c := range []struct {
		policy configs.Pick
		query  Query
		says   string
	}{
		{"best", Query{}, `pick "best"; expected knee, fastest, smallest or accurate`},
		{configs.PickKnee, Query{Parts: []string{"c"}}, `part "c" is not on the front; it has a, b`},
		{configs.PickKnee, Query{MaxUse: 0.01}, "none of 6 predicted points meets the constraints: " +
			"the fastest takes 500 us, the smallest 10%"},
		{configs.PickKnee, Query{Cut: accuracy.CutMeasured}, "the front has no measurements"},
		{configs.PickKnee, Query{Cut: "guessed"}, `cut "guessed"`},
	} {
		t.Run(fmt.Sprint(c.policy, c.query), func(t *testing.T) {
			if _, _, err := Pick(searchtest.Handmade(), c.policy, c.query); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s %+v: error is %v; expected %q", c.policy, c.query, err, c.says)
			}
		})
	}
}

func TestSelectSortsByEachObjective(t *testing.T) {
	for by, want := range map[Objective][]int64{ByLatency: {10, 12, 11, 13, 14}, ByUse: {13, 12, 11, 10, 14},
		ByLoss: {14, 11, 12, 13, 10}} {
		t.Run(fmt.Sprint(by), func(t *testing.T) {
			points, c, err := Select(searchtest.Handmade(), Query{Parts: []string{"a"}, Sort: by})
			if err != nil || c != accuracy.CutPredicted || len(points) != len(want) {
				t.Fatalf("%s: %d points, %s, %v", by, len(points), c, err)
			}
			for i, p := range points {
				if p.Rank != want[i] {
					t.Errorf("%s: place %d has rank %d; expected %d", by, i, p.Rank, want[i])
				}
			}
		})
	}
	if points, _, _ := Select(searchtest.Handmade(), Query{Top: 2}); len(points) != 2 || points[0].Part != "b" {
		t.Errorf("top 2 is %v", points)
	}
	if _, _, err := Select(searchtest.Handmade(), Query{Sort: "beauty"}); err == nil {
		t.Error("an unknown objective is accepted")
	}
}

// A limit on top-1 acts on what was measured, and is refused where nothing was.
func TestPickByTop1(t *testing.T) {
	f := searchtest.Handmade()
	have := map[string]measure.Result{space.NumericsHash(f.BestNumerics): {Images: 1000, Top1: 0.93, SQNR: 38,
		Noise: noise.Ratio(38)}}
	for i, p := range f.Points {
		have[p.Numerics] = measure.Result{Images: 1000, Top1: 0.93 - 0.005*float64(len(f.Points)-1-i), SQNR: p.SQNRDB,
			Noise: noise.Ratio(p.SQNRDB)}
	}
	measured.Apply(f, have)
	q := Query{Parts: []string{"a"}}
	for _, c := range []struct {
		loss float64
		rank int64
	}{{0, 10}, {2.5, 10}, {2, 12}, {1.5, 12}, {1.4, 13}, {0.5, 14}} {
		t.Run(fmt.Sprint(c.loss, c.rank), func(t *testing.T) {
			q.Limits.MaxTop1Loss = c.loss
			if p, _, err := Pick(f, configs.PickFastest, q); err != nil || p.Rank != c.rank {
				t.Errorf("at most %g points of top-1: rank %d, %v; expected %d", c.loss, p.Rank, err, c.rank)
			}
		})
	}
	q.Limits.MaxTop1Loss = 0.4
	if p, _, err := Pick(f, configs.PickFastest, q); err == nil {
		t.Errorf("at most 0.4 points of top-1: rank %d; expected an error, all lose more", p.Rank)
	}
	for name, front := range map[string]*front.Front{"not measured": searchtest.Handmade(),
		"without labels": searchtest.Measured(searchtest.Handmade())} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := Pick(front, configs.PickFastest, q); err == nil ||
				!strings.Contains(err.Error(), "max_top1_loss is 0.4") {
				t.Errorf("%s: %v; expected max_top1_loss to be refused", name, err)
			}
		})
	}
}
