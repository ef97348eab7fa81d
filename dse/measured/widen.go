package measured

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	"vitdse/dse/front"
	"vitdse/dse/limits"
	"vitdse/dse/metric"
	"vitdse/dse/search"
)

// Widen adds to the points those near the predicted front, which are to be measured with it.
//
// A choice of numerics is a candidate if it differs from that of a point of the front in one axis, or
// is its own, and the point that this makes on the same engine fits its part, meets the limits and is at most band dB
// short: so much quieter, no point of the front that costs no more would be as accurate, and the limits of accuracy
// would hold. Of the candidates the nearest are taken, as many as the front has numerics. Each of these, and of
// the front's own, is priced on every engine of the part's front; of those within the band stay the ones that no other
// with the same numerics beats.
func Widen(f *front.Front, ctx context.Context, in search.Input, band float64) error {
	if band <= 0 || !slices.Contains(f.Objectives, metric.Loss) {
		return nil
	}
	f.Near = &front.Near{BandDB: band}
	own, best := map[string]bool{}, map[string]float64{}
	for _, p := range f.Points {
		own[p.Numerics] = true
	}
	var searches []*nearSearch
	for _, s := range f.Parts {
		n, err := newNearSearch(f, in, s.Part, band)
		if err != nil {
			return err
		}
		if err := n.neighbours(ctx); err != nil {
			return err
		}
		searches = append(searches, n)
		for hash, c := range n.numerics {
			if have, seen := best[hash]; !own[hash] && (!seen || c.short < have) {
				best[hash] = c.short
			}
		}
	}
	hashes := slices.SortedFunc(maps.Keys(best), func(a, b string) int {
		return cmp.Or(cmp.Compare(best[a], best[b]), cmp.Compare(a, b))
	})
	f.Near.Numerics = min(len(hashes), len(own))
	f.Near.Left = len(hashes) - f.Near.Numerics
	for _, h := range hashes[:f.Near.Numerics] {
		own[h] = true
	}
	for _, n := range searches {
		points, err := n.points(ctx, own)
		if err != nil {
			return err
		}
		f.Near.Points += len(points)
		f.Points = append(f.Points, points...)
	}
	return nil
}

// dropNear leaves out the points near the predicted front that are not on the measured one.
func dropNear(f *front.Front) {
	if f.Near == nil {
		return
	}
	f.Points = slices.DeleteFunc(f.Points, func(p front.Point) bool {
		return p.Near && (p.Measured == nil || !p.Measured.OnFront)
	})
	f.Near.Kept = len(f.Points) - f.Predicted()
}

// shortfall is by how many dB points are more accurate, as predicted, that cost no more in all else: 0
// where there are none.
func shortfall(f *front.Front, front []front.Point, p front.Point) float64 {
	short := 0.0
	for _, q := range front {
		if q.Numerics != p.Numerics && noDearer(f, q, p) {
			short = math.Max(short, q.SQNRDB-p.SQNRDB)
		}
	}
	return short
}

// noDearer says whether q costs no more than p in everything but accuracy.
func noDearer(f *front.Front, q, p front.Point) bool {
	for k, o := range f.Objectives {
		if o != metric.Loss && q.Costs[k] > p.Costs[k] {
			return false
		}
	}
	return true
}

// beyond says whether a point breaks one of the run's limits but those of accuracy.
func beyond(f *front.Front, q *metric.Quantities) bool {
	return slices.ContainsFunc(f.Limits.Bounds, func(b limits.Bound) bool {
		x, err := b.Metric.Info()
		return err == nil && b.Metric != metric.Loss && x.Cost(q) > b.Ceiling(0)
	})
}
