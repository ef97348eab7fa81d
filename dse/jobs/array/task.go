package array

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"vitdse/configs"
)

// Task is one task of an array, on the node that it runs on.
type Task struct {
	Dir   string
	Index int
	Work  Work
	host  string
}

// Open reads the task of an index, checks that this program is the one that was submitted, and leaves word that the
// node sees the folder.
func Open(dir string, index int, build string) (*Task, error) {
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
	if w.Build != build {
		return nil, fmt.Errorf("node %s: this program is %s, the work in %s was submitted by %s; install the same on every node", host, build, dir, w.Build)
	}
	t := &Task{dir, index, w, host}
	return t, configs.WriteFile(filepath.Join(dir, hosts, fmt.Sprint(index)), []byte(host+"\n"))
}

// CheckTools compares what the node's tools say of their version with those of the machine that submitted.
func (t *Task) CheckTools(here map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(t.Work.Tools)) {
		if want := t.Work.Tools[name]; here[name] != want {
			return fmt.Errorf("node %s has %s %q, the machine that submitted has %q; results would not be comparable", t.host, name, here[name], want)
		}
	}
	return nil
}

// Jobs are those of the task, ascending.
func (t *Task) Jobs() []int { return t.Work.Tasks[t.Index] }

// Run does those of the jobs of a list that are the task's and have no record yet, one after the other. A job that fails
// is noted, and the others go on; the error then says how many failed.
func Run[R any](ctx context.Context, t *Task, list []int, do func(ctx context.Context, job int) (R, error)) error {
	failed := 0
	for _, job := range t.Jobs() {
		if !slices.Contains(list, job) {
			continue
		}
		if _, err := os.Stat(recordPath(t.Dir, job)); err == nil {
			continue
		}
		value, err := do(ctx, job)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			failed++
			fmt.Fprintf(os.Stderr, "job %d: %v\n", job, err)
			if err := t.note(job, err); err != nil {
				return err
			}
			continue
		}
		if err := Keep(t.Dir, t.Work.Plan, job, value); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d jobs failed", failed, len(t.Jobs()))
	}
	return nil
}

func (t *Task) note(job int, why error) error {
	text, err := json.Marshal(failure{job, t.host, logPath(t.Dir, t.Index), why.Error()})
	if err != nil {
		return err
	}
	return configs.WriteFile(filepath.Join(t.Dir, failures, fmt.Sprintf("%06d.json", job)), append(text, '\n'))
}

func logPath(dir string, index int) string {
	return filepath.Join(dir, logs, fmt.Sprintf("%d.log", index))
}
