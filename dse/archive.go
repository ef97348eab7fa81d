package dse

import (
	"math"
	"slices"
)

// maxObjectives is the most that a front has.
const maxObjectives = 4

// costs are what a point costs in each objective, 0 in those that there are not.
type costs [maxObjectives]float64

// covers says whether c is no worse than o in every objective.
func (c *costs) covers(o *costs) bool {
	return c[0] <= o[0] && c[1] <= o[1] && c[2] <= o[2] && c[3] <= o[3]
}

func (c *costs) finite() bool {
	for _, v := range c {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// archive is a front in the making: no entry covers another. Entries are in the order of
// their costs; of those with equal costs the first that came stays.
type archive[T any] struct {
	entries []entry[T]
}

type entry[T any] struct {
	costs
	what T
}

// upTo is the number of entries whose first cost is at most v.
func (a *archive[T]) upTo(v float64) int {
	n, _ := slices.BinarySearchFunc(a.entries, v, func(e entry[T], v float64) int {
		if e.costs[0] <= v {
			return -1
		}
		return 1
	})
	return n
}

// covered says whether an entry is no worse than c in every objective.
func (a *archive[T]) covered(c *costs) bool {
	for i := a.upTo(c[0]) - 1; i >= 0; i-- {
		if a.entries[i].covers(c) {
			return true
		}
	}
	return false
}

// beaten says whether an entry is no worse than c in every objective and better in one.
func (a *archive[T]) beaten(c *costs) bool {
	for i := a.upTo(c[0]) - 1; i >= 0; i-- {
		if e := &a.entries[i]; e.covers(c) && e.costs != *c {
			return true
		}
	}
	return false
}

// add enters a point, and removes those that it covers, unless an entry covers it.
func (a *archive[T]) add(c costs, what T) bool {
	if a.covered(&c) {
		return false
	}
	a.entries = slices.DeleteFunc(a.entries, func(e entry[T]) bool { return c.covers(&e.costs) })
	at, _ := slices.BinarySearchFunc(a.entries, c, func(e entry[T], c costs) int {
		return slices.Compare(e.costs[:], c[:])
	})
	a.entries = slices.Insert(a.entries, at, entry[T]{c, what})
	return true
}
