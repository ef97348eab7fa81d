package exact

import (
	"context"
	"fmt"

	"vitdse/dse/jobs"
)

// exactPartsKind is of an exact search that is done elsewhere: a job is the search on a part. Parts have fronts of
// their own, so that nothing that one finds depends on another; of a part's own jobs each needs the front before it.
const exactPartsKind = exactKind + " of a part"

// groupSeconds is about how long a job of an exact search takes.
const groupSeconds = 0.1

// partLines are what the jobs of a part found, in their order.
type partLines []exactLine

// elsewhere has the search done part by part where the options say. done is false where it is left to this process.
func (x *exact) elsewhere(ctx context.Context, say func()) (done bool, err error) {
	e := x.in.Options.Elsewhere
	plan := jobs.Plan{Kind: exactPartsKind, Inputs: x.plan.Inputs, Jobs: len(x.byPart)}
	mine, err := e.Mine(ctx, plan)
	if err != nil || e == nil || e.Do == nil && !mine {
		return err != nil, err
	}
	err = jobs.Run(ctx, x.partsLeft(mine), jobs.Work[partLines]{
		Workers: 1, // a part takes all processors
		Worker:  func() func(context.Context, int) (partLines, error) { return x.searchPart },
		Take: func(part int, lines partLines) error {
			defer say()
			return x.takePart(part, lines)
		},
		Elsewhere: e, Plan: plan, Cost: func(part int) float64 { return groupSeconds * float64(len(x.byPart[part].groups)) },
	})
	for _, batch := range x.batches {
		x.enter(batch)
	}
	return true, err
}

// partsLeft are the parts with jobs that are left, or for a task all.
func (x *exact) partsLeft(all bool) []int {
	left := make([]bool, len(x.byPart))
	for n, j := range x.jobs {
		left[j.part] = left[j.part] || all || x.results[n] == nil
	}
	var list []int
	for part, l := range left {
		if l {
			list = append(list, part)
		}
	}
	return list
}

// searchPart does the jobs of a part.
func (x *exact) searchPart(ctx context.Context, part int) (partLines, error) {
	var lines partLines
	for _, batch := range x.batches {
		if x.jobs[batch[0]].part != part {
			continue
		}
		if err := x.batch(ctx, batch, func() {}); err != nil {
			return nil, err
		}
		for _, n := range batch {
			lines = append(lines, x.results[n].line())
		}
	}
	return lines, nil
}

// takePart takes in what another process found on a part; what the journal has already stays.
func (x *exact) takePart(part int, lines partLines) error {
	for n, j := range x.jobs {
		if j.part != part {
			continue
		}
		if len(lines) == 0 {
			return fmt.Errorf("a record of the search on %s has too few jobs; remove the folder of its array job and submit "+
				"it again", x.byPart[part].part.Name)
		}
		l := lines[0]
		lines = lines[1:]
		if x.results[n] != nil {
			continue
		}
		f, err := l.jobResult()
		if err != nil {
			return err
		}
		x.take(n, f)
		if err := x.journal.Write(n, l); err != nil {
			return err
		}
	}
	return nil
}
