package array

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
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
	ctx := context.Background()
	t, err := Open(ctx, dir, i, "test build", func(_ context.Context, tool string) (string, error) {
		text, err := os.ReadFile(filepath.Join(dir, tool)) // what is on this node
		return string(text), err
	})
	if err != nil {
		return err
	}
	did, err := os.OpenFile(filepath.Join(dir, "did"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	err = t.Part(ctx, t.Work.Plan, t.Jobs(), func(_ context.Context, job int) (any, error) {
		time.Sleep(200 * time.Millisecond)
		fmt.Fprintln(did, job)
		if _, err := os.Stat(filepath.Join(dir, fmt.Sprintf("fail%d", job))); err == nil {
			return 0, errors.New("told to fail")
		}
		return job * job, nil
	})
	if err != nil && !errors.Is(err, ErrJobs) {
		err = errors.Join(err, t.Failed(err))
	}
	return err
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

// work is the work of the tests' tasks.
var work = Work{Plan: plan, Build: "test build"}

// numbers are the jobs 0 to n-1.
func numbers(n int) []int {
	var list []int
	for job := range n {
		list = append(list, job)
	}
	return list
}

func second(int) float64 { return 1 }

// squares takes what the jobs of a Do give, each once.
type squares map[int]int

func (s squares) take(r jobs.Record[json.RawMessage]) error {
	if _, twice := s[r.Job]; twice {
		return fmt.Errorf("job %d comes twice", r.Job)
	}
	value, err := strconv.Atoi(string(r.Value))
	s[r.Job] = value
	return err
}

func (s squares) check(t *testing.T, n int) {
	t.Helper()
	if len(s) != n {
		t.Errorf("%d results; expected %d", len(s), n)
	}
	for job, v := range s {
		if v != job*job {
			t.Errorf("job %d gave %d", job, v)
		}
	}
}

// local does n jobs in three processes.
func local(t *testing.T) Options {
	return Options{Engine: "local", Program: program(t), Tasks: 3, Workers: 3, Poll: 20 * time.Millisecond,
		Warn: func(said string) { t.Log(said) }}
}

// folder is where the tests' programs find what they are told.
func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "work")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLocal(t *testing.T) {
	dir, got := folder(t), squares{}
	if err := Do(t.Context(), dir, work, local(t), numbers(6), second, got.take); err != nil {
		t.Fatal(err)
	}
	got.check(t, 6)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
}

// A job that fails is named with its node and log, and the others are done; a command that is interrupted keeps what
// is there; the next one does what is missing, and nothing else.
func TestFailuresAndInterruption(t *testing.T) {
	dir := folder(t)
	fail := filepath.Join(dir, "fail3")
	if err := os.WriteFile(fail, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	o := local(t)
	o.Tasks, o.Workers = 2, 2
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for done := 0; done < 2; {
			text, _ := os.ReadFile(filepath.Join(dir, "did"))
			done = strings.Count(string(text), "\n")
			time.Sleep(10 * time.Millisecond)
		}
		stop()
	}()
	if err := Do(ctx, dir, work, o, numbers(6), second, squares{}.take); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	var heard []Failure
	o.Failed = func(list []Failure) { heard = list }
	o.Resume = true
	got := squares{}
	err := Do(t.Context(), dir, work, o, numbers(6), second, got.take)
	host, _ := os.Hostname()
	if err == nil || !strings.Contains(err.Error(), "job 3 failed on "+host+": told to fail") ||
		!strings.Contains(err.Error(), ".log") {
		t.Errorf("error is %v", err)
	}
	if len(heard) != 1 || heard[0].Job != 3 {
		t.Errorf("heard of %v", heard)
	}
	got.check(t, 5)
	if err := errors.Join(os.Remove(fail), os.Remove(filepath.Join(dir, "did"))); err != nil {
		t.Fatal(err)
	}
	again := squares{}
	did := make(chan string, 1)
	o.Warn = nil
	keep := func(r jobs.Record[json.RawMessage]) error {
		if r.Job == 3 {
			text, _ := os.ReadFile(filepath.Join(dir, "did"))
			did <- string(text)
		}
		return again.take(r)
	}
	if err := Do(t.Context(), dir, work, o, numbers(6), second, keep); err != nil {
		t.Fatal(err)
	}
	again.check(t, 6)
	if text := <-did; text != "3\n" {
		t.Errorf("resumed, the jobs %q were done; expected 3 only", strings.Fields(text))
	}
}

// put writes records of jobs as a task does.
func put(t *testing.T, dir string, list ...int) {
	t.Helper()
	b := &bundle{dir: dir, plan: plan, keep: time.Hour}
	for _, job := range list {
		if err := b.add(job, time.Now(), job*job); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.flush(); err != nil {
		t.Fatal(err)
	}
}

// A record that is damaged is named and left out, and taken when it has been written again; records of tasks that ran
// twice, in other bundles, and with clocks that are off, are taken once.
func TestRecords(t *testing.T) {
	dir := folder(t)
	put(t, dir, 0, 1, 2)
	put(t, dir, 0, 1)
	put(t, dir, 1, 2, 3)
	put(t, dir, 4)
	names, err := filepath.Glob(filepath.Join(dir, records, "*.jsonl"))
	if err != nil || len(names) != 4 {
		t.Fatalf("files %v, %v", names, err)
	}
	for i, name := range names {
		when := time.Now().Add(time.Duration(i-2) * 7 * time.Minute)
		if err := os.Chtimes(name, when, when); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(names[3])
	if err == nil {
		err = os.WriteFile(names[3], text[:len(text)-3], 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	said, got := "", squares{}
	r := NewRecords(dir, plan, func(s string) { said += s + "\n" })
	for range 2 {
		if err := r.Next(got.take); err != nil {
			t.Fatal(err)
		}
	}
	got.check(t, 4)
	if strings.Count(said, "is damaged") != 1 || !strings.Contains(said, filepath.Base(names[3])+":1") {
		t.Errorf("says %s", said)
	}
	put(t, dir, 4)
	if err := r.Next(got.take); err != nil {
		t.Fatal(err)
	}
	got.check(t, 5)
}

// Two runs of a task at once, as after a requeue, give every record, and each is taken once.
func TestTaskTwice(t *testing.T) {
	dir := folder(t)
	w := work
	w.Tasks = [][]int{numbers(4)}
	if err := Create(dir, w); err != nil {
		t.Fatal(err)
	}
	var runs sync.WaitGroup
	for i := range 2 {
		runs.Go(func() {
			time.Sleep(time.Duration(i) * 300 * time.Millisecond)
			if out, err := exec.Command(program(t), "task", dir, "0").CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	runs.Wait()
	got := squares{}
	if err := NewRecords(dir, plan, func(said string) { t.Error(said) }).Next(got.take); err != nil {
		t.Fatal(err)
	}
	got.check(t, 4)
}

// A node whose disk is full fails its task with the reason, and loses no record of another.
func TestFullDisk(t *testing.T) {
	dir := folder(t)
	w := work
	w.Tasks = [][]int{{0, 1}, {2, 3}}
	if err := Create(dir, w); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program(t), "task", dir, "1").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, hosts, "0"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	full := exec.Command("sh", "-c", `ulimit -f 0; exec "$0" task "$1" 0`, program(t), dir) // no file may grow
	if out, err := full.CombinedOutput(); err == nil || !strings.Contains(string(out), "file too large") {
		t.Errorf("error is %v: %s", err, out)
	}
	got := squares{}
	if err := NewRecords(dir, plan, func(said string) { t.Error(said) }).Next(got.take); err != nil {
		t.Fatal(err)
	}
	got.check(t, 2)
	left, err := filepath.Glob(filepath.Join(dir, "*", "*.tmp*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestRefused(t *testing.T) {
	dir := folder(t)
	w := work
	w.Tasks, w.Tools = [][]int{{0, 1}}, map[string]string{"yosys": "Yosys 0.23"}
	if err := Create(dir, w); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "yosys"), []byte("Yosys 0.40"), 0o666); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for name, text := range map[string]string{"sbatch": "echo 1", "squeue": "", "scancel": "",
		"scontrol": "echo 'MaxArraySize            = 3'"} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o777); err != nil {
				t.Fatal(err)
			}
		})
	}
	other := filepath.Join(bin, "job.sh")
	if err := os.WriteFile(other, []byte("#!/bin/sh\necho\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	do := func(dir string, o Options, p jobs.Plan, n int) error {
		w := work
		w.Plan = p
		o.Program = program(t)
		return Do(t.Context(), dir, w, o, numbers(n), second, squares{}.take)
	}
	fresh := filepath.Join(t.TempDir(), "work")
	ask := func(_ context.Context, tool string) (string, error) { return "Yosys 0.40", nil }
	for name, c := range map[string]struct {
		do   func() error
		says string
	}{
		"an engine of no name": {func() error { return do(fresh, Options{Engine: "cray", Tasks: 2}, plan, 2) },
			"expected one of local, slurm, lsf, sge, pbs, hq, k8s"},
		"a command that is missing": {func() error { return do(fresh, Options{Engine: "lsf", Tasks: 2}, plan, 2) },
			"run this where its commands are, or use --engine local"},
		"a template that runs nothing": {func() error {
			return do(fresh, Options{Engine: "slurm", Template: other, Tasks: 2}, plan, 2)
		},
			"does not contain {{.Command}}, which runs a task; vitdse task --template slurm shows"},
		"a template that a site must fill in": {func() error { return do(fresh, Options{Engine: "k8s", Tasks: 2}, plan, 2) },
			"SITE stands where a name of your site goes"},
		"an array above the limit": {func() error { return do(fresh, Options{Engine: "slurm", Tasks: 4}, plan, 4) },
			"above this site's limit of 3 (scontrol show config); give --tasks 3 or less"},
		"memory, which no node sees": {func() error {
			return do("/dev/shm/vitdse-test/work", Options{Engine: "slurm", Tasks: 2}, plan, 2)
		}, "which no node sees; give --work FOLDER"},
		"nothing to resume": {func() error { return do(fresh, Options{Engine: "local", Tasks: 2, Resume: true}, plan, 2) },
			"leave the flag out to submit one"},
		"other work in the folder": {func() error {
			return do(dir, Options{Engine: "local", Tasks: 1}, jobs.Plan{Kind: "other", Jobs: 2}, 2)
		},
			"holds the tasks of other work (vitdse test"},
		"another build": {func() error { _, err := Open(t.Context(), dir, 0, "other build", ask); return err },
			"install the same on every node"},
		"a task too many": {func() error { _, err := Open(t.Context(), dir, 1, "test build", ask); return err },
			"not one of the 1"},
		"no folder": {func() error { _, err := Load(filepath.Join(dir, "nothing")); return err }, "holds no work"},
		"another tool on a node": {func() error { _, err := Open(t.Context(), dir, 0, "test build", ask); return err },
			`has yosys "Yosys 0.40", the machine that submitted has "Yosys 0.23"`},
		"other inputs on a node": {func() error {
			task := &Task{host: "n1", Work: Work{Plan: plan}}
			p := plan
			p.Inputs = "4567"
			return task.Part(t.Context(), p, nil, nil)
		}, "node n1: the inputs are not those of the work that was submitted"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.do(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v; expected it to say %q", err, c.says)
			}
			if _, err := os.Stat(fresh); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a folder is left: %v", err)
			}
		})
	}
}

// A node with another Yosys, and nodes that see no folder, are errors that say so after the array has ended.
func TestNodesThatDiffer(t *testing.T) {
	dir := folder(t)
	if err := os.WriteFile(filepath.Join(dir, "yosys"), []byte("Yosys 0.40"), 0o666); err != nil {
		t.Fatal(err)
	}
	w := work
	w.Tools = map[string]string{"yosys": "Yosys 0.23"}
	host, _ := os.Hostname()
	err := Do(t.Context(), dir, w, local(t), numbers(2), second, squares{}.take)
	if want := "node " + host + ` has yosys "Yosys 0.40", the machine that submitted has "Yosys 0.23"`; err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("error is %v; expected %q", err, want)
	}
	o := local(t)
	o.Program = "/bin/true"
	if err := Do(t.Context(), folder(t), work, o, numbers(2), second, squares{}.take); err == nil ||
		!strings.Contains(err.Error(), "do not see that folder") {
		t.Errorf("error is %v", err)
	}
}

// Tasks are of about equal cost, of least seconds each, and have every job once.
func TestCut(t *testing.T) {
	list := numbers(50)
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
