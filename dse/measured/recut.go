package measured

import (
	"cmp"
	"slices"

	"vitdse/dse/accuracy"
	"vitdse/dse/front"
	"vitdse/dse/metric"
	"vitdse/dse/pareto"
)

// Recut marks the points that no other one of their part dominates as measured.
//
// Without top-1 among the objectives a point dominates another if it is no worse in all and better in one;
// of points with equal costs the first stays. Top-1 tells points apart only by more than a standard error: a
// point is left out if one that stays costs no more in everything else and is not better by that much. As cheap
// points are looked at before dearer ones, and of equally cheap ones those of higher top-1 (then SQNR) before the
// others, what stays does not depend on the order of the points, and none that stays dominates another.
func Recut(f *front.Front) {
	top1 := slices.Contains(f.ObjectivesAsMeasured(), metric.Top1)
	for i := range f.Parts {
		var left []candidate
		for _, p := range f.Points {
			if p.Part != f.Parts[i].Part.Name || p.Measured == nil {
				continue
			}
			p.Measured.OnFront = false
			if p.Measured.Feasible {
				left = append(left, candidate{measuredCosts(f, p), p.Measured, func() { p.Measured.OnFront = true }})
			}
		}
		f.Parts[i].Recut = keep(left, top1)
	}
}

// candidate is a point of one part with its costs, of which top-1 is none.
type candidate struct {
	costs    pareto.Costs
	measured *accuracy.Measured // with top-1 among the objectives
	kept     func()             // called if no other point dominates it
}

// keep calls those of the points that no other one dominates, by top-1, too, and counts them.
func keep(list []candidate, top1 bool) int {
	slices.SortStableFunc(list, func(p, q candidate) int {
		if c := slices.Compare(p.costs[:], q.costs[:]); c != 0 || !top1 {
			return c
		}
		return cmp.Or(cmp.Compare(q.measured.Top1, p.measured.Top1), cmp.Compare(p.measured.Noise, q.measured.Noise))
	})
	var kept []candidate
	for _, p := range list {
		if !slices.ContainsFunc(kept, func(q candidate) bool {
			return q.costs.Covers(&p.costs) && (!top1 || !p.measured.Better(q.measured))
		}) {
			kept = append(kept, p)
			p.kept()
		}
	}
	return len(kept)
}

// measuredCosts are a point's costs with the noise as measured; top-1 is none of them.
func measuredCosts(f *front.Front, p front.Point) pareto.Costs {
	var c pareto.Costs
	for k, o := range f.Objectives {
		switch {
		case o != metric.Loss:
			c[k] = p.Costs[k]
		case slices.Contains(f.ObjectivesAsMeasured(), metric.Loss):
			c[k] = p.Measured.Noise
		}
	}
	return c
}
