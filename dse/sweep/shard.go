package sweep

import (
	"cmp"

	"vitdse/configs"
	"vitdse/dse/pareto"
	"vitdse/hwmodel"
)

// classesPerShard bounds the work of a shard, shardSeconds is about how long that takes.
const (
	classesPerShard = 1024
	shardSeconds    = 0.1
)

// shard is the unit of work and of the journal: the engines of one geometry, on all
// parts, with a range of the classes of numerics.
type shard struct{ geometry, from, to int }

// shards cuts the sweep up; it depends on nothing but the space and the parts.
func shards(f *enginesByGeometry, t *numericsTable) []shard {
	var list []shard
	for g := range f.geometries {
		for from := 0; from < len(t.classes); from += classesPerShard {
			list = append(list, shard{g, from, min(from+classesPerShard, len(t.classes))})
		}
	}
	return list
}

// binding is the resource of which a design takes the largest share of the budget: its
// place in hwmodel.ResourceNames, its need and budget, and the share. The design fits if the
// share is at most 1.
func binding(r hwmodel.Resources, b configs.Budget) (place, need, have int, share float64) {
	share = -1
	for i, x := range [...][2]int{{r.LUT, b.LUT}, {r.FF, b.FF}, {r.DSP, b.DSP}, {r.BRAM18, b.BRAM18}, {r.URAM, b.URAM},
		{r.LUTRAM, b.LUTRAM}} {
		v := 0.0
		switch {
		case x[1] > 0:
			v = float64(x[0]) / float64(x[1])
		case x[0] > 0:
			v = 1 + float64(x[0])
		}
		if v > share {
			place, need, have, share = i, x[0], x[1], v
		}
	}
	return place, need, have, share
}

// tally is what a sweep learns about the points of one part, or of a piece of it.
// Pieces add up, in any order, to the same tally.
type tally struct {
	Legal    int64    `json:"legal"`    // points
	Fit      int64    `json:"fit"`      // of those, the ones the part's budget allows
	Feasible int64    `json:"feasible"` // of those, the ones accurate enough
	Short    [6]int64 `json:"short"`    // points that do not fit, by the resource they are shortest of
	Near     *near    `json:"near,omitempty"`
	Best     *able    `json:"best,omitempty"`
	front    []pareto.Ranked
}

// near is the accurate point that fails to fit by least: by the smallest share of the
// resource it is shortest of, of equals the lowest rank.
type near struct {
	Share    float64 `json:"share"`
	Rank     int64   `json:"rank"`
	Resource string  `json:"resource"`
	Need     int     `json:"need"`
	Have     int     `json:"have"`
}

// able is the most accurate point that fits, whatever the limits; of equals the lowest rank.
type able struct {
	Noise float64 `json:"noise"`
	Rank  int64   `json:"rank"`
}

func (n *near) before(o *near) bool {
	return cmp.Or(cmp.Compare(n.Share, o.Share), cmp.Compare(n.Rank, o.Rank)) < 0
}

func (a *able) before(o *able) bool {
	return cmp.Or(cmp.Compare(a.Noise, o.Noise), cmp.Compare(a.Rank, o.Rank)) < 0
}

// first keeps the earlier of two, either of which may be nil.
func first[T any, P interface {
	*T
	before(*T) bool
}](a, b P) P {
	if a == nil || b != nil && b.before(a) {
		return b
	}
	return a
}

// add merges another tally into t, its front too.
func (t *tally) add(o *tally) {
	t.Legal, t.Fit, t.Feasible = t.Legal+o.Legal, t.Fit+o.Fit, t.Feasible+o.Feasible
	for i, n := range o.Short {
		t.Short[i] += n
	}
	t.Near, t.Best = first(t.Near, o.Near), first(t.Best, o.Best)
	if len(o.front) > 0 {
		t.front = pareto.Skyline(append(t.front, o.front...))
	}
}
