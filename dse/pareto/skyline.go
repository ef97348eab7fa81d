package pareto

import (
	"cmp"
	"encoding/json"
	"slices"
	"sort"
	"strconv"
)

// Objectives are what a sweep minimises, each a finite number.
type Objectives struct {
	Seconds float64 // latency of one image
	Use     float64 // largest fraction of a resource's budget, 1 for all of it
	Noise   float64 // power of the logits' error / power of the logits, 0..
}

// Dominates says whether o is no worse than p in every objective and better in one.
func (o Objectives) Dominates(p Objectives) bool {
	return o.Seconds <= p.Seconds && o.Use <= p.Use && o.Noise <= p.Noise && o != p
}

// Ranked is a point of the space during a sweep.
type Ranked struct {
	Objectives
	Rank int64
}

// Before is the total order that breaks every tie: a point comes after all points that
// dominate it, and of equal points the lowest rank is first.
func (p Ranked) Before(q Ranked) int {
	return cmp.Or(cmp.Compare(p.Seconds, q.Seconds), cmp.Compare(p.Use, q.Use),
		cmp.Compare(p.Noise, q.Noise), cmp.Compare(p.Rank, q.Rank))
}

// Skyline reduces the points, in place, to those that no other one dominates, of equal
// ones the first in rank, in the order of before. It takes O(n log n) comparisons: with
// the points in that order, a point is dominated or a repetition exactly if one already
// kept is no worse in the other two objectives, and of the kept ones only the staircase
// of (Use, Noise), in which Noise falls as Use grows, can be the witness.
func Skyline(points []Ranked) []Ranked {
	slices.SortFunc(points, Ranked.Before)
	var stairs staircase
	kept := points[:0]
	for _, p := range points {
		if stairs.add(p.Use, p.Noise) {
			kept = append(kept, p)
		}
	}
	return kept
}

// staircase is a two-objective front: steps with growing use and falling noise.
type staircase []step

type step struct{ use, noise float64 }

// upTo is the number of steps of at most the given use.
func (s staircase) upTo(use float64) int {
	return sort.Search(len(s), func(i int) bool { return s[i].use > use })
}

// add makes (use, noise) a step and removes those it covers; it returns false, and does
// nothing, if a step covers it already.
func (s *staircase) add(use, noise float64) bool {
	n := s.upTo(use)
	if n > 0 && (*s)[n-1].noise <= noise {
		return false
	}
	from := n
	if n > 0 && (*s)[n-1].use == use {
		from--
	}
	to := n
	for to < len(*s) && (*s)[to].noise >= noise {
		to++
	}
	*s = slices.Replace(*s, from, to, step{use, noise})
	return true
}

// MarshalJSON writes [rank, seconds, use, noise].
func (p Ranked) MarshalJSON() ([]byte, error) {
	text := strconv.AppendInt([]byte("["), p.Rank, 10)
	for _, v := range [...]float64{p.Seconds, p.Use, p.Noise} {
		text = strconv.AppendFloat(append(text, ','), v, 'g', -1, 64)
	}
	return append(text, ']'), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Ranked) UnmarshalJSON(text []byte) error {
	fields := [4]any{&p.Rank, &p.Seconds, &p.Use, &p.Noise}
	list := fields[:]
	return json.Unmarshal(text, &list)
}
