package jobs

import (
	"context"
	"encoding/json"
	"errors"
)

// Elsewhere is where the jobs of a plan are done but on this process's goroutines. One of its functions is set.
type Elsewhere struct {
	// Do has the jobs of a list done on other machines and hands over what each gave, once, from this goroutine. cost is
	// about how many seconds a job takes. The error says which jobs are missing, and why.
	Do func(ctx context.Context, p Plan, list []int, cost func(job int) float64,
		found func(Record[json.RawMessage]) error) error

	// Part is set where this process is a task of work that was submitted elsewhere. It does those jobs of the list that
	// are the task's and keeps what they give. An error that wraps ErrForeign says that the plan is of other work of the
	// same kind, errors.ErrUnsupported that it is of another kind, which this process has to do for itself.
	Part func(ctx context.Context, p Plan, list []int, do func(ctx context.Context, job int) (any, error)) error
}

// ErrPart ends the work of a task: its jobs are done, and the rest is not its own.
var ErrPart = errors.New("this process does a part of the jobs only")

// ErrForeign says that a plan is of the kind of a task's work, but has other inputs.
var ErrForeign = errors.New("the inputs are not those of the work that was submitted")

// Mine says whether this process is a task of the plan's jobs; the error wraps ErrForeign where it is one of other work
// of the same kind.
func (e *Elsewhere) Mine(ctx context.Context, p Plan) (bool, error) {
	if e == nil || e.Part == nil {
		return false, nil
	}
	err := e.Part(ctx, p, nil, nil)
	if errors.Is(err, errors.ErrUnsupported) {
		return false, nil
	}
	return err == nil, err
}

// elsewhere does the jobs on other machines, or this task's part of them. done is false where the list is left to
// this process.
func (w Work[R]) elsewhere(ctx context.Context, list []int) (done bool, err error) {
	e := w.Elsewhere
	switch {
	case e == nil || len(list) == 0 && e.Part == nil:
		return false, nil
	case e.Part != nil:
		one := w.Worker()
		err := e.Part(ctx, w.Plan, list, func(ctx context.Context, job int) (any, error) { return one(ctx, job) })
		if errors.Is(err, errors.ErrUnsupported) {
			return false, nil
		}
		if err == nil {
			err = ErrPart
		}
		return true, err
	}
	cost := w.Cost
	if cost == nil {
		cost = func(int) float64 { return 1 }
	}
	return true, e.Do(ctx, w.Plan, list, cost, func(r Record[json.RawMessage]) error {
		var value R
		if err := json.Unmarshal(r.Value, &value); err != nil {
			return err
		}
		return w.Take(r.Job, value)
	})
}
