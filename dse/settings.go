package dse

import (
	"context"
	"errors"

	"vitdse/configs"
	"vitdse/dse/jobs"
	"vitdse/golden/measure"
)

// settings are the jobs of a measurement of sensitivities, an entry of the table each. A journal in the cache keeps
// what they gave until the whole table is there.
type settings struct {
	work    Work
	plan    jobs.Plan
	journal *jobs.Journal[float64]
	known   map[int]float64
	done    int
	total   int
}

// settings opens the journal of the measurement under a key of the cache. Where it cannot be written to, or another
// process measures the same, nothing is kept.
func (w Work) settings(ctx context.Context, key string, sweep measure.Sweep, m configs.Model, reference configs.Numerics) (*settings, error) {
	total, err := sweep.Count(m, reference)
	if err != nil {
		return nil, err
	}
	plan := jobs.Plan{Kind: "vitdse sensitivities", Inputs: key, Jobs: total}
	s := &settings{work: w, plan: plan, journal: new(jobs.Journal[float64]), known: map[int]float64{}, total: total}
	path := ""
	if w.Cache.Holds() && w.Part == nil {
		path = w.Cache.Path("sensitivity", key, ".part")
	}
	j, records, err := jobs.Open[float64](path, plan, true, w.Say)
	if held := (*jobs.HeldError)(nil); err != nil && !errors.As(err, &held) {
		w.Cache.Failed(err)
	}
	if err == nil {
		s.journal = j
	}
	for _, r := range records {
		s.known[r.Job] = r.Value
	}
	s.done = len(s.known)
	s.say()
	if left := jobs.Left(plan, records); w.Elsewhere != nil && len(left) > 0 {
		return s, s.elsewhere(ctx, left)
	}
	return s, nil
}

// elsewhere has what is left measured on other machines.
func (s *settings) elsewhere(ctx context.Context, left []int) error {
	records, err := s.work.Elsewhere(ctx, s.plan, left)
	for _, r := range records {
		if _, known := s.known[r.Job]; !known {
			s.known[r.Job] = r.Value
			s.work.Cache.Failed(s.journal.Write(r.Job, r.Value))
		}
	}
	s.done = len(s.known)
	if err != nil {
		s.work.Cache.Failed(s.journal.Close())
		return err
	}
	s.say()
	return nil
}

func (s *settings) say() {
	if s.work.Progress != nil {
		s.work.Progress(s.done, s.total)
	}
}

// run takes entries from what was kept, and measures the others.
func (s *settings) run(ctx context.Context, list []int, of func(context.Context, int) (float64, error), take func(int, float64) error) error {
	if s.work.Part != nil {
		return s.work.Part(ctx, s.plan, list, of)
	}
	var left []int
	for _, n := range list {
		if total, ok := s.known[n]; !ok {
			left = append(left, n)
		} else if err := take(n, total); err != nil {
			return err
		}
	}
	return jobs.Run(ctx, left, jobs.Work[float64]{
		Workers: s.work.Workers,
		Worker:  func() func(context.Context, int) (float64, error) { return of },
		Take: func(n int, total float64) error {
			s.done++
			s.say()
			s.work.Cache.Failed(s.journal.Write(n, total))
			return take(n, total)
		},
	})
}
