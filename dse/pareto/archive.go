// Package pareto keeps the points that no other one dominates: of up to four costs one by one (Archive), and of a
// sweep's three objectives all at once (Skyline).
package pareto

import (
	"math"
	"slices"
)

// MaxObjectives is the most that a front has.
const MaxObjectives = 4

// Costs are what a point costs in each objective, 0 in those that there are not.
type Costs [MaxObjectives]float64

// Covers says whether c is no worse than o in every objective.
func (c *Costs) Covers(o *Costs) bool {
	return c[0] <= o[0] && c[1] <= o[1] && c[2] <= o[2] && c[3] <= o[3]
}

func (c *Costs) Finite() bool {
	for _, v := range c {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// Archive is a front in the making: no entry covers another. Entries are in the order of
// their costs; of those with equal costs the first that came stays.
type Archive[T any] struct {
	Entries []Entry[T]
}

type Entry[T any] struct {
	Costs
	What T
}

// upTo is the number of entries whose first cost is at most v.
func (a *Archive[T]) upTo(v float64) int {
	n, _ := slices.BinarySearchFunc(a.Entries, v, func(e Entry[T], v float64) int {
		if e.Costs[0] <= v {
			return -1
		}
		return 1
	})
	return n
}

// Covered says whether an entry is no worse than c in every objective.
func (a *Archive[T]) Covered(c *Costs) bool {
	for i := a.upTo(c[0]) - 1; i >= 0; i-- {
		if a.Entries[i].Covers(c) {
			return true
		}
	}
	return false
}

// Beaten says whether an entry is no worse than c in every objective and better in one.
func (a *Archive[T]) Beaten(c *Costs) bool {
	for i := a.upTo(c[0]) - 1; i >= 0; i-- {
		if e := &a.Entries[i]; e.Covers(c) && e.Costs != *c {
			return true
		}
	}
	return false
}

// Add enters a point, and removes those that it covers, unless an entry covers it.
func (a *Archive[T]) Add(c Costs, what T) bool {
	if a.Covered(&c) {
		return false
	}
	a.Entries = slices.DeleteFunc(a.Entries, func(e Entry[T]) bool { return c.Covers(&e.Costs) })
	at, _ := slices.BinarySearchFunc(a.Entries, c, func(e Entry[T], c Costs) int {
		return slices.Compare(e.Costs[:], c[:])
	})
	a.Entries = slices.Insert(a.Entries, at, Entry[T]{c, what})
	return true
}
