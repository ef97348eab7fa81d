// Package sweep covers every legal point of a space that can be enumerated, shard by shard: never a sample. It is fast
// because a price depends on the numerics only through a few widths, and the noise not at all on the engine: see
// docs/SEARCH.md.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"vitdse/configs"
	"vitdse/dse/empty"
	"vitdse/dse/jobs"
	"vitdse/dse/pareto"
	"vitdse/dse/search"
)

// Search covers every legal point of every part. progress is called from one goroutine
// at a time, about every shard; it may be nil.
//
// If ctx ends first, the front so far comes with Partial set, together with the
// context's error; resuming its journal gives the front that one run would have given.
// If no point of any part fits and is accurate enough, the error is an *empty.Error; the
// front then has the counts but no points.
func Search(ctx context.Context, in search.Input, progress func(search.Progress)) (search.Result, error) {
	s, err := newSweep(in)
	if err != nil {
		return search.Result{}, err
	}
	if err := s.open(); err != nil {
		return search.Result{}, err
	}
	err = s.run(ctx, progress)
	if search.Interrupted(ctx, err) {
		err = nil // the front so far is given
	}
	if err = errors.Join(err, s.journal.Close()); err != nil {
		return search.Result{}, err
	}
	res := search.Result{Stats: s.stats}
	if res.Front, err = s.front(); err != nil {
		return search.Result{}, err
	}
	if res.Front.Partial {
		return res, context.Cause(ctx)
	}
	return res, empty.Check(res.Front)
}

// sweep is one Sweep in the making.
type sweep struct {
	in      search.Input
	engines *enginesByGeometry
	table   *numericsTable
	shards  []shard
	plan    jobs.Plan
	todo    []int // shards that are left
	left    int
	journal *jobs.Journal[shardResult]
	parts   []tally // by part
	stats   search.Stats
	start   time.Time
}

func newSweep(in search.Input) (*sweep, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	s := &sweep{in: in, start: time.Now()}
	var err error
	if s.engines, err = readEngines(in); err != nil {
		return nil, err
	}
	at := &s.engines.parts[s.engines.anyLegal]
	if s.table, err = tabulate(in.Engine, at.grid, s.engines.first, in.Noise, in.Limits); err != nil {
		return nil, err
	}
	if s.engines.tooMany(s.table.count) {
		return nil, fmt.Errorf("the space has %s points a part, too many to enumerate; give fewer candidates", at.grid.Size())
	}
	inputs, err := hash(in, s.engines, s.table)
	if err != nil {
		return nil, err
	}
	s.shards = shards(s.engines, s.table)
	s.plan, s.left = jobs.Plan{Kind: sweepKind, Inputs: inputs, Jobs: len(s.shards)}, len(s.shards)
	s.parts = make([]tally, len(s.engines.parts))
	s.stats = search.Stats{Shards: len(s.shards), Classes: len(s.table.classes)}
	s.stats.Total = s.engines.points(s.table.count)
	s.stats.SoFar = s.front
	return s, nil
}

// open starts the journal, or takes up where it ends.
func (s *sweep) open() error {
	mine, err := s.in.Options.Elsewhere.Mine(context.Background(), s.plan)
	if err != nil || mine {
		s.journal, s.todo = new(jobs.Journal[shardResult]), jobs.Left[shardResult](s.plan, nil)
		return err
	}
	j, records, err := search.Open[shardResult](s.in.Options, s.plan)
	if err != nil {
		return err
	}
	s.journal = j
	for _, r := range records {
		if len(r.Value.Parts) != len(s.parts) {
			return errors.Join(fmt.Errorf("%s: shard %d has %d parts; expected %d; run without resuming to start over",
				s.in.Options.Journal(), r.Job, len(r.Value.Parts), len(s.parts)), j.Close())
		}
		s.merge(r.Value.tallies())
	}
	s.todo = jobs.Left(s.plan, records)
	s.stats.Resumed = s.stats.Done
	return nil
}

// run covers the shards that are left.
func (s *sweep) run(ctx context.Context, progress func(search.Progress)) error {
	say := func() { s.stats.Say(s.start, progress) }
	say()
	return jobs.Run(ctx, s.todo, jobs.Work[outcome]{
		Workers: s.in.Options.Workers,
		Worker: func() func(context.Context, int) (outcome, error) {
			v := newEvaluator(s.in.Engine, s.engines, s.table)
			return func(_ context.Context, n int) (outcome, error) { return v.run(s.shards[n]) }
		},
		Take: func(n int, o outcome) error {
			defer say()
			return s.record(n, o)
		},
		Elsewhere: s.in.Options.Elsewhere, Plan: s.plan, Cost: func(int) float64 { return shardSeconds },
	})
}

// record takes in a shard's outcome and writes it to the journal.
func (s *sweep) record(n int, o outcome) error {
	s.merge(o.parts)
	s.stats.Priced += o.priced
	for i := range o.parts {
		o.parts[i].front = survivors(o.parts[i].front, s.parts[i].front)
	}
	return s.journal.Write(n, shardResult{partsOf(o.parts)})
}

// merge adds what a shard found to the parts' tallies.
func (s *sweep) merge(parts []tally) {
	s.left--
	s.stats.Front = 0
	for i := range parts {
		s.parts[i].add(&parts[i])
		s.stats.Done += parts[i].Legal
		s.stats.Fit += parts[i].Fit
		s.stats.Feasible += parts[i].Feasible
		s.stats.Front += len(s.parts[i].front)
	}
}

// survivors are the points of a shard that are on the front it was merged into. Both
// are in the order of before.
func survivors(points, front []pareto.Ranked) []pareto.Ranked {
	kept := []pareto.Ranked{}
	for _, p := range points {
		for len(front) > 0 && front[0].Before(p) < 0 {
			front = front[1:]
		}
		if len(front) > 0 && front[0] == p {
			kept = append(kept, p)
		}
	}
	return kept
}

// design is the legal point of a rank.
func (s *partEngines) design(rank int64) (configs.Design, error) {
	index, err := s.grid.Index(big.NewInt(rank))
	if err != nil {
		return configs.Design{}, err
	}
	return s.grid.Design(index)
}
