package exact

import (
	"fmt"
	"slices"

	"vitdse/dse/labels"
	"vitdse/dse/noise"
	"vitdse/hwmodel"
)

// solving is a schedule with what has been solved on it.
type solving struct {
	walk   hwmodel.Walk
	solver *labels.Solver
	cycles map[string]int64
	solved map[solvedKey]*solved
}

type solvedKey struct {
	options  int
	exactly  int // the subproblem, where its widths are goals; else -1
	maxNoise int64
}

// solved is the front of a subproblem on a schedule.
type solved struct {
	solutions []labels.Solution
	choices   [][]int32
}

// settle enters the points of an offer.
func (h *worker) settle(n int, o offer, run *solving) error {
	s := &h.x.subs[n]
	c := &h.x.numerics.classes[s.class]
	sol := h.solveOn(n, o.exact, run)
	for i, p := range sol.solutions {
		noise := c.noise + noise.Femto(p.Noise)
		bytes := int64(0)
		if h.x.bytes {
			bytes = p.Bytes + run.walk.FixedBytes() + run.walk.Bytes(hwmodel.FirstKind, c.patch)
		}
		if h.x.ceilings.Noise > 0 && noise > h.x.ceilings.Noise || h.late(o, p.Now, bytes) {
			continue
		}
		cost := h.costs(o, p.Now, bytes, noise)
		if !cost.Finite() {
			return fmt.Errorf("a point of part %s costs %v in %v; expected finite numbers",
				h.legal.part.Name, cost, h.x.in.Objectives)
		}
		if !h.front.Covered(&cost) && !h.local.Covered(&cost) {
			h.local.Add(cost, found{h.x.numerics.index(c, sol.choices[i]), h.group.engines[o.engine].rank})
		}
	}
	return nil
}

// solveOn solves a subproblem on a schedule, once.
func (h *worker) solveOn(n int, exactly bool, run *solving) *solved {
	s := &h.x.subs[n]
	c := &h.x.numerics.classes[s.class]
	key := solvedKey{options: s.options, exactly: -1}
	p := labels.Problem{Start: run.walk.Start(c.patch), Stages: s.stages}
	if h.x.ceilings.Noise > 0 {
		p.MaxNoise = int64(h.x.ceilings.Noise - c.noise)
		key.maxNoise = p.MaxNoise
	}
	if exactly {
		key.exactly = n
		p.Stages, p.Required = h.x.numerics.exactly(s)
	}
	if done := run.solved[key]; done != nil {
		return done
	}
	if h.x.bytes {
		p.Stages = h.withBytes(run, p.Stages)
	}
	done := &solved{solutions: run.solver.Solve(p)}
	for _, sol := range done.solutions {
		done.choices = append(done.choices, run.solver.Choice(p, sol))
	}
	run.solved[key] = done
	return done
}

// withBytes enters what each option reads on a schedule.
func (h *worker) withBytes(run *solving, stages []labels.Stage) []labels.Stage {
	out := slices.Clone(stages)
	for i := range out {
		out[i].Options = slices.Clone(out[i].Options)
		for k := range out[i].Options {
			out[i].Options[k].Bytes = h.bytes(run, out[i].Options[k].Timing)
		}
	}
	return out
}

func (h *worker) bytes(run *solving, timing int32) int64 {
	sum := int64(0)
	for _, l := range h.x.numerics.timings[timing] {
		sum += run.walk.Bytes(l.kind, l.stored)
	}
	return sum
}

// leastBytes is a bound of what the numerics of a subproblem read and write; 0 where bytes
// do not matter.
func (h *worker) leastBytes(run *solving, s *subproblem) int64 {
	if !h.x.bytes {
		return 0
	}
	sum := run.walk.FixedBytes() + run.walk.Bytes(hwmodel.FirstKind, h.x.numerics.classes[s.class].patch)
	for _, t := range s.fast {
		sum += h.bytes(run, t)
	}
	return sum
}

// cycles is a bound of the time of a subproblem's numerics, walked once.
func (h *worker) cycles(run *solving, s *subproblem) int64 {
	v, known := run.cycles[s.fastest]
	if !known {
		v = h.x.cycles(run.walk, s, s.fast)
		run.cycles[s.fastest] = v
		h.find.priced++
	}
	return v
}

// key is what of a subproblem's widths its time depends on.
func (h *worker) key(s *subproblem) hwmodel.Timed {
	return h.x.in.Engine.Timed(h.legal.grid.Network(), s.widths)
}

// solving is the schedule for the widths of a subproblem.
func (h *worker) solving(s *subproblem) *solving {
	k := h.key(s)
	run := h.solvers[k]
	if run == nil {
		run = &solving{walk: h.x.in.Engine.NewWalk(h.legal.grid.Network(), h.group.schedule, s.widths),
			cycles: map[string]int64{}, solved: map[solvedKey]*solved{}}
		run.solver = labels.NewSolver(func(_, timing int32, c hwmodel.Clocks) hwmodel.Clocks {
			return h.x.move(run.walk, timing, c)
		})
		h.solvers[k] = run
	}
	return run
}
