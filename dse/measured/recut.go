package measured

import (
	"cmp"
	"slices"

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
		var left []front.Point
		for _, p := range f.Points {
			if p.Part != f.Parts[i].Part.Name || p.Measured == nil {
				continue
			}
			p.Measured.OnFront = false
			if p.Measured.Feasible {
				left = append(left, p)
			}
		}
		slices.SortStableFunc(left, func(p, q front.Point) int {
			a, b := measuredCosts(f, p), measuredCosts(f, q)
			if c := slices.Compare(a[:], b[:]); c != 0 || !top1 {
				return c
			}
			return cmp.Or(cmp.Compare(q.Measured.Top1, p.Measured.Top1), cmp.Compare(p.Measured.Noise, q.Measured.Noise))
		})
		var kept []front.Point
		for _, p := range left {
			c := measuredCosts(f, p)
			if !slices.ContainsFunc(kept, func(q front.Point) bool {
				d := measuredCosts(f, q)
				return d.Covers(&c) && (!top1 || !p.Measured.Better(q.Measured))
			}) {
				kept = append(kept, p)
				p.Measured.OnFront = true
			}
		}
		f.Parts[i].Recut = len(kept)
	}
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
