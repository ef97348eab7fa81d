// Package exact finds the front of any space, with a certificate: it enumerates engines and solves the layers of each
// by label setting (dse/labels). See docs/SEARCH.md.
package exact

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"

	"vitdse/configs"
	"vitdse/dse/certificate"
	"vitdse/dse/empty"
	"vitdse/dse/jobs"
	"vitdse/dse/limits"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/pareto"
	"vitdse/dse/search"
	"vitdse/dse/space"
	"vitdse/hwmodel"
)

// Search finds the front of spaces far too large to enumerate, with a certificate: see
// docs/SEARCH.md. It needs an additive prediction of the noise. Of points with equal costs
// one stays, the same for any number of workers.
//
// If ctx ends first, the front so far comes with Partial set, together with the context's
// error; resuming its journal gives the front that one run would have given. If no point
// meets the limits, the error is an *empty.Error.
func Search(ctx context.Context, in search.Input, progress func(search.Progress)) (search.Result, error) {
	x, err := newExact(ctx, in)
	if err != nil {
		return search.Result{}, err
	}
	if err := x.open(); err != nil {
		return search.Result{}, err
	}
	err = x.run(ctx, progress)
	if search.Interrupted(ctx, err) {
		err = nil // the front so far is given
	}
	if err = errors.Join(err, x.journal.Close()); err != nil {
		return search.Result{}, err
	}
	res := search.Result{Stats: x.stats}
	if res.Front, err = x.front(); err != nil {
		return search.Result{}, err
	}
	if res.Front.Partial {
		return res, context.Cause(ctx)
	}
	return res, empty.Check(res.Front)
}

// exact is one Exact in the making.
type exact struct {
	in       search.Input
	infos    []*metric.Info
	numerics *decomposition
	subs     []subproblem
	sizes    []hwmodel.Widths // distinct widths of the subproblems
	sizeOf   []int            // by subproblem
	best     noise.Femto      // least noise of the space
	bestAt   []int            // its choices
	ceilings limits.Ceilings
	bytes    bool // whether bytes are an objective or limited, or energy, of which they are part
	power    bool // whether power or energy is
	byPart   []*legalEngines
	jobs     []job
	batches  [][]int // jobs whose bounds are the front before the first of them
	results  []*jobResult
	archives []pareto.Archive[found] // by part
	counts   []certificate.Counts    // by part
	missed   []misses                // by part
	plan     jobs.Plan
	journal  *jobs.Journal[exactLine]
	stats    search.Stats
	start    time.Time
	left     int
}

// job is the engines of one scheduleGroup with all numerics.
type job struct{ part, group int }

// found is a point: a choice of the numerics' axes and an engine's rank.
type found struct {
	numerics []int
	engine   int64
}

func newExact(ctx context.Context, in search.Input) (*exact, error) {
	if in.Additive == nil {
		return nil, errors.New("an exact search needs an additive prediction of noise")
	}
	if in.Noise == nil {
		in.Noise = noise.Of(in.Additive)
	}
	if len(in.Objectives) == 0 {
		in.Objectives = limits.DefaultObjectives
	}
	if err := errors.Join(in.Check(), metric.CheckObjectives(in.Objectives), limits.Check(in.Limits.Bounds)); err != nil {
		return nil, err
	}
	x := &exact{in: in, start: time.Now()}
	for _, o := range in.Objectives {
		info, err := o.Info()
		if err != nil {
			return nil, err
		}
		x.infos = append(x.infos, info)
		x.bytes = x.bytes || o == metric.Bytes || o == metric.Energy
		x.power = x.power || o == metric.Watts || o == metric.Energy
	}
	var err error
	if x.numerics, err = decompose(in.Engine, in.Model, in.Space, in.Additive); err != nil {
		return nil, err
	}
	if x.subs, err = x.numerics.subproblems(); err != nil {
		return nil, err
	}
	var sizes space.Catalog[hwmodel.Widths, hwmodel.Widths]
	for i := range x.subs {
		w := in.Engine.Size(x.subs[i].widths)
		x.sizeOf = append(x.sizeOf, sizes.Number(w, w))
	}
	x.sizes = sizes.List
	x.best, x.bestAt = x.numerics.least()
	if x.best <= 0 {
		return nil, fmt.Errorf("the least predicted noise of the space is %g; expected a number above 0", x.best.Power())
	}
	x.ceilings = limits.NewCeilings(in.Limits, x.best)
	x.bytes = x.bytes || x.ceilings.Bytes > 0 || !math.IsInf(x.ceilings.Energy, 1)
	for _, b := range in.Limits.Bounds {
		x.power = x.power || b.Metric == metric.Watts || b.Metric == metric.Energy
	}
	if err := x.enlist(ctx); err != nil {
		return nil, err
	}
	inputs, err := x.hash()
	if err != nil {
		return nil, err
	}
	x.plan = jobs.Plan{Kind: exactKind, Inputs: inputs, Jobs: len(x.jobs)}
	return x, nil
}

