package array

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitdse/dse/jobs/array/slurmtest"
)

// On a real Slurm: an array job whose tasks are killed, requeued (so that one may run twice) and taken down with their
// node gives what one run gives; one that is held is named, with the command that releases it; a command that is killed
// comes back and waits for the same job; one that is told so cancels it.
func TestSlurm(t *testing.T) {
	slurmtest.Start(t)
	dir := filepath.Join(t.TempDir(), "work")
	o := Options{Engine: "slurm", Program: program(t), Tasks: 4, Poll: 200 * time.Millisecond, Shared: true,
		Say: func(said string) { t.Log(said) }, Warn: func(said string) { t.Log(said) }}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		slurmtest.Await(t, "two jobs", func() bool {
			text, _ := os.ReadFile(filepath.Join(dir, "did"))
			return bytes.Count(text, []byte("\n")) >= 2
		})
		stop()
	}()
	if err := Do(ctx, dir, work, o, numbers(12), second, squares{}.take); err == nil {
		t.Error("a command that was stopped says that all is done")
	}
	j, err := submittedJob(dir)
	if err != nil || j.ID == "" {
		t.Fatalf("the array job does not go on: %v, %v", j, err)
	}
	for _, args := range [][]string{
		{"scancel", "--signal=KILL", "--batch", j.ID + "_0"},
		{"scontrol", "requeue", j.ID + "_1"},
		{"scontrol", "requeuehold", j.ID + "_2"},
		{"scontrol", "update", "NodeName=two", "State=DOWN", "Reason=test"},
		{"scontrol", "update", "NodeName=two", "State=RESUME"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Logf("%v: %v %s", args, err, out) // the task may have ended
			if args[1] == "requeuehold" {       // or has not begun
				out, err := exec.Command("scontrol", "hold", args[2]).CombinedOutput()
				t.Logf("scontrol hold: %v %s", err, out)
			}
		}
	}
	slurmtest.Hurry(t)
	held := ""
	o.Warn = func(said string) {
		t.Log(said)
		if _, release, found := strings.Cut(said, "scontrol release "); found {
			held += said
			task, _, _ := strings.Cut(release, " ")
			if out, err := exec.Command("scontrol", "release", task).CombinedOutput(); err != nil {
				t.Errorf("%v %s", err, out)
			}
		}
	}
	got := squares{}
	if err := Do(t.Context(), dir, work, o, numbers(12), second, got.take); err != nil {
		t.Fatal(err) // what was killed is submitted again when the first array has ended
	}
	got.check(t, 12)
	if !strings.Contains(held, "task "+j.ID+"_2 is held by the scheduler (") {
		t.Errorf("of a task that is held: %q", held)
	}

	o.Cancel = true
	ctx, stop = context.WithCancel(t.Context())
	said := ""
	o.Warn = func(text string) { said += text }
	o.Say = func(string) { stop() }
	if err := Do(ctx, dir, work, o, numbers(12), second, squares{}.take); !errors.Is(err, context.Canceled) ||
		!strings.Contains(said, "is cancelled") {
		t.Errorf("error %v, says %q", err, said)
	}
	if j, err := submittedJob(dir); err != nil || j.ID != "" {
		t.Errorf("array job %v is still known, %v", j, err)
	}
	o.Tasks = 2000
	var long []int
	for range 2000 {
		long = append(long, len(long))
	}
	w := work
	w.Plan.Jobs = 2000
	if err := Do(t.Context(), filepath.Join(t.TempDir(), "work"), w, o, long, second, squares{}.take); err == nil ||
		!strings.Contains(err.Error(), "site's limit of 1001") {
		t.Errorf("an array above the limit: %v", err)
	}
}
