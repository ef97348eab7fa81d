package pick

import (
	"cmp"
	"fmt"
	"slices"

	"vitdse/dse/accuracy"
	"vitdse/dse/front"
	"vitdse/dse/limits"
)

// Objective is a key to sort by.
type Objective string

// The objectives, each from best to worst.
const (
	ByLatency Objective = "latency"
	ByUse     Objective = "use"
	ByLoss    Objective = "loss"
)

// Query selects points of a front. Zero values ask for nothing.
type Query struct {
	Cut        accuracy.Cut
	Parts      []string      // names
	MaxSeconds float64       // of one image
	MaxUse     float64       // share of the usable budget
	Limits     limits.Limits // as of the cut; MaxLossDB is below the space's best
	Where      []Condition
	Sort       Objective // default latency; or any quantity
	Top        int       // at most so many points; 0 for all
}

// cutOf resolves CutAuto.
func cutOf(f *front.Front, c accuracy.Cut) (accuracy.Cut, error) {
	switch c {
	case accuracy.CutPredicted:
		return c, nil
	case accuracy.CutAuto, accuracy.CutMeasured:
		if f.Reference != nil {
			return accuracy.CutMeasured, nil
		}
		if c == accuracy.CutAuto {
			return accuracy.CutPredicted, nil
		}
		return "", fmt.Errorf("the front has no measurements; measure it, or ask for %s", accuracy.CutPredicted)
	}
	return "", fmt.Errorf("cut %q; expected %s or %s", c, accuracy.CutPredicted, accuracy.CutMeasured)
}

// Select gives the points of a cut that the query asks for, sorted, ties by latency, use,
// loss, part and rank, and the cut that was meant.
func Select(f *front.Front, q Query) ([]front.Point, accuracy.Cut, error) {
	c, err := cutOf(f, q.Cut)
	if err != nil {
		return nil, "", err
	}
	if err := checkTop1(f, q.Limits, c); err != nil {
		return nil, "", err
	}
	for _, name := range q.Parts {
		if _, err := f.Summary(name); err != nil {
			return nil, "", err
		}
	}
	best := f.BestSQNRDB
	if c == accuracy.CutMeasured {
		best = f.Reference.SQNRDB
	}
	limit := q.Limits.Sqnr(best)
	var points []front.Point
	for _, p := range f.Points {
		if c == accuracy.CutMeasured && (p.Measured == nil || !p.Measured.OnFront) || c == accuracy.CutPredicted && p.Near {
			continue
		}
		if c == accuracy.CutMeasured && !q.Limits.Top1(f.Reference.Top1, p.Measured.Top1) {
			continue
		}
		_, sqnr, _ := p.Accuracy(c)
		if (len(q.Parts) > 0 && !slices.Contains(q.Parts, p.Part)) || sqnr < limit ||
			(q.MaxSeconds > 0 && p.Seconds > q.MaxSeconds) || (q.MaxUse > 0 && p.Use > q.MaxUse) {
			continue
		}
		if slices.ContainsFunc(q.Where, func(w Condition) bool { return !w.holds(p, c) }) {
			continue
		}
		points = append(points, p)
	}
	if err := order(points, c, q.Sort); err != nil {
		return nil, "", err
	}
	if q.Top > 0 && len(points) > q.Top {
		points = points[:q.Top]
	}
	return points, c, nil
}

// order sorts points by one objective, then by all.
func order(points []front.Point, c accuracy.Cut, by Objective) error {
	x, err := quantityOf(string(cmp.Or(by, ByLatency)))
	if err != nil {
		return fmt.Errorf("to sort by: %w", err)
	}
	key := x.key(c)
	slices.SortStableFunc(points, func(a, b front.Point) int {
		x, y := a.Compared(c), b.Compared(c)
		return cmp.Or(cmp.Compare(key(a), key(b)), slices.Compare(x[:], y[:]), cmp.Compare(a.Part, b.Part),
			cmp.Compare(a.Rank, b.Rank))
	})
	return nil
}

// checkTop1 refuses a limit on top-1 that nothing was measured for.
func checkTop1(f *front.Front, l limits.Limits, c accuracy.Cut) error {
	switch {
	case l.MaxTop1Loss == 0:
	case c != accuracy.CutMeasured:
		return fmt.Errorf("max_top1_loss is %g, but the front has no measured top-1; give a checkpoint and a dataset, "+
			"and the measured cut", l.MaxTop1Loss)
	case f.Reference.Top1 == 0:
		return fmt.Errorf("max_top1_loss is %g, but the top-1 of the space's best is 0: "+
			"the dataset needs the labels of its test images", l.MaxTop1Loss)
	}
	return nil
}
