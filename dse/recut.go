package dse

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Top1 is the metric of measured fronts alone: the share of right classes. Searches take the loss for it.
const Top1 Metric = "top1"

// PredictedObjectives are those that a search goes by: the loss takes the place of top-1, which is
// known of measured points only and which the signal-to-noise ratio ranks well.
func PredictedObjectives(list []Metric) ([]Metric, error) {
	if !slices.Contains(list, Top1) {
		return list, nil
	}
	if err := checkObjectives(list); err != nil {
		return nil, err
	}
	var predicted []Metric
	for _, o := range list {
		if o == Top1 {
			o = Loss
		}
		if !slices.Contains(predicted, o) {
			predicted = append(predicted, o)
		}
	}
	if len(predicted) < 2 {
		return nil, fmt.Errorf("objectives are %s and %s alone, which a search does not tell apart; "+
			"add one of time or resources", list[0], list[1])
	}
	return predicted, nil
}

// measuredObjectives are what the measured front minimises.
func (f *Front) measuredObjectives() []Metric {
	if len(f.MeasuredObjectives) > 0 {
		return f.MeasuredObjectives
	}
	return f.Objectives
}

// standardError is that of a share of so many images.
func standardError(share float64, images int) float64 {
	return math.Sqrt(share * (1 - share) / float64(max(1, images)))
}

// Top1Text is top-1 in percent with its standard error.
func (m *Measured) Top1Text() string { return fmt.Sprintf("%.2f ± %.2f", 100*m.Top1, 100*m.Top1SE) }

// better says whether the top-1 of m is above that of o by more than a standard error, the larger one of the two.
func (m *Measured) better(o *Measured) bool {
	return m.Top1-o.Top1 > max(m.Top1SE, o.Top1SE)+1e-12
}

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
