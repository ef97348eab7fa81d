package main

import (
	"context"
	"runtime"

	"vitdse/dse/jobs"
)

// batch is numbered jobs of a command: what they give is kept in a journal as it comes, whether they are done in this
// process or as an array job.
type batch[R any] struct {
	a           *app
	plan        jobs.Plan
	path        string // of the journal
	title, unit string // of the task, and of what its rate counts
	had         int    // units done before, that are no jobs of the list
	size, total int64  // units of a job, and of all; 0 for one each
	machines    arrayFlags
	work        string   // folder of an array job
	tools       []string // whose versions results depend on
	cost        func(job int) float64
	one         func(ctx context.Context, job int) (R, error)
	worker      func() func(ctx context.Context, job int) (R, error) // in the place of one, for each goroutine
	name        func(R) string                                       // of what was done last; may be nil
	workers     int                                                  // of this process; 0 is one a processor

	found   map[int]R
	journal *jobs.Journal[R]
}

// run does those jobs of a list that the journal does not have yet. What was found is in found then, also where it
// fails or is interrupted.
func (b *batch[R]) run(ctx context.Context, list []int) error {
	st := b.a.stages()
	defer st.Drop()
	elsewhere := b.a.elsewhere(b.machines, b.work, st, b.tools...)
	mine, err := elsewhere.Mine(ctx, b.plan)
	if err != nil {
		return err
	}
	path := b.path
	if mine {
		path = ""
	}
	journal, records, err := jobs.Open[R](path, b.plan, true, func(said string) { b.a.log.Warn(said) },
		st.Reading("reading "+path))
	if err != nil {
		return err
	}
	b.journal, b.found = journal, map[int]R{}
	wanted := map[int]bool{}
	for _, n := range list {
		wanted[n] = true
	}
	for _, r := range records {
		if wanted[r.Job] {
			b.found[r.Job] = r.Value
		}
	}
	var left []int
	for _, n := range list {
		if _, done := b.found[n]; !done {
			left = append(left, n)
		}
	}
	units := func(n int) int64 {
		if b.size == 0 {
			return int64(b.had + n)
		}
		return min(int64(n)*b.size, b.total)
	}
	say := func(detail string) { st.Set(b.title, b.unit, units(len(b.found)), units(len(list)), detail) }
	say("")
	st.Resumed(units(len(b.found)))
	workers := b.workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	err = jobs.Run(ctx, left, jobs.Work[R]{
		Workers: workers,
		Worker: func() func(context.Context, int) (R, error) {
			if b.worker != nil {
				return b.worker()
			}
			return b.one
		},
		Take: func(n int, r R) error {
			b.found[n] = r
			detail := ""
			if b.name != nil {
				detail = b.name(r)
			}
			say(detail)
			return journal.Write(n, r)
		},
		Elsewhere: elsewhere, Plan: b.plan, Cost: b.cost,
	})
	if err == nil {
		st.End()
	}
	return err
}

// close keeps the journal for the command that goes on.
func (b *batch[R]) close() error {
	if b.journal == nil {
		return nil
	}
	return b.journal.Close()
}

// forget deletes the journal: what it has is kept elsewhere.
func (b *batch[R]) forget() error {
	if b.journal == nil {
		return nil
	}
	return b.journal.Remove()
}
