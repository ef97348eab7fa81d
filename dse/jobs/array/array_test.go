package array

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitdse/dse/jobs"
)

// Run as a task, this test is the program of the nodes: it squares the numbers of its jobs, slowly.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "task" {
		if err := fakeTask(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func fakeTask(dir, index string) error {
	i, err := strconv.Atoi(index)
	if err != nil {
		return err
	}
	t, err := Open(dir, i, "test build")
	if err != nil {
		return err
	}
	return Run(context.Background(), t, t.Jobs(), func(_ context.Context, job int) (int, error) {
		time.Sleep(200 * time.Millisecond)
		if _, err := os.Stat(filepath.Join(dir, fmt.Sprintf("fail%d", job))); err == nil {
			return 0, errors.New("told to fail")
		}
		return job * job, nil
	})
}

var plan = jobs.Plan{Kind: "vitdse test", Inputs: "0123", Jobs: 100}

func program(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// submit cuts the jobs that have no record into tasks.
func submit(t *testing.T, dir string, n, tasks int) {
	t.Helper()
	var list []int
	for job := range n {
		if _, err := os.Stat(recordPath(dir, job)); err != nil {
			list = append(list, job)
		}
	}
	w := Work{Plan: plan, Build: "test build", Tasks: Cut(list, func(int) float64 { return 1 }, tasks, 0)}
	if err := Create(dir, w); err != nil {
		t.Fatal(err)
	}
}

func checkRecords(t *testing.T, dir string, n int) {
	t.Helper()
	got, err := Gather[int](dir, plan, func(said string) { t.Error(said) })
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != n {
		t.Fatalf("%d records; expected %d", len(got), n)
	}
	for i, r := range got {
		if r.Job != i || r.Value != i*i {
			t.Errorf("record %d is %+v", i, r)
		}
	}
}

func TestLocal(t *testing.T) {
	dir := t.TempDir()
	submit(t, dir, 6, 3)
	reached := 0
	o := Options{Engine: "local", Program: program(t), Workers: 3, Poll: 50 * time.Millisecond, Progress: func(done, _ int) { reached = done }}
	if err := Submit(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	checkRecords(t, dir, 6)
	if reached != 6 {
		t.Errorf("progress ended at %d", reached)
	}
}

// A job that fails is named with its node and log, and the others are done; a command that is interrupted keeps what
// is there; the next one does what is missing.
func TestFailuresAndInterruption(t *testing.T) {
	dir := t.TempDir()
	submit(t, dir, 6, 2)
	fail := filepath.Join(dir, "fail3")
	if err := os.WriteFile(fail, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	o := Options{Engine: "local", Program: program(t), Workers: 2, Poll: 20 * time.Millisecond}
	ctx, stop := context.WithCancel(t.Context())
	o.Progress = func(done, _ int) {
		if done >= 2 {
			stop()
		}
	}
	if err := Submit(ctx, dir, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	if done, _ := count(dir); done < 2 || done > 5 {
		t.Errorf("%d jobs are done", done)
	}
	o.Progress = nil
	submit(t, dir, 6, 2)
	err := Submit(t.Context(), dir, o)
	host, _ := os.Hostname()
	if err == nil || !strings.Contains(err.Error(), "job 3 failed on "+host+": told to fail") || !strings.Contains(err.Error(), ".log") {
		t.Errorf("error is %v", err)
	}
	if err := os.Remove(fail); err != nil {
		t.Fatal(err)
	}
	submit(t, dir, 6, 2)
	if err := Submit(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	checkRecords(t, dir, 6)
}

// A record that is damaged, or of another job, is named and left out.
func TestDamagedRecords(t *testing.T) {
	dir := t.TempDir()
	submit(t, dir, 3, 1)
	for job := range 3 {
		if err := Keep(dir, plan, job, job*job); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(recordPath(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string][]byte{recordPath(dir, 1): text[:len(text)-3], recordPath(dir, 2): text} {
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	said := ""
	got, err := Gather[int](dir, plan, func(s string) { said += s + "\n" })
	if err != nil || len(got) != 1 || got[0].Job != 0 || strings.Count(said, "is damaged") != 2 {
		t.Errorf("%v, %v, says %s", got, err, said)
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	submit(t, dir, 2, 1)
	other := filepath.Join(t.TempDir(), "job.sh")
	if err := os.WriteFile(other, []byte("#!/bin/sh\necho\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	silent := "/bin/true"
	for name, c := range map[string]struct {
		do   func() error
		says string
	}{
		"an engine of no name":         {func() error { return Submit(t.Context(), dir, Options{Engine: "cray"}) }, "expected one of local, slurm"},
		"a template that runs nothing": {func() error { _, err := Options{Engine: "slurm", Template: other}.script(dir, Work{}); return err }, "does not contain {{.Command}}"},
		"another build":                {func() error { _, err := Open(dir, 0, "other build"); return err }, "install the same on every node"},
		"a task too many":              {func() error { _, err := Open(dir, 1, "test build"); return err }, "not one of the 1"},
		"other work in the folder":     {func() error { return Create(dir, Work{Plan: jobs.Plan{Kind: "other"}}) }, "other work"},
		"nodes that see no folder":     {func() error { return Submit(t.Context(), dir, Options{Engine: "local", Program: silent}) }, "do not see that folder"},
		"no folder":                    {func() error { _, err := Load(filepath.Join(dir, "nothing")); return err }, "holds no work"},
		"another tool on a node": {func() error {
			task := &Task{host: "n1", Work: Work{Tools: map[string]string{"yosys": "0.23"}}}
			return task.CheckTools(map[string]string{"yosys": "0.40"})
		}, `node n1 has yosys "0.40", the machine that submitted has "0.23"`},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.do(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v; expected it to say %q", err, c.says)
			}
		})
	}
}

// Tasks are of about equal cost, of least seconds each, and have every job once.
func TestCut(t *testing.T) {
	var list []int
	for job := range 50 {
		list = append(list, job)
	}
	cost := func(job int) float64 { return float64(1 + job%7*10) }
	cut := Cut(list, cost, 8, 0)
	if len(cut) != 8 {
		t.Fatalf("%d tasks", len(cut))
	}
	seen := map[int]bool{}
	least, most := 1e9, 0.0
	for _, c := range cut {
		sum := 0.0
		for _, job := range c {
			if seen[job] {
				t.Errorf("job %d twice", job)
			}
			seen[job] = true
			sum += cost(job)
		}
		least, most = min(least, sum), max(most, sum)
	}
	if len(seen) != 50 || most > 1.15*least {
		t.Errorf("%d jobs, tasks of %g to %g s", len(seen), least, most)
	}
	if n := len(Cut(list, cost, 8, 500)); n != 3 { // 1,520 s in all
		t.Errorf("%d tasks of at least 500 s", n)
	}
}
