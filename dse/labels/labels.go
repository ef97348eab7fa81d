// Package labels solves the multi-choice Pareto problem of a search: one option for every
// stage of a network, such that no other choice is better in time, bytes and noise. It is
// exact.
//
// Bytes and noise add up over the stages. Time does not: a stage moves the engine's clocks,
// and what it costs depends on how they stood. Two properties of the clocks (see
// hwmodel.Clocks) make the search exact and fast. They are monotone, so that a partial
// choice is superseded by another that has all clocks nowhere later and is no worse in bytes
// and noise: whatever follows, it stays so. And they are homogeneous, so that partial choices
// whose clocks have the same differences (a group) move alike: a group is advanced once for
// all of its labels, and its labels stay in order.
package labels

import (
	"math"
	"slices"

	"vitdse/hwmodel"
)

// Option is one choice of a stage.
type Option struct {
	Timing int32  // what of it the clocks depend on, an argument of Machine.Next
	Noise  int64  // adds up
	Bytes  int64  // adds up; 0 if bytes are no objective
	Flags  uint32 // goals that it reaches
	Ref    int32  // for the caller
}

// Stage is a stage with its options.
type Stage struct {
	Kind    int32 // stages of one kind move the clocks alike
	Options []Option
}

// Problem is a choice to make.
type Problem struct {
	Start    hwmodel.Clocks // before the first stage
	Stages   []Stage
	Required uint32 // goals that a whole choice must reach, each by one of its options
	MaxNow   int64  // latest end; 0 for no limit
	MaxNoise int64  // 0 for no limit
	MaxBytes int64  // 0 for no limit
}

// Solution is one point of the front: no other choice is as good in all and better in one.
type Solution struct {
	Now, Bytes, Noise int64
	label             int32
}

// Machine advances clocks through a stage of a kind with an option's timing.
type Machine func(kind, timing int32, c hwmodel.Clocks) hwmodel.Clocks

// Solver solves problems on one machine. It remembers how the machine moves, and belongs to
// one goroutine.
type Solver struct {
	Labels int64 // labels made so far

	next  Machine
	ids   map[hwmodel.Clocks]int32 // clocks less the first of them
	rels  []hwmodel.Clocks
	moves map[move]moved
	kept  [][]label // by stage, the last included, for Choice
	cur   []group
	spare []label
}

type move struct{ kind, timing, rel int32 }

type moved struct {
	by  int64 // of the first clock
	rel int32 // its differences afterwards
}

// label is a choice of options for the stages so far.
type label struct {
	now, bytes, noise int64
	parent, option    int32 // the label of the stage before, the option of this one
}

// group is labels whose clocks have the same differences and that reached the same goals,
// in the order of now, bytes, noise, none superseded by another.
type group struct {
	rel    int32
	flags  uint32
	base   int32 // index of the first label among all of the stage
	labels []label
}

// NewSolver makes a solver for a machine.
func NewSolver(next Machine) *Solver {
	return &Solver{next: next, ids: map[hwmodel.Clocks]int32{}, moves: map[move]moved{}}
}

// Solve gives the front in the order of time. It stays valid for Choice until the next call.
func (s *Solver) Solve(p Problem) []Solution {
	rest := remaining(p.Stages)
	s.kept = s.kept[:0]
	rel, now := s.relative(p.Start)
	s.cur = append(s.cur[:0], group{rel: rel, labels: []label{{now: now, parent: -1}}})
	for i, stage := range p.Stages {
		s.step(stage, p, rest[i+1])
		if len(s.cur) == 0 {
			return nil
		}
		s.keep()
	}
	return s.finish(p)
}

// Choice is the Ref of the option of every stage.
func (s *Solver) Choice(p Problem, sol Solution) []int32 {
	refs := make([]int32, len(p.Stages))
	at := sol.label
	for i := len(p.Stages) - 1; i >= 0; i-- {
		l := s.kept[i][at]
		refs[i] = p.Stages[i].Options[l.option].Ref
		at = l.parent
	}
	return refs
}

// needs is the least that stages still add.
type needs struct{ noise, bytes int64 }

func remaining(stages []Stage) []needs {
	rest := make([]needs, len(stages)+1)
	for i := len(stages) - 1; i >= 0; i-- {
		least := needs{math.MaxInt64, math.MaxInt64}
		for _, o := range stages[i].Options {
			least.noise, least.bytes = min(least.noise, o.Noise), min(least.bytes, o.Bytes)
		}
		rest[i] = needs{rest[i+1].noise + least.noise, rest[i+1].bytes + least.bytes}
	}
	return rest
}

// relative splits clocks into their differences, numbered, and the first of them.
func (s *Solver) relative(c hwmodel.Clocks) (int32, int64) {
	c, now := c.Relative()
	id, known := s.ids[c]
	if !known {
		id = int32(len(s.rels))
		s.ids[c], s.rels = id, append(s.rels, c)
	}
	return id, now
}

