package sweep

import (
	"fmt"
	"math/big"

	"vitdse/dse/front"
	"vitdse/dse/limits"
	"vitdse/dse/noise"
	"vitdse/dse/pareto"
	"vitdse/hwmodel"
)

// front prices and names the points that are left.
func (s *sweep) front() (*front.Front, error) {
	f := &front.Front{Schema: front.Schema, Tool: s.in.Options.Version, Inputs: s.plan.Inputs, Seed: s.in.Options.Seed,
		Partial: s.left > 0, Model: s.in.Model, Space: s.in.Space, Limits: s.in.Limits, Objectives: limits.DefaultObjectives,
		BestSQNRDB: noise.Decibels(s.table.best), BestNumerics: s.table.bestNumerics, Points: []front.Point{}}
	f.Space.Parts = nil
	for _, a := range s.engines.parts[0].grid.Axes() {
		f.Axes = append(f.Axes, a.Name)
	}
	for i := range s.engines.parts {
		on := &s.engines.parts[i]
		f.Space.Parts = append(f.Space.Parts, on.part.Name)
		sum, err := summary(on, &s.parts[i])
		if err != nil {
			return nil, err
		}
		f.Parts = append(f.Parts, sum)
		for _, r := range s.parts[i].front {
			p, err := s.point(f, on, r)
			if err != nil {
				return nil, err
			}
			f.Points = append(f.Points, p)
		}
	}
	return f, nil
}

func summary(on *partEngines, t *tally) (front.PartSummary, error) {
	p := front.PartSummary{Part: on.part, Legal: t.Legal, Fit: t.Fit, Feasible: t.Feasible,
		Short: map[string]int64{}, Front: len(t.front)}
	for i, n := range t.Short {
		if n > 0 {
			p.Short[hwmodel.ResourceNames[i]] = n
		}
	}
	if n := t.Near; n != nil {
		d, err := on.design(n.Rank)
		if err != nil {
			return p, err
		}
		p.Nearest = &front.Nearest{Rank: n.Rank, Name: d.Name, Design: d, Resource: n.Resource, Need: n.Need, Have: n.Have}
	}
	if t.Best != nil {
		p.Best = &front.Reachable{Rank: t.Best.Rank, SQNRDB: noise.Decibels(t.Best.Noise)}
	}
	return p, nil
}

// point prices a point as the engine does and holds the factored price against it.
func (s *sweep) point(f *front.Front, on *partEngines, r pareto.Ranked) (front.Point, error) {
	index, err := on.grid.Index(big.NewInt(r.Rank))
	if err != nil {
		return front.Point{}, err
	}
	p, err := f.Price(s.in.Engine, on.part, on.grid, index, r.Noise)
	if err != nil {
		return front.Point{}, err
	}
	if p.Objectives() != r.Objectives || p.Use > 1 {
		return front.Point{}, fmt.Errorf("point %s was priced at %g s and a use of %g, hwmodel says %g s and %g: "+
			"the widths that the sweep takes for all that prices depend on are not all", p.Name, r.Seconds, r.Use,
			p.Seconds, p.Use)
	}
	return p, nil
}
