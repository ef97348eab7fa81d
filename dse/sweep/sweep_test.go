package sweep

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
	"vitdse/dse/pareto"
	"vitdse/dse/search"
	"vitdse/dse/searchtest"
	"vitdse/dse/space"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// naive prices every point of every part one by one.
func naive(t *testing.T, in search.Input) []tally {
	t.Helper()
	var all []tally
	best := math.Inf(1)
	each := func(p configs.Part, f func(rank int64, d configs.Design, noise float64)) {
		g, err := space.On(in.Engine, in.Space, in.Model, p)
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
	limit := in.Limits.Noise(best)
	for _, p := range in.Parts {
		var y tally
		var points []pareto.Ranked
		each(p, func(rank int64, d configs.Design, noise float64) {
			e, err := temporal.Engine{}.Price(network.MustCompile(in.Model), d, p)
			if err != nil {
				t.Fatal(err)
			}
			name, use := e.Use.Largest()
			y.Legal++
			if !e.Fits {
				y.Short[slices.Index(hwmodel.ResourceNames[:], name)]++
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
				points = append(points, pareto.Ranked{Objectives: pareto.Objectives{Seconds: e.Seconds, Use: use, Noise: noise},
					Rank: rank})
			}
		})
		y.front = pareto.Skyline(points)
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
		in := searchtest.RandomInput(t, rng)
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

func clean(y tally) tally { y.front = append([]pareto.Ranked{}, y.front...); return y }

func show(y tally) string {
	text, _ := json.Marshal(partResult{y, y.front})
	if len(text) > 2000 {
		return string(text[:2000]) + "..."
	}
	return string(text)
}
