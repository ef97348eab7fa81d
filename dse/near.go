package dse

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
)

// widen adds to the points those near the predicted front, which are to be measured with it.
//
// A choice of numerics is a candidate if it differs from that of a point of the front in one axis, or
// is its own, and the point that this makes on the same engine fits its part, meets the limits and is at most band dB
// short: so much quieter, no point of the front that costs no more would be as accurate, and the limits of accuracy
// would hold. Of the candidates the nearest are taken, as many as the front has numerics. Each of these, and of
// the front's own, is priced on every engine of the part's front; of those within the band stay the ones that no other
// with the same numerics beats.
func (f *Front) widen(ctx context.Context, in Input, band float64) error {
	if band <= 0 || !slices.Contains(f.Objectives, Loss) {
		return nil
	}
	f.Near = &Near{BandDB: band}
	own, best := map[string]bool{}, map[string]float64{}
	for _, p := range f.Points {
		own[p.Numerics] = true
	}
	var searches []*nearSearch
	for _, s := range f.Parts {
		n, err := f.nearSearch(in, s.Part, band)
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
func (f *Front) dropNear() {
	if f.Near == nil {
		return
	}
	f.Points = slices.DeleteFunc(f.Points, func(p Point) bool {
		return p.Near && (p.Measured == nil || !p.Measured.OnFront)
	})
	f.Near.Kept = len(f.Points) - f.predicted()
}

// shortfall is by how many dB points are more accurate, as predicted, that cost no more in all else: 0
// where there are none.
func (f *Front) shortfall(front []Point, p Point) float64 {
	short := 0.0
	for _, q := range front {
		if q.Numerics != p.Numerics && f.noDearer(q, p) {
			short = math.Max(short, q.SQNRDB-p.SQNRDB)
		}
	}
	return short
}

// noDearer says whether q costs no more than p in everything but accuracy.
func (f *Front) noDearer(q, p Point) bool {
	for k, o := range f.Objectives {
		if o != Loss && q.Costs[k] > p.Costs[k] {
			return false
		}
	}
	return true
}

// beyond says whether a point breaks one of the run's limits but those of accuracy.
func (f *Front) beyond(q *Quantities) bool {
	return slices.ContainsFunc(f.Limits.Bounds, func(b Bound) bool {
		x, err := b.Metric.info()
		return err == nil && b.Metric != Loss && x.cost(q) > b.ceiling(0)
	})
}
