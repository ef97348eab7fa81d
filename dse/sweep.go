package dse

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"vitdse/configs"
)

// Stats are the facts of a sweep that differ from run to run.
type Stats struct {
	Progress         // at the end
	Shards       int // of the sweep
	Classes      int // of numerics with the same price
	PricedPerSec float64
}

// Result is what a sweep found.
type Result struct {
	Front *Front
	Stats Stats
}

// Sweep covers every legal point of every part. progress is called from one goroutine
// at a time, about every shard; it may be nil.
//
// If ctx ends first, the front so far comes with Partial set, together with the
// context's error; resuming its journal gives the front that one run would have given.
// If no point of any part fits and is accurate enough, the error is an *EmptyError; the
// front then has the counts but no points.
func Sweep(ctx context.Context, in Input, progress func(Progress)) (Result, error) {
	s, err := newSweep(in)
	if err != nil {
		return Result{}, err
	}
	if err := s.open(); err != nil {
		return Result{}, err
	}
	err = s.run(ctx, progress)
	if err = errors.Join(err, s.journal.close()); err != nil {
		return Result{}, err
	}
	res := Result{Stats: s.stats}
	if res.Front, err = s.front(); err != nil {
		return Result{}, err
	}
	if res.Front.Partial {
		return res, context.Cause(ctx)
	}
	return res, res.Front.Empty()
}

// sweep is one Sweep in the making.
type sweep struct {
	in      Input
	floor   *floor
	table   *numericsTable
	shards  []shard
	done    []bool
	left    int
	inputs  string
	journal *journal
	parts   []tally // by part
	stats   Stats
	start   time.Time
}

func newSweep(in Input) (*sweep, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	s := &sweep{in: in, start: time.Now()}
	var err error
	if s.floor, err = readEngines(in); err != nil {
		return nil, err
	}
	at := &s.floor.sites[s.floor.site]
	if s.table, err = tabulate(at.grid, s.floor.first, in.Noise, in.Limits); err != nil {
		return nil, err
	}
	if s.floor.tooMany(s.table.count) {
		return nil, fmt.Errorf("the space has %s points a part, too many to enumerate; give fewer candidates", at.grid.Size())
	}
	if s.inputs, err = in.hash(s.floor, s.table); err != nil {
		return nil, err
	}
	s.shards = shards(s.floor, s.table)
	s.done, s.left = make([]bool, len(s.shards)), len(s.shards)
	s.parts = make([]tally, len(s.floor.sites))
	s.stats = Stats{Shards: len(s.shards), Classes: len(s.table.classes)}
	s.stats.Total = s.floor.points(s.table.count)
	s.stats.SoFar = s.front
	return s, nil
}

// open starts the journal, or takes up where it ends.
func (s *sweep) open() error {
	j, lines, err := openJournal[journalLine](s.in.Options.Dir, s.in.Options.Resume,
		journalHeader{journalName, journalVersion, s.inputs, len(s.shards)})
	if err != nil {
		return err
	}
	s.journal = j
	for _, l := range lines {
		if l.Shard < 0 || l.Shard >= len(s.done) || s.done[l.Shard] || len(l.Parts) != len(s.parts) {
			j.close()
			return fmt.Errorf("%s: damaged: shard %d is not there, there twice, or not for %d parts; run without resuming to start over",
				j.file.Name(), l.Shard, len(s.parts))
		}
		o := outcome{shard: l.Shard, parts: make([]tally, len(l.Parts))}
		for i, p := range l.Parts {
			o.parts[i] = p.tally
			o.parts[i].front = p.Front
		}
		s.merge(o)
	}
	s.stats.Resumed = s.stats.Done
	return nil
}

// run covers the shards that are left.
func (s *sweep) run(ctx context.Context, progress func(Progress)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work, results := make(chan int), make(chan outcome)
	var wg sync.WaitGroup
	for range max(1, s.in.Options.Workers) {
		wg.Go(func() {
			v := newEvaluator(s.floor, s.table)
			for n := range work {
				results <- v.run(n, s.shards[n])
			}
		})
	}
	go func() {
		s.feed(ctx, work)
		wg.Wait()
		close(results)
	}()
	var err error
	for o := range results {
		if err == nil {
			err = s.record(o)
		}
		if err != nil {
			cancel()
			continue
		}
		if progress != nil {
			progress(s.stats.Progress)
		}
	}
	return err
}

// feed hands out shards until none is left or ctx ends.
func (s *sweep) feed(ctx context.Context, work chan<- int) {
	defer close(work)
	var todo []int
	for n, done := range s.done {
		if !done {
			todo = append(todo, n)
		}
	}
	for _, n := range todo {
		select {
		case work <- n:
		case <-ctx.Done():
			return
		}
	}
}

// record takes in a shard's outcome and writes it to the journal.
func (s *sweep) record(o outcome) error {
	if o.err != nil {
		return o.err
	}
	s.merge(o)
	s.stats.Priced += o.priced
	s.stats.clock(time.Since(s.start))
	s.stats.PricedPerSec = float64(s.stats.Priced) / s.stats.Elapsed.Seconds()
	line := journalLine{Shard: o.shard, Parts: make([]journalPart, len(o.parts))}
	for i := range o.parts {
		o.parts[i].front = survivors(o.parts[i].front, s.parts[i].front)
		line.Parts[i] = journalPart{o.parts[i], o.parts[i].front}
	}
	return s.journal.write(line)
}

// merge adds an outcome to the parts' tallies.
func (s *sweep) merge(o outcome) {
	s.done[o.shard] = true
	s.left--
	s.stats.Front = 0
	for i := range o.parts {
		s.parts[i].add(&o.parts[i])
		s.stats.Done += o.parts[i].Legal
		s.stats.Fit += o.parts[i].Fit
		s.stats.Feasible += o.parts[i].Feasible
		s.stats.Front += len(s.parts[i].front)
	}
}

// survivors are the points of a shard that are on the front it was merged into. Both
// are in the order of before.
func survivors(points, front []ranked) []ranked {
	kept := []ranked{}
	for _, p := range points {
		for len(front) > 0 && front[0].before(p) < 0 {
			front = front[1:]
		}
		if len(front) > 0 && front[0] == p {
			kept = append(kept, p)
		}
	}
	return kept
}

// design is the legal point of a rank.
func (s *site) design(rank int64) (configs.Design, error) {
	index, err := s.grid.Index(big.NewInt(rank))
	if err != nil {
		return configs.Design{}, err
	}
	return s.grid.Design(index)
}
