package exact

import (
	"math"
	"slices"

	"vitdse/dse/certificate"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/pareto"
	"vitdse/hwmodel"
)

// offer is an engine with the numerics of a subproblem, while it may be on the front.
type offer struct {
	engine int // of the scheduleGroup
	costs  pareto.Costs
	size   int  // of the subproblem
	exact  bool // the subproblem must be solved exactly: the resource model is not monotone here
}

// class does the subproblems from..to, which are those of one class.
func (h *worker) class(from, to int) error {
	offers := make([][]offer, to-from)
	for e := range h.group.engines {
		bad := h.unsound(e, from, to)
		for n := from; n < to; n++ {
			p := &h.priced[e][h.x.sizeOf[n]]
			least, rank := h.x.subs[n].least, h.group.engines[e].rank
			accurate := h.x.ceilings.Noise == 0 || least <= h.x.ceilings.Noise
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
				h.notes.note(certificate.Inaccurate, n, len(h.x.subs))
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
func (h *worker) unsound(engine, from, to int) []bool {
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
			if visit(b) || p.fits && (!q.fits || !q.costs.Covers(&p.costs)) {
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
func (h *worker) twins(n int, offers *[]offer) {
	kept := make([]offer, 0, 4)
	for _, a := range *offers {
		if slices.ContainsFunc(kept, func(b offer) bool { return h.atLeast(b, a) }) {
			h.notes.note(certificate.Twin, n, len(h.x.subs))
			continue
		}
		kept = slices.DeleteFunc(kept, func(b offer) bool {
			if h.atLeast(a, b) {
				h.notes.note(certificate.Twin, n, len(h.x.subs))
				return true
			}
			return false
		})
		kept = append(kept, a)
	}
	*offers = kept
}

// atLeast says whether an offer takes no more than another and its clock is no slower.
func (h *worker) atLeast(a, b offer) bool {
	return h.group.engines[a.engine].clock >= h.group.engines[b.engine].clock && a.costs.Covers(&b.costs) &&
		(!a.exact || b.exact)
}

// subproblem solves one, for the engines whose offers may be on the front.
func (h *worker) subproblem(n, from int, offers [][]offer) error {
	s := &h.x.subs[n]
	run := h.solving(s)
	fast := h.cycles(run, s)
	bytes := h.leastBytes(run, s)
	for _, o := range offers[n-from] {
		bound := h.costs(o, fast, bytes, s.least)
		at := h.group.engines[o.engine]
		h.find.misses.Fastest = h.find.misses.Fastest.offer(float64(fast)/at.clock, at.rank, n)
		switch {
		case h.late(o, fast, bytes):
			h.notes.note(certificate.TooSlow, n, len(h.x.subs))
		case h.wider(n, from, o, offers):
			h.notes.note(certificate.Wider, n, len(h.x.subs))
		case h.front.Beaten(&bound) || h.local.Beaten(&bound):
			h.notes.note(certificate.Bounded, n, len(h.x.subs))
		default:
			h.notes.note(certificate.Settled, n, len(h.x.subs))
			if err := h.settle(n, o, run); err != nil {
				return err
			}
		}
	}
	return nil
}

// wider says whether an engine that takes no more carries numerics of larger widths, among
// which these all are.
func (h *worker) wider(n, from int, o offer, offers [][]offer) bool {
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
func (h *worker) late(o offer, cycles, bytes int64) bool {
	c := &h.x.ceilings
	return float64(cycles)/h.group.engines[o.engine].clock > c.Seconds || c.Bytes > 0 && bytes > c.Bytes ||
		!math.IsInf(c.Energy, 1) && h.energy(o, cycles, bytes) > c.Energy
}

// energy is what an image takes, J, as hwmodel.Estimate has it.
func (h *worker) energy(o offer, cycles, bytes int64) float64 {
	at := &h.group.engines[o.engine]
	e := hwmodel.Estimate{Seconds: float64(cycles) / at.clock}
	e.Power = hwmodel.PowerOf(h.priced[o.engine][o.size].resources, h.legal.part, at.mhz, float64(bytes)*(1/e.Seconds))
	return e.EnergyJ()
}

// costs is what a point of an offer costs.
func (h *worker) costs(o offer, cycles, bytes int64, noise noise.Femto) pareto.Costs {
	c := o.costs
	for i, m := range h.x.in.Objectives {
		switch {
		case m.Timed():
			c[i] = float64(cycles) / h.group.engines[o.engine].clock
		case m == metric.Bytes:
			c[i] = float64(bytes)
		case m == metric.Energy:
			c[i] = h.energy(o, cycles, bytes)
		case m == metric.Loss:
			c[i] = noise.Power()
		}
	}
	return c
}
