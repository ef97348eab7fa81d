package dse

import (
	"cmp"
	"slices"
)

// recut marks the points that no other one of their part dominates as measured.
//
// Without top-1 among the objectives a point dominates another if it is no worse in all and better in one;
// of points with equal costs the first stays. Top-1 tells points apart only by more than a standard error: a
// point is left out if one that stays costs no more in everything else and is not better by that much. As cheap
// points are looked at before dearer ones, and of equally cheap ones those of higher top-1 (then SQNR) before the
// others, what stays does not depend on the order of the points, and none that stays dominates another.
func (f *Front) recut() {
	top1 := slices.Contains(f.measuredObjectives(), Top1)
	for i := range f.Parts {
		var left []Point
		for _, p := range f.Points {
			if p.Part != f.Parts[i].Part.Name || p.Measured == nil {
				continue
			}
			p.Measured.OnFront = false
			if p.Measured.Feasible {
				left = append(left, p)
			}
		}
		slices.SortStableFunc(left, func(p, q Point) int {
			a, b := f.measuredCosts(p), f.measuredCosts(q)
			if c := slices.Compare(a[:], b[:]); c != 0 || !top1 {
				return c
			}
			return cmp.Or(cmp.Compare(q.Measured.Top1, p.Measured.Top1), cmp.Compare(p.Measured.Noise, q.Measured.Noise))
		})
		var kept []Point
		for _, p := range left {
			c := f.measuredCosts(p)
			if !slices.ContainsFunc(kept, func(q Point) bool {
				d := f.measuredCosts(q)
				return d.covers(&c) && (!top1 || !p.Measured.better(q.Measured))
			}) {
				kept = append(kept, p)
				p.Measured.OnFront = true
			}
		}
		f.Parts[i].Recut = len(kept)
	}
}

// measuredCosts are a point's costs with the noise as measured; top-1 is none of them.
func (f *Front) measuredCosts(p Point) costs {
	var c costs
	for k, o := range f.Objectives {
		switch {
		case o != Loss:
			c[k] = p.Costs[k]
		case slices.Contains(f.measuredObjectives(), Loss):
			c[k] = p.Measured.Noise
		}
	}
	return c
}
