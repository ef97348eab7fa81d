package dse

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Near says what was measured beside the predicted front: points that the prediction, within its
// error, may wrongly hold to be dominated.
type Near struct {
	BandDB   float64 `json:"band_db"`  // predicted dB that a point may be short of a place on the predicted front
	Numerics int     `json:"numerics"` // choices measured that no point of the predicted front has
	Left     int     `json:"left"`     // choices within the band that were left out, as there were more than the front has
	Points   int     `json:"points"`   // points off the predicted front that were measured
	Kept     int     `json:"kept"`     // of those, on the measured front: the points marked near
}

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

// predicted counts the points of the predicted front: those near it come last.
func (f *Front) predicted() int {
	n := slices.IndexFunc(f.Points, func(p Point) bool { return p.Near })
	if n < 0 {
		return len(f.Points)
	}
	return n
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

// Held says in words which points the front holds.
func (f *Front) Held() string {
	text := fmt.Sprintf("the %d points of the predicted front", f.predicted())
	if f.predicted() == 1 {
		text = "the 1 point of the predicted front"
	}
	if n := f.Near; n != nil && n.Kept > 0 {
		text += fmt.Sprintf(" and %d near it", n.Kept)
	}
	return text
}

// String says what was measured beside the predicted front.
func (n Near) String() string {
	text := fmt.Sprintf("%d choices of bits and %d points within %g dB of the predicted front measured beside it; "+
		"%d of the points are on the measured front",
		n.Numerics, n.Points, n.BandDB, n.Kept)
	if n.Left > 0 {
		text += fmt.Sprintf("; %d more choices were not measured", n.Left)
	}
	return text
}
