package array

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vitdse/configs"
	"vitdse/dse/jobs"
)

// ErrJobs says that jobs of a task failed, which are noted each.
var ErrJobs = errors.New("jobs failed")

// Task is one task of an array, on the node that it runs on.
type Task struct {
	Dir   string
	Index int
	Work  Work
	host  string
}

// Open reads the task of an index, leaves word that the node sees the folder, and checks that this program is the one
// that was submitted and that the node's tools are of the same versions: version says what a tool's is.
func Open(ctx context.Context, dir string, index int, build string,
	version func(ctx context.Context, tool string) (string, error)) (*Task, error) {
	w, err := Load(dir)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= len(w.Tasks) {
		return nil, fmt.Errorf("task %d is not one of the %d of %s", index, len(w.Tasks), dir)
	}
	if node := os.Getenv("SLURMD_NODENAME"); node != "" {
		host = node
	}
	t := &Task{dir, index, w, host}
	if err := configs.WriteFile(filepath.Join(dir, hosts, fmt.Sprint(index)), []byte(host+"\n")); err != nil {
		return nil, err
	}
	err = t.check(ctx, build, version)
	if err != nil {
		err = errors.Join(err, t.Failed(err))
	}
	return t, err
}

// check compares the program and what the node's tools say of their version with those of the machine that submitted.
func (t *Task) check(ctx context.Context, build string,
	version func(ctx context.Context, tool string) (string, error)) error {
	if t.Work.Build != build {
		return fmt.Errorf("node %s: this program is %s, the work in %s was submitted by %s; install the same on every node",
			t.host, build, t.Dir, t.Work.Build)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Work.Tools)) {
		here, err := version(ctx, name)
		if err != nil {
			return fmt.Errorf("node %s: %s: %w", t.host, name, err)
		}
		if want := t.Work.Tools[name]; here != want {
			return fmt.Errorf("node %s has %s %q, the machine that submitted has %q; results would not be comparable: "+
				"install the same, or keep the job template off that node", t.host, name, here, want)
		}
	}
	return nil
}

// Jobs are those of the task, ascending.
func (t *Task) Jobs() []int { return t.Work.Tasks[t.Index] }

// Part does those of the jobs of a list that are the task's and have no record yet, one after the other, as
// jobs.Elsewhere has it. A job that fails is noted, and the others go on; the error then says how many failed.
func (t *Task) Part(ctx context.Context, p jobs.Plan, list []int,
	do func(ctx context.Context, job int) (any, error)) error {
	switch {
	case p.Kind != t.Work.Plan.Kind:
		return errors.ErrUnsupported
	case p != t.Work.Plan:
		return fmt.Errorf("node %s: %w: %d jobs of inputs %.12s here, %d of %.12s where it was submitted; "+
			"the files that the command reads differ",
			t.host, jobs.ErrForeign, p.Jobs, p.Inputs, t.Work.Plan.Jobs, t.Work.Plan.Inputs)
	}
	r := NewRecords(t.Dir, p, func(said string) { fmt.Fprintln(os.Stderr, said) })
	if err := r.Next(func(jobs.Record[json.RawMessage]) error { return nil }); err != nil {
		return err
	}
	kept := &bundle{dir: t.Dir, plan: p, keep: gathering(len(t.Work.Tasks))}
	wanted := map[int]bool{}
	for _, job := range list {
		wanted[job] = true
	}
	failed := 0
	for _, job := range t.Jobs() {
		if r.Done(job) || !wanted[job] {
			continue
		}
		began := time.Now()
		value, err := do(ctx, job)
		if ctx.Err() != nil {
			return errors.Join(kept.flush(), context.Cause(ctx))
		}
		if err != nil {
			failed++
			fmt.Fprintf(os.Stderr, "job %d: %v\n", job, err)
			if err := t.note(fmt.Sprintf("%06d.json", job), Failure{Job: job, Why: err.Error()}); err != nil {
				return errors.Join(kept.flush(), err)
			}
			continue
		}
		if err := kept.add(job, began, value); err != nil {
			return err
		}
	}
	if err := kept.flush(); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%w: %d of %d", ErrJobs, failed, len(t.Jobs()))
	}
	return nil
}

// Failed notes that the task ended with an error, so that who waits for it can name it.
func (t *Task) Failed(why error) error {
	return t.note(fmt.Sprintf("task%06d.json", t.Index), Failure{Job: -1, Why: why.Error()})
}

func (t *Task) note(name string, f Failure) error {
	f.Task, f.Host, f.Log = t.Index, t.host, logPath(t.Dir, t.Index)
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return configs.WriteFile(filepath.Join(t.Dir, failures, name), append(text, '\n'))
}

func logPath(dir string, index int) string {
	return filepath.Join(dir, logs, fmt.Sprintf("%d.log", index))
}
