package dse

import (
	"context"
	"sync"
	"time"
)

// run does the jobs that are left, batch by batch.
func (x *exact) run(ctx context.Context, progress func(Progress)) error {
	for _, batch := range x.batches {
		if ctx.Err() != nil {
			break
		}
		if err := x.batch(ctx, batch, progress); err != nil {
			return err
		}
	}
	return nil
}

// batch does the jobs of one batch, against the front before it, and merges what they
// found in their order: so no result depends on which job ends first.
func (x *exact) batch(ctx context.Context, batch []int, progress func(Progress)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		job  int
		find *finding
		err  error
	}
	work, results := make(chan int, len(batch)), make(chan outcome)
	for _, n := range batch {
		if x.results[n] == nil {
			work <- n
		}
	}
	close(work)
	var wg sync.WaitGroup
	for range max(1, x.in.Options.Workers) {
		wg.Go(func() {
			for n := range work {
				f, err := x.solve(ctx, n)
				results <- outcome{n, f, err}
			}
		})
	}
	go func() { wg.Wait(); close(results) }()
	var err error
	for o := range results {
		switch {
		case err != nil || ctx.Err() != nil && o.find == nil:
			continue
		case o.err != nil:
			err = o.err
		default:
			err = x.record(o.job, o.find, progress)
		}
		if err != nil {
			cancel()
		}
	}
	if err != nil {
		return err
	}
	for _, n := range batch {
		if f := x.results[n]; f != nil {
			for _, e := range f.points {
				x.archives[x.jobs[n].fleet].add(e.costs, e.what)
			}
		}
	}
	return nil
}

// record takes in what a job found and writes it to the journal.
func (x *exact) record(n int, f *finding, progress func(Progress)) error {
	if err := x.journal.write(f.line(n)); err != nil {
		return err
	}
	x.take(n, f)
	x.stats.clock(time.Since(x.start))
	x.stats.PricedPerSec = float64(x.stats.Priced) / x.stats.Elapsed.Seconds()
	if progress != nil {
		progress(x.stats.Progress)
	}
	return nil
}

// take counts a job's result.
func (x *exact) take(n int, f *finding) {
	j := x.jobs[n]
	x.results[n] = f
	x.left--
	x.books[j.fleet].add(&f.book)
	x.missed[j.fleet].add(f.misses)
	x.stats.Done += int64(len(x.fleets[j.fleet].hangars[j.hangar].engines))
	x.stats.Priced += f.priced
	x.stats.Labels += f.labels
	x.stats.Front = 0
	for i := range x.archives {
		x.stats.Front += len(x.archives[i].entries)
	}
	x.stats.Points = x.points(x.stats.Done)
}
