package exact

import (
	"cmp"
	"fmt"
	"slices"

	"vitdse/dse/front"
	"vitdse/dse/noise"
)

// front prices and names the points that are left.
func (x *exact) front() (*front.Front, error) {
	in := x.in
	f := &front.Front{Schema: front.Schema, Tool: in.Options.Version, Inputs: x.plan.Inputs, Seed: in.Options.Seed,
		Partial: x.left > 0,
		Model:   in.Model, Space: in.Space, Limits: in.Limits, Objectives: in.Objectives,
		BestSQNRDB: noise.Decibels(x.best.Power()), Points: []front.Point{}}
	for _, a := range x.byPart[0].grid.Axes() {
		f.Axes = append(f.Axes, a.Name)
	}
	f.Space.Parts = nil
	for i, fl := range x.byPart {
		f.Space.Parts = append(f.Space.Parts, fl.part.Name)
		sum := front.PartSummary{Part: fl.part, Short: map[string]int64{}, Front: len(x.archives[i].Entries),
			Certificate: x.certify(i)}
		if err := sum.Certificate.Check(); err != nil {
			return nil, err
		}
		if err := x.misses(i, &sum); err != nil {
			return nil, err
		}
		f.Parts = append(f.Parts, sum)
		points, err := x.pointsOf(f, i)
		if err != nil {
			return nil, err
		}
		f.Points = append(f.Points, points...)
	}
	var err error
	f.BestNumerics, err = x.bestNumerics()
	return f, err
}

// pointsOf prices the points of one part's front, each from the fastest on, and holds what
// the search took them to cost against it.
func (x *exact) pointsOf(f *front.Front, i int) ([]front.Point, error) {
	fl := x.byPart[i]
	var points []front.Point
	for _, e := range x.archives[i].Entries {
		index := fl.index(e.What.numerics, e.What.engine)
		d, err := fl.grid.Design(index)
		if err != nil {
			return nil, err
		}
		noise, err := x.in.Noise(d.Numerics)
		if err != nil {
			return nil, err
		}
		p, err := f.Price(x.in.Engine, fl.part, fl.grid, index, noise)
		if err != nil {
			return nil, err
		}
		for k, c := range p.Costs {
			if c != e.Costs[k] || p.Use > 1 {
				return nil, fmt.Errorf("point %s was taken to cost %g in %s, its price says %g (use %g): "+
					"the search and hwmodel do not agree on what prices depend on", p.Name, e.Costs[k], x.in.Objectives[k], c, p.Use)
			}
		}
		points = append(points, p)
	}
	slices.SortStableFunc(points, func(a, b front.Point) int {
		return cmp.Or(cmp.Compare(a.Seconds, b.Seconds), slices.Compare(a.Costs, b.Costs))
	})
	return points, nil
}
