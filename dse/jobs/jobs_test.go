package jobs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var plan = Plan{Kind: "vitdse test", Inputs: "0123", Jobs: 9}

// written is the path of a journal in which jobs 4, 0 and 7 have a record.
func written(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run", "journal.jsonl")
	j, records, err := Open[string](path, plan, true, nil, nil)
	if err != nil || len(records) > 0 {
		t.Fatalf("a new journal: %v, %v", records, err)
	}
	for _, n := range []int{4, 0, 7} {
		if err := j.Write(n, fmt.Sprint("of ", n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// reopened is what a journal gives, and what it says.
func reopened(t *testing.T, path string) (records []Record[string], said []string) {
	t.Helper()
	j, records, err := Open[string](path, plan, true, func(s string) { said = append(said, s) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return records, said
}

// A journal that is cut off anywhere gives what is whole, says what is not, and goes on from there.
func TestJournalCutAnywhere(t *testing.T) {
	path := written(t)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(text) {
		if err := os.WriteFile(path, text[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		records, said := reopened(t, path)
		whole := strings.Count(string(text[:cut]), "\n")
		if len(records) != max(0, whole-1) {
			t.Errorf("cut at byte %d: %d records; expected %d", cut, len(records), whole-1)
		}
		torn := cut > 0 && text[cut-1] != '\n'
		if torn != (len(said) == 1) || torn && !strings.Contains(said[0],
			fmt.Sprintf("journal.jsonl:%d: was cut off", whole+1)) {
			t.Errorf("cut at byte %d: says %q", cut, said)
		}
		if _, said := reopened(t, path); len(said) > 0 {
			t.Errorf("cut at byte %d: says %q again", cut, said)
		}
	}
}

// No byte of a record's line can change without its being left out and named; no byte of the header without a refusal.
func TestJournalChangedAnywhere(t *testing.T) {
	path := written(t)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head := slices.Index(text, '\n')
	for at, was := range text {
		if was == '\n' {
			continue
		}
		changed := slices.Clone(text)
		changed[at] = was ^ 1
		if err := os.WriteFile(path, changed, 0o666); err != nil {
			t.Fatal(err)
		}
		var said []string
		j, records, err := Open[string](path, plan, true, func(s string) { said = append(said, s) }, nil)
		if err == nil {
			err = j.Close()
		}
		name := fmt.Sprintf("journal.jsonl:%d: is damaged", 1+strings.Count(string(text[:at]), "\n"))
		switch {
		case at < head && err == nil:
			t.Errorf("header with byte %d changed: is taken", at)
		case at > head && (err != nil || len(records) != 2 || len(said) != 1 || !strings.Contains(said[0], name)):
			t.Errorf("byte %d changed: %v, %q, %v; expected two records and %q", at, records, said, err, name)
		}
	}
}

func TestJournalOfAnother(t *testing.T) {
	for what, p := range map[string]Plan{
		"kind":           {"vitdse other", plan.Inputs, plan.Jobs},
		"inputs":         {plan.Kind, "4567", plan.Jobs},
		"number of jobs": {plan.Kind, plan.Inputs, 8},
	} {
		t.Run(what, func(t *testing.T) {
			path := written(t)
			_, _, err := Open[string](path, p, true, nil, nil)
			var other *OtherError
			if !errors.As(err, &other) || other.What != what {
				t.Fatalf("error is %v", err)
			}
			if records, _ := reopened(t, path); len(records) != 3 {
				t.Errorf("it has %d records afterwards; expected 3", len(records))
			}
			j, records, err := Open[string](path, p, false, nil, nil)
			if err != nil || len(records) > 0 {
				t.Fatalf("begun anew: %v, %v", records, err)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A journal is one process's at a time: the second is refused with the holder, and touches nothing.
func TestJournalIsLocked(t *testing.T) {
	path := written(t)
	j, _, err := Open[string](path, plan, true, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, resume := range []bool{true, false} {
		_, _, err := Open[string](path, plan, resume, nil, nil)
		var held *HeldError
		if want := fmt.Sprintf("process %d is at work", os.Getpid()); !errors.As(err, &held) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("resume %v: error %v; expected %q", resume, err, want)
		}
	}
	if after, err := os.ReadFile(path); err != nil || string(before) != string(after) {
		t.Errorf("the journal was changed: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("in the folder there is %v", left)
	}
}

// ints is work whose jobs give their numbers doubled.
func ints(take func(int, int) error) Work[int] {
	return Work[int]{Workers: 3, Take: take, Worker: func() func(context.Context, int) (int, error) {
		return func(_ context.Context, n int) (int, error) { return 2 * n, nil }
	}}
}

func TestRun(t *testing.T) {
	got := map[int]int{}
	if err := Run(t.Context(), []int{5, 1, 3}, ints(func(n, v int) error { got[n] = v; return nil })); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[5] != 10 || got[1] != 2 || got[3] != 6 {
		t.Errorf("got %v", got)
	}
	if left := Left(Plan{Jobs: 4}, []Record[int]{{Job: 2}, {Job: 0}}); !slices.Equal(left, []int{1, 3}) {
		t.Errorf("%v are left", left)
	}
}

// What is at work when the context ends is taken; the error is the context's cause, unless all was done.
func TestRunIsInterrupted(t *testing.T) {
	why := errors.New("stopped")
	for _, at := range []int{1, 4, 10} {
		ctx, stop := context.WithCancelCause(t.Context())
		taken := 0
		err := Run(ctx, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, ints(func(n, v int) error {
			if taken++; taken == at {
				stop(why)
			}
			return nil
		}))
		if all := taken == 10; all != (err == nil) || !all && !errors.Is(err, why) || taken < at {
			t.Errorf("stopped after %d: %d taken, error %v", at, taken, err)
		}
	}
}

// The first error ends the work; nothing is taken after one of Take.
func TestRunFails(t *testing.T) {
	broken := errors.New("broken")
	list := make([]int, 1000)
	taken := 0
	err := Run(t.Context(), list, ints(func(int, int) error { taken++; return broken }))
	if !errors.Is(err, broken) || taken != 1 {
		t.Errorf("taken %d times, error %v", taken, err)
	}
	w := ints(func(int, int) error { return nil })
	w.Worker = func() func(context.Context, int) (int, error) {
		return func(context.Context, int) (int, error) { return 0, broken }
	}
	if err := Run(t.Context(), list, w); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestPace(t *testing.T) {
	p := Pace{Done: 30, Total: 130, Resumed: 10, Elapsed: 4 * time.Second}
	if left, known := p.ETA(); p.PerSecond() != 5 || left != 20*time.Second || !known {
		t.Errorf("%g a second, %v left", p.PerSecond(), left)
	}
	p.Done = 10
	if _, known := p.ETA(); known {
		t.Error("an ETA before anything was done")
	}
}