// advance moves a group through a stage.
func (s *Solver) advance(kind, timing, rel int32) moved {
	k := move{kind, timing, rel}
	m, known := s.moves[k]
	if !known {
		m.rel, m.by = s.relative(s.next(kind, timing, s.rels[rel]))
		s.moves[k] = m
	}
	return m
}

// source is labels of the last stage that an option takes to a group of the next one.
type source struct {
	from   *group
	option int32
	by     int64
}

// step takes all groups through a stage.
func (s *Solver) step(stage Stage, p Problem, rest needs) {
	type key struct {
		rel   int32
		flags uint32
	}
	at := map[key]int{}
	var groups []group
	var sources [][]source
	for i := range s.cur {
		g := &s.cur[i]
		for o := range stage.Options {
			m := s.advance(stage.Kind, stage.Options[o].Timing, g.rel)
			k := key{m.rel, g.flags | stage.Options[o].Flags&p.Required}
			n, known := at[k]
			if !known {
				n = len(groups)
				at[k] = n
				groups, sources = append(groups, group{rel: k.rel, flags: k.flags}), append(sources, nil)
			}
			sources[n] = append(sources[n], source{g, int32(o), m.by})
		}
	}
	for i := range groups {
		for _, src := range sources[i] {
			s.merge(&groups[i], src, &stage.Options[src.option], p, rest)
		}
	}
	s.supersede(groups)
	s.cur = slices.DeleteFunc(groups, func(g group) bool { return len(g.labels) == 0 })
}

// merge adds a source's labels to a group and leaves out what is superseded.
func (s *Solver) merge(g *group, src source, o *Option, p Problem, rest needs) {
	a, b := g.labels, src.from.labels
	out := s.spare[:0]
	var seen stairs
	for i, j := 0, 0; i < len(a) || j < len(b); {
		var l label
		if j < len(b) {
			l = label{b[j].now + src.by, b[j].bytes + o.Bytes, b[j].noise + o.Noise, src.from.base + int32(j), src.option}
		}
		if j == len(b) || i < len(a) && !l.before(a[i]) {
			l = a[i]
			i++
		} else {
			j++
			s.Labels++
			if p.MaxNow > 0 && l.now > p.MaxNow || p.MaxNoise > 0 && l.noise+rest.noise > p.MaxNoise ||
				p.MaxBytes > 0 && l.bytes+rest.bytes > p.MaxBytes {
				continue
			}
		}
		if seen.add(l.bytes, l.noise) {
			out = append(out, l)
		}
	}
	s.spare = a
	g.labels = out
}

// before is the order of labels in a group.
func (l label) before(o label) bool {
	if l.now != o.now {
		return l.now < o.now
	}
	if l.bytes != o.bytes {
		return l.bytes < o.bytes
	}
	return l.noise < o.noise
}

// supersede removes labels that labels of other groups supersede.
func (s *Solver) supersede(groups []group) {
	for i := range groups {
		h := &groups[i]
		for j := range groups {
			g := &groups[j]
			if i == j || g.flags&h.flags != h.flags || len(g.labels) == 0 || len(h.labels) == 0 {
				continue
			}
			// A label of h has all clocks nowhere earlier than one of g if its first clock is
			// at least as late as that of g, less by.
			by := int64(math.MaxInt64)
			for k := range s.rels[g.rel] {
				by = min(by, s.rels[h.rel][k]-s.rels[g.rel][k])
			}
			if g.labels[0].now <= h.labels[len(h.labels)-1].now+by {
				h.leave(g, by)
			}
		}
	}
}

// leave removes the labels of h that g supersedes.
func (h *group) leave(g *group, by int64) {
	var seen stairs
	n := 0
	kept := h.labels[:0]
	for _, l := range h.labels {
		for n < len(g.labels) && g.labels[n].now <= l.now+by {
			seen.add(g.labels[n].bytes, g.labels[n].noise)
			n++
		}
		if !seen.covers(l.bytes, l.noise) {
			kept = append(kept, l)
		}
	}
	h.labels = kept
}

// keep numbers the labels of the stage and remembers them.
func (s *Solver) keep() {
	var all []label
	for i := range s.cur {
		s.cur[i].base = int32(len(all))
		all = append(all, s.cur[i].labels...)
	}
	s.kept = append(s.kept, all)
}

// finish is the front of the last stage's labels that reach every goal: of the clocks only
// the first counts now.
func (s *Solver) finish(p Problem) []Solution {
	var all []Solution
	for _, g := range s.cur {
		if g.flags != p.Required {
			continue
		}
		for i, l := range g.labels {
			all = append(all, Solution{l.now, l.bytes, l.noise, g.base + int32(i)})
		}
	}
	slices.SortFunc(all, func(a, b Solution) int {
		x, y := label{now: a.Now, bytes: a.Bytes, noise: a.Noise}, label{now: b.Now, bytes: b.Bytes, noise: b.Noise}
		switch {
		case x.before(y):
			return -1
		case y.before(x):
			return 1
		}
		return int(a.label) - int(b.label)
	})
	var seen stairs
	return slices.DeleteFunc(all, func(a Solution) bool { return !seen.add(a.Bytes, a.Noise) })
}
