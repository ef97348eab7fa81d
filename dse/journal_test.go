package dse

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/jobs"
	"vitdse/dse/search"
	"vitdse/dse/searchtest"
	"vitdse/dse/sweep"
)

// sweepTo sweeps into a directory and gives the bytes of the front's files.
func sweepTo(t *testing.T, in search.Input, dir string) ([]byte, search.Result) {
	t.Helper()
	in.Options.Dir = dir
	res, err := sweep.Search(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	return files(t, res.Front, dir), res
}

func files(t *testing.T, f *front.Front, dir string) []byte {
	t.Helper()
	if err := f.Write(dir); err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, name := range []string{front.JSONFile, front.CSVFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	return all
}

func TestFrontDoesNotDependOnWorkers(t *testing.T) {
	var want []byte
	for _, workers := range []int{1, 2, 7} {
		in := searchtest.Fixed(t)
		in.Options.Workers = workers
		got, _ := sweepTo(t, in, t.TempDir())
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("the files differ between 1 and %d workers", workers)
		}
	}
}

func TestResumeAfterTruncatedJournal(t *testing.T) {
	resumeFromCuts(t, searchtest.Fixed(t), sweepTo, 6, "points", func(dir string, cut int, full search.Result) {
		again, err := os.ReadFile(filepath.Join(dir, search.JournalFile))
		if err != nil || bytes.Count(again, []byte("\n")) != full.Stats.Shards+1 {
			t.Errorf("cut at byte %d: the journal has %d lines (%v); expected a header and %d shards",
				cut, bytes.Count(again, []byte("\n")), err, full.Stats.Shards)
		}
	})
}

// resumeFromCuts cuts the journal of a run at its ends and at so many random bytes, as a
// kill would, and goes on from each: to the same bytes and counts. It gives the journal; after
// looks at the folder of a run that went on.
func resumeFromCuts(t *testing.T, in search.Input, run func(*testing.T, search.Input, string) ([]byte, search.Result),
	random int, unit string,
	after func(dir string, cut int, full search.Result)) []byte {
	t.Helper()
	dir := t.TempDir()
	want, full := run(t, in, dir)
	text, err := os.ReadFile(filepath.Join(dir, search.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(9, 10))
	cuts := []int{0, 5, len(text) - 1, len(text)}
	for range random {
		cuts = append(cuts, rng.IntN(len(text)))
	}
	in.Options.Resume = true
	for _, cut := range cuts {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, search.JournalFile), text[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		got, res := run(t, in, dir)
		if !bytes.Equal(got, want) {
			t.Errorf("cut at byte %d of %d: the front differs from that of one run", cut, len(text))
		}
		if lines := bytes.Count(text[:cut], []byte("\n")); lines > 1 && res.Stats.Resumed == 0 ||
			res.Stats.Done != full.Stats.Done {
			t.Errorf("cut at byte %d: %d %s resumed, %d done of %d",
				cut, res.Stats.Resumed, unit, res.Stats.Done, full.Stats.Done)
		}
		if after != nil {
			after(dir, cut, full)
		}
	}
	return text
}

func TestInterruptedSweepIsPartialAndResumes(t *testing.T) {
	in := searchtest.Fixed(t)
	want, _ := sweepTo(t, in, t.TempDir())
	in.Options.Dir = t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	shards := 0
	res, err := sweep.Search(ctx, in, func(p search.Progress) {
		if shards++; shards == 5 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || res.Front == nil || !res.Front.Partial {
		t.Fatalf("error %v, front %v; expected a partial front and context.Canceled", err, res.Front)
	}
	if res.Stats.Done == 0 || res.Stats.Done >= res.Stats.Total {
		t.Errorf("%d of %d points done", res.Stats.Done, res.Stats.Total)
	}
	in.Options.Resume = true
	got, after := sweepTo(t, in, in.Options.Dir)
	if !bytes.Equal(got, want) {
		t.Error("the resumed front differs from that of one run")
	}
	if after.Stats.Resumed != res.Stats.Done {
		t.Errorf("%d points resumed; expected %d", after.Stats.Resumed, res.Stats.Done)
	}
}

func TestJournalOfOtherInputsIsRefused(t *testing.T) {
	in, dir := searchtest.Fixed(t), t.TempDir()
	sweepTo(t, in, dir)
	in.Options.Dir, in.Options.Resume = dir, true
	file := filepath.Join(dir, search.JournalFile)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*search.Input){
		"space": func(in *search.Input) { in.Space.Bits.Weights = []int{4, 8} },
		"noise": func(in *search.Input) { in.Noise = searchtest.FakeNoise(true) },
		"part":  func(in *search.Input) { in.Parts[0].Budget.LUT-- },
		"limit": func(in *search.Input) { in.Limits.MinSQNRDB = 3 },
		"tool":  func(in *search.Input) { in.Options.Version = "next" },
	} {
		t.Run(name, func(t *testing.T) {
			changed := in
			changed.Parts = append([]configs.Part{}, in.Parts...)
			change(&changed)
			_, err := sweep.Search(context.Background(), changed, nil)
			var other *jobs.OtherError
			if !errors.As(err, &other) || other.What != "inputs" || other.File != file {
				t.Errorf("other %s: error is %v; expected a jobs.OtherError", name, err)
			}
		})
	}
	var said []string
	in.Options.Say = func(text string) { said = append(said, text) }
	if err := os.WriteFile(file, bytes.Replace(text, []byte(`"legal":`), []byte(`"legal":1`), 1), 0o666); err != nil {
		t.Fatal(err)
	}
	got, _ := sweepTo(t, in, dir)
	if want, _ := sweepTo(t, in, t.TempDir()); !bytes.Equal(got, want) {
		t.Error("a damaged line changes the front")
	}
	if len(said) != 1 || !strings.Contains(said[0], search.JournalFile+":2: is damaged") {
		t.Errorf("of a damaged line is said %q", said)
	}
	if err := os.WriteFile(file, []byte("shopping list\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := sweep.Search(context.Background(), in, nil); err == nil || !strings.Contains(err.Error(),
		"is no journal") {
		t.Errorf("error is %v", err)
	}
	in.Options.Resume = false
	if _, err := sweep.Search(context.Background(), in, nil); err != nil {
		t.Errorf("starting over a damaged journal: %v", err)
	}
}
