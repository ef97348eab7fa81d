package exact

import (
	"context"
	"slices"

	"vitdse/configs"
	"vitdse/dse/certificate"
	"vitdse/dse/metric"
	"vitdse/dse/pareto"
	"vitdse/hwmodel"
)

// jobResult is what a job found.
type jobResult struct {
	points []pareto.Entry[found]
	counts certificate.Counts
	misses misses
	priced int64 // resource counts and schedules computed
	labels int64
}

// worker is a job at work. It belongs to one goroutine.
type worker struct {
	x       *exact
	legal   *legalEngines
	group   *scheduleGroup
	front   *pareto.Archive[found] // before the batch; read only
	local   pareto.Archive[found]
	notes   notes
	find    *jobResult
	sizer   hwmodel.Sizer
	priced  [][]priced // by engine and size
	clocks  bool       // whether engines differ in their clock
	solvers map[hwmodel.Timed]*solving
}

// priced is the resources of an engine with numerics of some widths.
type priced struct {
	fits   bool
	reason certificate.Reason // why not
	share  float64            // of the budget's scarcest resource
	over   float64            // cost over limit, of the limit exceeded by most
	costs  pareto.Costs       // of the static objectives

	resources hwmodel.Resources // if it fits
}

// solve does one job.
func (x *exact) solve(ctx context.Context, n int) (*jobResult, error) {
	j := x.jobs[n]
	h := &worker{x: x, legal: x.byPart[j.part], group: &x.byPart[j.part].groups[j.group], front: &x.archives[j.part],
		find: &jobResult{}, solvers: map[hwmodel.Timed]*solving{}}
	h.sizer = x.in.Engine.NewSizer(h.legal.grid.Network(), h.legal.part, x.sizes)
	for _, e := range h.group.engines {
		h.clocks = h.clocks || e.clock != h.group.engines[0].clock
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
	h.find.points, h.find.counts = h.local.Entries, h.notes.counts(x.subs)
	for _, s := range h.solvers {
		h.find.labels += s.solver.Labels
	}
	return h.find, nil
}

// price counts the resources of every engine at every size.
func (h *worker) price(ctx context.Context) error {
	h.priced = make([][]priced, len(h.group.engines))
	for i, e := range h.group.engines {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if i > 0 && e.engine == h.group.engines[i-1].engine && !h.x.power {
			h.priced[i] = h.priced[i-1]
			continue
		}
		h.sizer.Engine(e.engine)
		h.priced[i] = make([]priced, len(h.x.sizes))
		for k := range h.x.sizes {
			r := h.sizer.Resources(k)
			q := metric.Quantities{Estimate: hwmodel.Estimate{Resources: r, Use: r.Use(h.legal.usable)}}
			if h.x.power {
				q = metric.Of(configs.Design{Engine: e.engine, ClockMHz: e.mhz}, h.legal.part, q.Estimate, 0)
			}
			p := &h.priced[i][k]
			h.find.priced++
			name, share := q.Estimate.Use.Largest()
			if p.share = share; share > 1 {
				p.reason = certificate.OverBudget + certificate.Reason(slices.Index(hwmodel.ResourceNames[:], name))
				continue
			}
			if c := h.x.ceilings.Over(&q); c != nil {
				p.reason, p.over = certificate.OverLimit, c.Info.Cost(&q)/c.Cost
				continue
			}
			p.fits, p.resources = true, r
			for o, info := range h.x.infos {
				switch m := h.x.in.Objectives[o]; {
				case info.Static:
					p.costs[o] = info.Cost(&q)
				case m == metric.Energy: // so far its power without the memory's
					p.costs[o] = hwmodel.PowerOf(r, h.legal.part, e.mhz, 0).Total()
				}
			}
		}
	}
	return nil
}
