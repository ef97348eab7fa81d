// Package search holds what sweep and exact search share: what goes in, how far they are, what comes out, and the run's
// journal.
package search

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/jobs"
	"vitdse/dse/limits"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/hwmodel"
)

// Input is what a sweep covers and how.
type Input struct {
	Engine hwmodel.Engine
	Model  configs.Model
	Space  configs.Space
	Parts  []configs.Part
	Noise  noise.Func
	Limits limits.Limits

	// For Exact, which covers spaces that Sweep cannot enumerate: noise that adds up, in the
	// place of Noise, and what to minimise, DefaultObjectives if empty.
	Additive   noise.Additive
	Objectives []metric.Metric

	Options Options
}

// Options say how a sweep runs; its front depends on none but Seed, which it repeats.
type Options struct {
	Workers int    // goroutines, at least 1
	Seed    int64  // of all that is random; an exhaustive sweep draws nothing and only records it
	Dir     string // run directory for the journal; "" for none
	Resume  bool   // continue the journal that is there, if any
	Version string // of the tool; a journal of another version is refused

	Say func(string) // is told of lines of the journal that are left out; may be nil
	// Reading hears how many of how many bytes of the journal have been read; may be nil.
	Reading func(done, total int64)

	Elsewhere *jobs.Elsewhere // where sensitivities, shards and the front's points are computed; nil for this process
}

func (in Input) Check() error {
	if in.Engine == nil {
		return errors.New("no engine to explore")
	}
	if len(in.Parts) == 0 {
		return errors.New("no part to explore; expected at least one")
	}
	if in.Noise == nil {
		return errors.New("no prediction of noise")
	}
	return errors.Join(in.Model.Validate(), in.Space.Validate())
}

// Stats are the facts of a sweep that differ from run to run.
type Stats struct {
	Progress         // at the end
	Shards       int // of the sweep
	Classes      int // of numerics with the same price
	PricedPerSec float64
}

// Say brings what depends on the time up to now, and reports how far the search is; progress may be nil.
func (s *Stats) Say(start time.Time, progress func(Progress)) {
	s.Elapsed = time.Since(start)
	s.PricedPerSec = float64(s.Priced) / s.Elapsed.Seconds()
	if progress != nil {
		progress(s.Progress)
	}
}

// Result is what a sweep found.
type Result struct {
	Front *front.Front
	Stats Stats
}

// JournalFile is the name of the journal in a run directory, which dse/jobs keeps: a line for each shard of a sweep
// or job of an exact search. Points that an earlier line's points dominate are left out of a line's front.
const JournalFile = "journal.jsonl"

// Open starts the run's journal or takes up where it ends. A task of other work of the run, such as the front's
// measuring, only reads what the search has found.
func Open[R any](o Options, p jobs.Plan) (*jobs.Journal[R], []jobs.Record[R], error) {
	if o.Elsewhere != nil && o.Elsewhere.Part != nil {
		return new(jobs.Journal[R]), jobs.Read[R](o.Journal(), p), nil
	}
	return jobs.Open[R](o.Journal(), p, o.Resume, o.Say, o.Reading)
}

// Journal is the path of the run's journal, "" for none.
func (o Options) Journal() string {
	if o.Dir == "" {
		return ""
	}
	return filepath.Join(o.Dir, JournalFile)
}

// Probes is the number of points of a part whose prices are part of the hash.
const Probes = 32

// Interrupted says whether an error is only that ctx has ended.
func Interrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, context.Cause(ctx))
}
