// Package pick chooses from a front: points that meet conditions, in an order; one to build, by a policy and with the
// reason in words; and which of two fronts dominates the other.
package pick

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"vitdse/configs"
	"vitdse/dse/accuracy"
	"vitdse/dse/empty"
	"vitdse/dse/front"
	"vitdse/dse/metric"
)

// Pick chooses one of the points that a query selects, and says why in words.
//
//   - fastest: the fewest seconds an image.
//   - smallest: the least share of the part's scarcest resource.
//   - accurate: the highest signal-to-noise ratio of the logits, or top-1 where that is an objective.
//   - knee: each objective is scaled from 0, the best of the selected points, to 1,
//     their worst: latency on a logarithmic scale, the share of the budget as it is, the
//     ratio in dB, or top-1 in its place where that is an objective. The knee is the point of the least sum, which is
//
// the one farthest
//
//	below the plane through the three corners where one objective is at its worst and
//	the others at their best; with two objectives, the farthest from the line between
//	the front's ends.
//
// Of points equal by the policy, the one that comes first in the order of Select by
// latency is taken.
func Pick(f *front.Front, policy configs.Pick, q Query) (front.Point, string, error) {
	q.Sort, q.Top = ByLatency, 0
	points, c, err := Select(f, q)
	if err != nil {
		return front.Point{}, "", err
	}
	if len(points) == 0 {
		return front.Point{}, "", nothing(f, q, c)
	}
	r := rangesOf(f, points, c)
	score, words, err := r.policy(policy)
	if err != nil {
		return front.Point{}, "", err
	}
	best := points[0]
	for _, p := range points[1:] {
		if score(p) < score(best) {
			best = p
		}
	}
	return best, fmt.Sprintf("%s %s front: %s", words, counted(len(points), c), r.reason(policy, best)), nil
}

// nothing says what a query that selects nothing could have had.
func nothing(f *front.Front, q Query, c accuracy.Cut) error {
	var points []front.Point
	for _, p := range f.Points {
		if (len(q.Parts) == 0 || slices.Contains(q.Parts, p.Part)) &&
			(c == accuracy.CutPredicted && !p.Near || c == accuracy.CutMeasured && p.Measured != nil) {
			points = append(points, p)
		}
	}
	if len(points) == 0 {
		var errs []error
		for _, p := range f.Parts {
			if (len(q.Parts) == 0 || slices.Contains(q.Parts, p.Part.Name)) && p.Front == 0 {
				errs = append(errs, fmt.Errorf("%s: %s", p.Part.Name, empty.Explain(f, p)))
			}
		}
		return fmt.Errorf("the front has no point to pick: %w", errors.Join(errs...))
	}
	r := rangesOf(f, points, c)
	unit := "dB"
	if r.top1 {
		unit = "% of top-1"
	}
	return fmt.Errorf("none of %d %s points meets the constraints: the fastest takes %s, "+
		"the smallest %.0f%% of its part's scarcest resource, "+
		"the most accurate has %.2f %s; loosen the constraints",
		len(points), c, metric.Duration(r.fast), 100*r.small, r.accurate, unit)
}

func counted(n int, c accuracy.Cut) string {
	if n == 1 {
		return fmt.Sprintf("the only point of the %s", c)
	}
	return fmt.Sprintf("%d points of the %s", n, c)
}

// ranges are the extremes of the selected points.
type ranges struct {
	cut              accuracy.Cut
	top1             bool    // whether accuracy is top-1 in percent, as measured, or the ratio in dB
	fast, slow       float64 // seconds
	small, large     float64 // share
	accurate, coarse float64 // highest and lowest
}

// accuracy is a point's, the higher the better.
func (r ranges) accuracy(p front.Point) float64 {
	if r.top1 {
		return 100 * p.Measured.Top1
	}
	_, sqnr, _ := p.Accuracy(r.cut)
	return sqnr
}

func rangesOf(f *front.Front, points []front.Point, c accuracy.Cut) ranges {
	r := ranges{cut: c, top1: c == accuracy.CutMeasured && slices.Contains(f.ObjectivesAsMeasured(), metric.Top1),
		fast:  math.Inf(1),
		small: math.Inf(1), accurate: math.Inf(-1), coarse: math.Inf(1)}
	for _, p := range points {
		accuracy := r.accuracy(p)
		r.fast, r.slow = min(r.fast, p.Seconds), max(r.slow, p.Seconds)
		r.small, r.large = min(r.small, p.Use), max(r.large, p.Use)
		r.accurate, r.coarse = max(r.accurate, accuracy), min(r.coarse, accuracy)
	}
	return r
}

// policy is what a policy minimises, and how its reason begins.
func (r ranges) policy(p configs.Pick) (func(front.Point) float64, string, error) {
	switch p {
	case configs.PickFastest:
		return func(p front.Point) float64 { return p.Seconds }, "the fastest of", nil
	case configs.PickSmallest:
		return func(p front.Point) float64 { return p.Use }, "the smallest of", nil
	case configs.PickAccurate:
		return func(p front.Point) float64 { return -r.accuracy(p) }, "the most accurate of", nil
	case configs.PickKnee:
		return r.knee, "the knee of", nil
	}
	return nil, "", fmt.Errorf("pick %q; expected knee, fastest, smallest or accurate", p)
}

// knee is the sum of the scaled objectives.
func (r ranges) knee(p front.Point) float64 {
	return scaled(math.Log(p.Seconds), math.Log(r.fast), math.Log(r.slow)) +
		scaled(p.Use, r.small, r.large) + scaled(-r.accuracy(p), -r.accurate, -r.coarse)
}

// scaled is 0 at best and 1 at worst; 0 if they are the same.
func scaled(v, best, worst float64) float64 {
	if worst == best {
		return 0
	}
	return (v - best) / (worst - best)
}

// reason is the point's objectives, each beside the best of the selected points.
func (r ranges) reason(policy configs.Pick, p front.Point) string {
	text := fmt.Sprintf("%s an image where the fastest takes %s; %.0f%% of the %s of %s where the smallest takes %.0f%%; ",
		metric.Duration(p.Seconds), metric.Duration(r.fast), 100*p.Use, p.UseOf, p.Part, 100*r.small)
	_, sqnr, loss := p.Accuracy(r.cut)
	if r.top1 {
		text += fmt.Sprintf("top-1 of %s %% where the best has %.2f %%, and %.1f dB", p.Measured.Top1Text(), r.accurate, sqnr)
	} else {
		text += fmt.Sprintf("%.1f dB (%.1f dB below the space's best) where the most accurate has %.1f dB",
			sqnr, loss, r.accurate)
	}
	if policy == configs.PickKnee {
		text += fmt.Sprintf("; the scaled objectives add up to %.2f, the least there is", r.knee(p))
	}
	return text
}