// enlist reads the engines of every part and plans the jobs.
func (x *exact) enlist(ctx context.Context) error {
	legal := int64(0)
	for i, p := range x.in.Parts {
		for _, q := range x.in.Parts[:i] {
			if q.Name == p.Name {
				return fmt.Errorf("part %s is given twice", p.Name)
			}
		}
		f, err := readLegal(ctx, x.in.Engine, x.in.Model, x.in.Space, p)
		if err != nil {
			return err
		}
		f.sequence(func(e configs.Engine) int64 {
			return x.cycles(x.in.Engine.NewWalk(f.grid.Network(), e, x.subs[0].widths), &x.subs[0], x.subs[0].fast)
		})
		x.byPart = append(x.byPart, f)
		legal += f.legal
		for h := range f.groups {
			x.jobs = append(x.jobs, job{i, h})
		}
	}
	if legal == 0 {
		g := x.byPart[0].grid
		_, err := g.Design(make([]int, len(g.Axes())))
		return fmt.Errorf("space %s has no legal engine on any of its parts: %w", x.in.Space.Name, err)
	}
	// Batches grow: a first front comes soon, and later ones keep all workers busy.
	for from, size := 0, 8; from < len(x.jobs); size = min(2*size, 64) {
		to := from + 1
		for to < len(x.jobs) && to-from < size && x.jobs[to].part == x.jobs[from].part {
			to++
		}
		var batch []int
		for n := from; n < to; n++ {
			batch = append(batch, n)
		}
		x.batches = append(x.batches, batch)
		from = to
	}
	x.results, x.left = make([]*jobResult, len(x.jobs)), len(x.jobs)
	x.archives, x.counts, x.missed = make([]pareto.Archive[found], len(x.byPart)), make([]certificate.Counts,
		len(x.byPart)),
		make([]misses, len(x.byPart))
	for i := range x.counts {
		x.counts[i] = certificate.NewCounts()
	}
	x.stats.Exact, x.stats.Shards, x.stats.Total, x.stats.Classes = true, len(x.jobs), legal, len(x.subs)
	x.stats.SoFar = x.front
	return nil
}

// cycles walks the timings of every stage.
func (x *exact) cycles(w hwmodel.Walk, s *subproblem, timings []int32) int64 {
	c := w.Start(x.numerics.classes[s.class].patch)
	for _, t := range timings {
		c = x.move(w, t, c)
	}
	return c[0]
}

// move advances clocks through a stage.
func (x *exact) move(w hwmodel.Walk, timing int32, c hwmodel.Clocks) hwmodel.Clocks {
	for _, l := range x.numerics.timings[timing] {
		c = w.Advance(c, l.kind, l.stored)
	}
	return c
}

// points is the number of points of so many engines.
func (x *exact) points(engines int64) float64 {
	v, _ := new(big.Float).SetInt(new(big.Int).Mul(x.combinations(), big.NewInt(engines))).Float64()
	return v
}

// combinations is the number of choices of numerics.
func (x *exact) combinations() *big.Int {
	sum := new(big.Int)
	for i := range x.subs {
		sum.Add(sum, x.subs[i].count)
	}
	return sum
}
