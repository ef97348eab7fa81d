package measuring

import (
	"context"
	"errors"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/jobs"
	"vitdse/golden/measure"
)

// settings are the jobs of a measurement of sensitivities, an entry of the table each. A journal in the cache keeps
// what they gave until the whole table is there.
type settings struct {
	work    Work
	plan    jobs.Plan
	path    string // of the journal, "" for none
	journal *jobs.Journal[float64]
	known   map[int]float64
	done    int
	total   int
	mine    bool // this process is a task that measures some of them
}

// passSeconds is about how long an integer network takes over so many images on one core with AVX2: 20 billion products
// a second.
func passSeconds(m configs.Model, images int) float64 {
	net, err := network.Compile(m)
	if err != nil {
		return 1 // the network is refused later
	}
	return float64(images) * float64(net.MACs()) / 20e9
}

// newSettings are those of the measurement under a key of the cache.
func (w Work) newSettings(ctx context.Context, key string, sweep measure.Sweep, m configs.Model,
	reference configs.Numerics) (*settings, error) {
	total, err := sweep.Count(m, reference)
	if err != nil {
		return nil, err
	}
	plan := jobs.Plan{Kind: "vitdse sensitivities", Inputs: key, Jobs: total}
	s := &settings{work: w, plan: plan, journal: new(jobs.Journal[float64]), known: map[int]float64{}, total: total}
	if s.mine, err = w.Elsewhere.Mine(ctx, plan); err != nil {
		return nil, err
	}
	if w.Cache.Holds() && !s.mine {
		s.path = w.Cache.Path("sensitivity", key, ".part")
	}
	return s, nil
}

// open starts the journal or takes up where it ends, and has what is left measured elsewhere if so told. Where the
// journal cannot be written to, or another process measures the same, nothing is kept.
func (s *settings) open(ctx context.Context, cost float64) error {
	j, records, err := jobs.Open[float64](s.path, s.plan, true, s.work.Say, nil)
	if held := (*jobs.HeldError)(nil); err != nil && !errors.As(err, &held) {
		s.work.Cache.Failed(err)
	}
	if err == nil {
		s.journal = j
	}
	for _, r := range records {
		s.known[r.Job] = r.Value
	}
	s.done = len(s.known)
	if e := s.work.Elsewhere; e == nil || e.Do == nil {
		return nil
	}
	s.say()
	err = jobs.Run(ctx, jobs.Left(s.plan, records), jobs.Work[float64]{
		Elsewhere: s.work.Elsewhere, Plan: s.plan, Cost: func(int) float64 { return cost },
		Take: func(n int, total float64) error {
			s.known[n] = total
			s.done++
			s.say()
			s.work.Cache.Failed(s.journal.Write(n, total))
			return nil
		},
	})
	if err != nil {
		s.work.Cache.Failed(s.journal.Close())
	}
	return err
}

func (s *settings) say() {
	if s.work.Progress != nil {
		s.work.Progress(s.done, s.total)
	}
}

// run takes entries from what was kept, and measures the others.
func (s *settings) run(ctx context.Context, list []int, of func(context.Context, int) (float64, error),
	take func(int, float64) error) error {
	if s.mine {
		return s.work.Elsewhere.Part(ctx, s.plan, list, func(ctx context.Context, n int) (any, error) { return of(ctx, n) })
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
