// Package jobs runs long work and keeps what it gave. Work is a Plan of numbered jobs; Run does those that are left on
// several goroutines; a Journal keeps every result as it comes, so that work that was stopped or killed goes on where
// it was. Results depend on the plan's inputs only: not on the number of workers, the order, or how often the work
// was interrupted.
package jobs

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Work says how jobs are done.
type Work[R any] struct {
	Workers int // goroutines; fewer than 1 is 1

	// Worker is called once a goroutine and gives what it does jobs with, which may keep a state of its own.
	Worker func() func(ctx context.Context, job int) (R, error)

	// Take is handed what each job gave, from one goroutine at a time, in the order in which they end.
	Take func(job int, value R) error

	// Where the jobs are done elsewhere, and what that needs; without it in this process.
	Elsewhere *Elsewhere
	Plan      Plan
	Cost      func(job int) float64 // seconds, about; nil for one each
}

// Run does the jobs of a list, in its order as far as workers are free. It ends with the first error of a job or of
// Take; if ctx ends first, the jobs at work end, what they gave is taken, and the error is the context's cause. In a
// task of work that was submitted elsewhere the error is ErrPart when its jobs are done.
func Run[R any](ctx context.Context, list []int, w Work[R]) error {
	if done, err := w.elsewhere(ctx, list); done {
		return err
	}
	within, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var mu sync.Mutex
	left, failed := len(list), false
	one := func(do func(context.Context, int) (R, error), job int) error {
		value, err := do(within, job)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if failed {
			return nil // what is taken is whole up to there
		}
		left--
		err = w.Take(job, value)
		failed = err != nil
		return err
	}
	var workers sync.WaitGroup
	for range min(max(1, w.Workers), len(list)) {
		workers.Go(func() {
			do := w.Worker()
			for within.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(list) {
					return
				}
				if err := one(do, list[n]); err != nil {
					stop(err)
				}
			}
		})
	}
	workers.Wait()
	if left == 0 && ctx.Err() != nil && context.Cause(within) == context.Cause(ctx) {
		return nil // it ended after the last job
	}
	return context.Cause(within)
}

// Left lists the jobs of a plan that have no record, ascending.
func Left[R any](p Plan, done []Record[R]) []int {
	known := make([]bool, p.Jobs)
	for _, r := range done {
		known[r.Job] = true
	}
	var list []int
	for job, known := range known {
		if !known {
			list = append(list, job)
		}
	}
	return list
}

// Pace is how fast work goes on, in any unit.
type Pace struct {
	Done, Total int64
	Resumed     int64 // of Done, done before this run
	Elapsed     time.Duration
}

// PerSecond is the rate of this run, 0 as long as it has done nothing.
func (p Pace) PerSecond() float64 {
	if p.Elapsed <= 0 {
		return 0
	}
	return float64(p.Done-p.Resumed) / p.Elapsed.Seconds()
}

// ETA is the time until Done is Total at the rate so far, and whether there is one yet.
func (p Pace) ETA() (left time.Duration, known bool) {
	rate := p.PerSecond()
	if rate <= 0 || p.Done >= p.Total {
		return 0, false
	}
	return time.Duration(float64(p.Total-p.Done) / rate * float64(time.Second)), true
}
