package dse

import (
	"context"
	"fmt"
	"math"
	"slices"

	"vitdse/dse/labels"
	"vitdse/hwmodel"
)

// finding is what a job found.
type finding struct {
	points []entry[found]
	book   book
	misses misses
	priced int64 // resource counts and schedules computed
	labels int64
}

// hand is a job at work. It belongs to one goroutine.
type hand struct {
	x       *exact
	fleet   *fleet
	hangar  *hangar
	front   *archive[found] // before the batch; read only
	local   archive[found]
	notes   notes
	find    *finding
	sizer   *hwmodel.Sizer
	priced  [][]priced // by engine and size
	clocks  bool       // whether engines differ in their clock
	solvers map[walkKey]*solving
}

// priced is the resources of an engine with numerics of some widths.
type priced struct {
	fits   bool
	reason reason  // why not
	share  float64 // of the budget's scarcest resource
	over   float64 // cost over limit, of the limit exceeded by most
	costs  costs   // of the static objectives

	resources hwmodel.Resources // if it fits
}

// walkKey is what of the widths a schedule depends on.
type walkKey struct{ acc, gelu uint8 }

// solving is a schedule with what has been solved on it.
type solving struct {
	walk   *hwmodel.Walk
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

// offer is an engine with the numerics of a subproblem, while it may be on the front.
type offer struct {
	engine int // of the hangar
	costs  costs
	size   int  // of the subproblem
	exact  bool // the subproblem must be solved exactly: the resource model is not monotone here
}

// solve does one job.
func (x *exact) solve(ctx context.Context, n int) (*finding, error) {
	j := x.jobs[n]
	h := &hand{x: x, fleet: x.fleets[j.fleet], hangar: &x.fleets[j.fleet].hangars[j.hangar], front: &x.archives[j.fleet],
		find: &finding{}, solvers: map[walkKey]*solving{}}
	h.sizer = hwmodel.NewSizer(x.in.Model, h.fleet.part, x.sizes)
	for _, e := range h.hangar.engines {
		h.clocks = h.clocks || e.clock != h.hangar.engines[0].clock
	}
	if err := h.price(ctx); err != nil {
		return nil, err
	}
	for from := 0; from < len(x.subs); {
		to := from + 1
		for to < len(x.subs) && x.subs[to].class == x.subs[from].class {
			to++
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := h.class(from, to); err != nil {
			return nil, err
		}
		from = to
	}
	h.find.points, h.find.book = h.local.entries, h.notes.book(x.subs)
	for _, s := range h.solvers {
		h.find.labels += s.solver.Labels
	}
	return h.find, nil
}

// price counts the resources of every engine at every size.
func (h *hand) price(ctx context.Context) error {
	h.priced = make([][]priced, len(h.hangar.engines))
	for i, e := range h.hangar.engines {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if i > 0 && e.engine == h.hangar.engines[i-1].engine && !h.x.power {
			h.priced[i] = h.priced[i-1]
			continue
		}
		h.sizer.Engine(e.engine)
		h.priced[i] = make([]priced, len(h.x.sizes))
		for k := range h.x.sizes {
			r := h.sizer.Resources(k)
			q := Quantities{Estimate: hwmodel.Estimate{Resources: r, Use: r.Use(h.fleet.usable)}}
			if h.x.power {
				q.Peak = peakPower(e.engine, e.mhz, h.fleet.part, r)
			}
			p := &h.priced[i][k]
			h.find.priced++
			name, share := q.Estimate.Use.Largest()
			if p.share = share; share > 1 {
				p.reason = overBudget + reason(slices.Index(resourceNames[:], name))
				continue
			}
			if c := h.x.ceilings.over(&q); c != nil {
				p.reason, p.over = overLimit, c.info.cost(&q)/c.cost
				continue
			}
			p.fits, p.resources = true, r
			for o, info := range h.x.infos {
				switch m := h.x.in.Objectives[o]; {
				case m.static():
					p.costs[o] = info.cost(&q)
				case m == Energy: // so far its power without the memory's
					p.costs[o] = hwmodel.PowerOf(r, h.fleet.part, e.mhz, 0).Total()
				}
			}
		}
	}
	return nil
}

// class does the subproblems from..to, which are those of one class.
func (h *hand) class(from, to int) error {
	offers := make([][]offer, to-from)
	for e := range h.hangar.engines {
		bad := h.unsound(e, from, to)
		for n := from; n < to; n++ {
			p := &h.priced[e][h.x.sizeOf[n]]
			least, rank := h.x.subs[n].least, h.hangar.engines[e].rank
			accurate := h.x.ceilings.noise == 0 || least <= h.x.ceilings.noise
			if p.fits {
				h.find.misses.Able = h.find.misses.Able.offer(least.Power(), rank, n)
			} else if p.share > 1 && accurate {
				h.find.misses.Near = h.find.misses.Near.offer(p.share, rank, n)
			} else if accurate {
				h.find.misses.Over = h.find.misses.Over.offer(p.over, rank, n)
			}
			switch {
			case !p.fits:
				h.notes.note(p.reason, n, len(h.x.subs))
			case !accurate:
				h.notes.note(inaccurate, n, len(h.x.subs))
			default:
				offers[n-from] = append(offers[n-from], offer{e, p.costs, h.x.sizeOf[n], bad[n-from]})
			}
		}
	}
	for n := from; n < to; n++ {
		h.twins(n, &offers[n-from])
	}
	for n := from; n < to; n++ {
		if len(offers[n-from]) > 0 {
			if err := h.subproblem(n, from, offers); err != nil {
				return err
			}
		}
	}
	return nil
}

// unsound says of which subproblems an engine's offers must be solved exactly: those with
// one below that takes more of something than one above it.
func (h *hand) unsound(engine, from, to int) []bool {
	bad := make([]bool, to-from)
	known := make([]bool, to-from)
	var visit func(n int) bool
	visit = func(n int) bool {
		if known[n-from] {
			return bad[n-from]
		}
		known[n-from] = true
		p := &h.priced[engine][h.x.sizeOf[n]]
		for _, b := range h.x.subs[n].below {
			q := &h.priced[engine][h.x.sizeOf[b]]
			if visit(b) || p.fits && (!q.fits || !q.costs.covers(&p.costs)) {
				bad[n-from] = true
			}
		}
		return bad[n-from]
	}
	for n := from; n < to; n++ {
		visit(n)
	}
	return bad
}

// twins leaves out offers of engines that take no less than another and are no faster. Of
// equal ones the first stays.
func (h *hand) twins(n int, offers *[]offer) {
	kept := make([]offer, 0, 4)
	for _, a := range *offers {
		if slices.ContainsFunc(kept, func(b offer) bool { return h.atLeast(b, a) }) {
			h.notes.note(twin, n, len(h.x.subs))
			continue
		}
		kept = slices.DeleteFunc(kept, func(b offer) bool {
			if h.atLeast(a, b) {
				h.notes.note(twin, n, len(h.x.subs))
				return true
			}
			return false
		})
		kept = append(kept, a)
	}
	*offers = kept
}

// atLeast says whether an offer takes no more than another and its clock is no slower.
func (h *hand) atLeast(a, b offer) bool {
	return h.hangar.engines[a.engine].clock >= h.hangar.engines[b.engine].clock && a.costs.covers(&b.costs) && (!a.exact || b.exact)
}

// subproblem solves one, for the engines whose offers may be on the front.
func (h *hand) subproblem(n, from int, offers [][]offer) error {
	s := &h.x.subs[n]
	run := h.solving(s)
	fast := h.cycles(run, s)
	bytes := h.leastBytes(run, s)
	for _, o := range offers[n-from] {
		bound := h.costs(o, fast, bytes, s.least)
		at := h.hangar.engines[o.engine]
		h.find.misses.Fastest = h.find.misses.Fastest.offer(float64(fast)/at.clock, at.rank, n)
		switch {
		case h.late(o, fast, bytes):
			h.notes.note(tooSlow, n, len(h.x.subs))
		case h.wider(n, from, o, offers):
			h.notes.note(wider, n, len(h.x.subs))
		case h.front.beaten(&bound) || h.local.beaten(&bound):
			h.notes.note(bounded, n, len(h.x.subs))
		default:
			h.notes.note(settled, n, len(h.x.subs))
			if err := h.settle(n, o, run); err != nil {
				return err
			}
		}
	}
	return nil
}

// wider says whether an engine that takes no more carries numerics of larger widths, among
// which these all are.
func (h *hand) wider(n, from int, o offer, offers [][]offer) bool {
	for k := range offers {
		if m := from + k; m != n && slices.Contains(h.x.subs[m].within, n) &&
			slices.ContainsFunc(offers[k], func(p offer) bool { return !p.exact && h.atLeast(p, o) }) &&
			h.key(&h.x.subs[m]) == h.key(&h.x.subs[n]) {
			return true
		}
	}
	return false
}

// late says whether cycles and bytes break a limit.
func (h *hand) late(o offer, cycles, bytes int64) bool {
	c := &h.x.ceilings
	return float64(cycles)/h.hangar.engines[o.engine].clock > c.seconds || c.bytes > 0 && bytes > c.bytes ||
		!math.IsInf(c.energy, 1) && h.energy(o, cycles, bytes) > c.energy
}

// energy is what an image takes, J, as hwmodel.Estimate has it.
func (h *hand) energy(o offer, cycles, bytes int64) float64 {
	at := &h.hangar.engines[o.engine]
	e := hwmodel.Estimate{Seconds: float64(cycles) / at.clock}
	e.Power = hwmodel.PowerOf(h.priced[o.engine][o.size].resources, h.fleet.part, at.mhz, float64(bytes)*(1/e.Seconds))
	return e.EnergyJ()
}

// costs is what a point of an offer costs.
func (h *hand) costs(o offer, cycles, bytes int64, noise Femto) costs {
	c := o.costs
	for i, m := range h.x.in.Objectives {
		switch m {
		case Latency, Throughput:
			c[i] = float64(cycles) / h.hangar.engines[o.engine].clock
		case Bytes:
			c[i] = float64(bytes)
		case Energy:
			c[i] = h.energy(o, cycles, bytes)
		case Loss:
			c[i] = noise.Power()
		}
	}
	return c
}

// settle enters the points of an offer.
func (h *hand) settle(n int, o offer, run *solving) error {
	s := &h.x.subs[n]
	c := &h.x.numerics.classes[s.class]
	sol := h.front1(n, o.exact, run)
	for i, p := range sol.solutions {
		noise := c.noise + Femto(p.Noise)
		bytes := int64(0)
		if h.x.bytes {
			bytes = p.Bytes + run.walk.FixedBytes() + run.walk.Bytes(hwmodel.WalkPatchEmbed, c.patch)
		}
		if h.x.ceilings.noise > 0 && noise > h.x.ceilings.noise || h.late(o, p.Now, bytes) {
			continue
		}
		cost := h.costs(o, p.Now, bytes, noise)
		if !cost.finite() {
			return fmt.Errorf("a point of part %s costs %v in %v; expected finite numbers", h.fleet.part.Name, cost, h.x.in.Objectives)
		}
		if !h.front.covered(&cost) && !h.local.covered(&cost) {
			h.local.add(cost, found{h.x.numerics.index(c, sol.choices[i]), h.hangar.engines[o.engine].rank})
		}
	}
	return nil
}

// front1 solves a subproblem on a schedule, once.
func (h *hand) front1(n int, exactly bool, run *solving) *solved {
	s := &h.x.subs[n]
	c := &h.x.numerics.classes[s.class]
	key := solvedKey{options: s.options, exactly: -1}
	p := labels.Problem{Start: run.walk.Start(c.patch), Stages: s.stages}
	if h.x.ceilings.noise > 0 {
		p.MaxNoise = int64(h.x.ceilings.noise - c.noise)
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
func (h *hand) withBytes(run *solving, stages []labels.Stage) []labels.Stage {
	out := slices.Clone(stages)
	for i := range out {
		out[i].Options = slices.Clone(out[i].Options)
		for k := range out[i].Options {
			out[i].Options[k].Bytes = h.bytes(run, out[i].Options[k].Timing)
		}
	}
	return out
}

func (h *hand) bytes(run *solving, timing int32) int64 {
	sum := int64(0)
	for _, l := range h.x.numerics.timings[timing] {
		sum += run.walk.Bytes(l.kind, l.stored)
	}
	return sum
}

// leastBytes is a bound of what the numerics of a subproblem read and write; 0 where bytes
// do not matter.
func (h *hand) leastBytes(run *solving, s *subproblem) int64 {
	if !h.x.bytes {
		return 0
	}
	sum := run.walk.FixedBytes() + run.walk.Bytes(hwmodel.WalkPatchEmbed, h.x.numerics.classes[s.class].patch)
	for _, t := range s.fast {
		sum += h.bytes(run, t)
	}
	return sum
}

// cycles is a bound of the time of a subproblem's numerics, walked once.
func (h *hand) cycles(run *solving, s *subproblem) int64 {
	v, known := run.cycles[s.fastest]
	if !known {
		v = h.x.cycles(run.walk, s, s.fast)
		run.cycles[s.fastest] = v
		h.find.priced++
	}
	return v
}

func (h *hand) key(s *subproblem) walkKey {
	return walkKey{uint8(s.widths.AccBits(h.x.in.Model)), s.widths.GELU}
}

// solving is the schedule for the widths of a subproblem.
func (h *hand) solving(s *subproblem) *solving {
	k := h.key(s)
	run := h.solvers[k]
	if run == nil {
		run = &solving{walk: hwmodel.NewWalk(h.x.in.Model, h.hangar.schedule, s.widths), cycles: map[string]int64{}, solved: map[solvedKey]*solved{}}
		run.solver = labels.NewSolver(func(_, timing int32, c hwmodel.Clocks) hwmodel.Clocks { return h.x.move(run.walk, timing, c) })
		h.solvers[k] = run
	}
	return run
}
