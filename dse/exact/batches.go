package exact

import (
	"context"

	"vitdse/dse/jobs"
	"vitdse/dse/search"
)

// run does the jobs that are left, batch by batch.
func (x *exact) run(ctx context.Context, progress func(search.Progress)) error {
	say := func() { x.stats.Say(x.start, progress) }
	say()
	if done, err := x.elsewhere(ctx, say); done {
		return err
	}
	for _, batch := range x.batches {
		if err := x.batch(ctx, batch, say); err != nil {
			return err
		}
	}
	return nil
}

// batch does the jobs of one batch, against the front before it, and merges what they
// found in their order: so no result depends on which job ends first.
func (x *exact) batch(ctx context.Context, batch []int, say func()) error {
	var left []int
	for _, n := range batch {
		if x.results[n] == nil {
			left = append(left, n)
		}
	}
	err := jobs.Run(ctx, left, jobs.Work[*jobResult]{
		Workers: x.in.Options.Workers,
		Worker:  func() func(context.Context, int) (*jobResult, error) { return x.solve },
		Take: func(n int, f *jobResult) error {
			defer say()
			x.take(n, f)
			return x.journal.Write(n, f.line())
		},
	})
	if err != nil && !search.Interrupted(ctx, err) {
		return err
	}
	x.enter(batch)
	return err
}

// enter merges what the jobs of a batch found, in their order.
func (x *exact) enter(batch []int) {
	for _, n := range batch {
		if f := x.results[n]; f != nil {
			for _, e := range f.points {
				x.archives[x.jobs[n].part].Add(e.Costs, e.What)
			}
		}
	}
}

// take counts a job's result.
func (x *exact) take(n int, f *jobResult) {
	j := x.jobs[n]
	x.results[n] = f
	x.left--
	x.counts[j.part].Add(&f.counts)
	x.missed[j.part].add(f.misses)
	x.stats.Done += int64(len(x.byPart[j.part].groups[j.group].engines))
	x.stats.Priced += f.priced
	x.stats.Labels += f.labels
	x.stats.Front = 0
	for i := range x.archives {
		x.stats.Front += len(x.archives[i].Entries)
	}
	x.stats.Points = x.points(x.stats.Done)
}
