package dse

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/dse/empty"
	"vitdse/dse/exact"
	"vitdse/dse/jobs"
	"vitdse/dse/limits"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/search"
	"vitdse/dse/searchtest"
	"vitdse/dse/sweep"
)

// free is a small space in which blocks choose for themselves, on two parts.
func free(t *testing.T) search.Input {
	t.Helper()
	in := searchtest.Fixed(t)
	in.Space.Bits.Symmetry, in.Space.GranularityBy = configs.SymBlock, configs.SymBlock
	in.Noise, in.Additive = nil, searchtest.FakeAdditive{Seed: 5}
	return in
}

// exactTo searches into a directory and gives the bytes of the front's files.
func exactTo(t *testing.T, in search.Input, dir string) ([]byte, search.Result) {
	t.Helper()
	in.Options.Dir = dir
	res, err := exact.Search(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	return files(t, res.Front, dir), res
}

func TestExactDoesNotDependOnWorkers(t *testing.T) {
	var want []byte
	for _, workers := range []int{1, 2, 7} {
		in := free(t)
		in.Options.Workers = workers
		got, res := exactTo(t, in, t.TempDir())
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) || len(res.Front.Points) < 10 {
			t.Errorf("the files differ between 1 and %d workers (%d points)", workers, len(res.Front.Points))
		}
	}
}

// On a space that both can search, both give the same points.
func TestExactIsTheSweep(t *testing.T) {
	in := searchtest.Fixed(t)
	in.Additive = searchtest.FakeAdditive{Seed: 6}
	in.Noise = noise.Of(in.Additive)
	in.Limits.MaxLossDB = 8
	_, swept := sweepTo(t, in, t.TempDir())
	_, found := exactTo(t, in, t.TempDir())
	a, b := swept.Front.Points, found.Front.Points
	if len(a) != len(b) || len(a) < 10 || swept.Front.BestSQNRDB != found.Front.BestSQNRDB {
		t.Fatalf("%d points of the sweep, %d of the search; best %g and %g",
			len(a), len(b), swept.Front.BestSQNRDB, found.Front.BestSQNRDB)
	}
	for i := range a {
		if a[i].Objectives() != b[i].Objectives() || a[i].Part != b[i].Part {
			t.Errorf("point %d: %+v and %+v", i, a[i].Objectives(), b[i].Objectives())
		}
	}
}

// A journal cut off anywhere, as by kill -9, is continued to the same bytes.
func TestExactResumes(t *testing.T) {
	in, dir := free(t), t.TempDir()
	want, _ := exactTo(t, in, t.TempDir())
	text := resumeFromCuts(t, in, exactTo, 8, "engines", nil)
	damaged := bytes.Replace(text, []byte(`"counts":["`), []byte(`"counts":["x`), 1)
	if err := os.WriteFile(filepath.Join(dir, search.JournalFile), damaged, 0o666); err != nil {
		t.Fatal(err)
	}
	said := ""
	in.Options.Resume, in.Options.Say = true, func(text string) { said += text }
	if got, _ := exactTo(t, in, dir); !bytes.Equal(got, want) {
		t.Error("a damaged line changes the front")
	}
	if !strings.Contains(said, search.JournalFile+":2: is damaged") {
		t.Errorf("of a damaged line is said %q", said)
	}
}

func TestInterruptedExactIsPartialAndResumes(t *testing.T) {
	in := free(t)
	want, _ := exactTo(t, in, t.TempDir())
	in.Options.Dir = t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	jobs := 0
	res, err := exact.Search(ctx, in, func(search.Progress) {
		if jobs++; jobs == 12 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || res.Front == nil || !res.Front.Partial || len(res.Front.Points) == 0 {
		t.Fatalf("error %v, front %v; expected a partial front with points and context.Canceled", err, res.Front)
	}
	fate := res.Front.Parts[1].Certificate.Fate
	if last := fate[len(fate)-1]; !strings.Contains(last.Why, "interrupted") {
		t.Errorf("the certificate ends with %q; expected what was not reached", last.Why)
	}
	in.Options.Resume = true
	if got, _ := exactTo(t, in, in.Options.Dir); !bytes.Equal(got, want) {
		t.Error("the resumed front differs from that of one run")
	}
}

// Journals of a sweep and of a search do not continue each other, nor those of other inputs.
func TestExactJournalOfOtherInputs(t *testing.T) {
	in, dir := free(t), t.TempDir()
	exactTo(t, in, dir)
	in.Options.Dir, in.Options.Resume = dir, true
	for name, change := range map[string]func(*search.Input){
		"objectives": func(in *search.Input) { in.Objectives = []metric.Metric{metric.Latency, metric.Loss} },
		"noise":      func(in *search.Input) { in.Additive = searchtest.FakeAdditive{Seed: 6} },
		"limits":     func(in *search.Input) { in.Limits.Bounds = []limits.Bound{{Metric: "dsp", Value: 500}} },
	} {
		t.Run(name, func(t *testing.T) {
			changed := in
			change(&changed)
			var other *jobs.OtherError
			if _, err := exact.Search(context.Background(), changed, nil); !errors.As(err, &other) || other.What != "inputs" {
				t.Errorf("other %s: error is %v; expected a jobs.OtherError", name, err)
			}
		})
	}
	swept := searchtest.Fixed(t)
	swept.Options = in.Options
	var other *jobs.OtherError
	if _, err := sweep.Search(context.Background(), swept, nil); !errors.As(err, &other) || other.What != "kind" {
		t.Errorf("error is %v; expected a jobs.OtherError", err)
	}
}

// A disk that is full ends the search with an error that names the file; what was written
// stays, and is continued when there is room again.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	in, dir := free(t), t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(dir, search.JournalFile)); err != nil {
		t.Fatal(err)
	}
	in.Options.Dir = dir
	for name, find := range map[string]func(context.Context, search.Input, func(search.Progress)) (search.Result,
		error){"exact": exact.Search, "sweep": sweep.Search} {
		t.Run(name, func(t *testing.T) {
			if in.Noise == nil {
				in.Noise = noise.Of(in.Additive)
			}
			_, err := find(context.Background(), in, nil)
			if err == nil || !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(),
				search.JournalFile) {
				t.Errorf("%s: error is %v; expected it to say that no space is left, and where", name, err)
			}
		})
	}
}

func TestExactSaysWhyItIsEmpty(t *testing.T) {
	said := func(in search.Input) string {
		t.Helper()
		in.Parts = in.Parts[:1]
		_, err := exact.Search(context.Background(), in, nil)
		if !errors.Is(err, empty.ErrEmpty) {
			t.Fatalf("error is %v; expected an empty.Error", err)
		}
		return err.Error()
	}
	expect := func(text string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("error says %q; expected it to say %q", text, w)
			}
		}
	}
	in := free(t)
	in.Limits.Bounds = []limits.Bound{{Metric: metric.Latency, Value: 1e-3}}
	expect(said(in), "max_latency 0.0393 instead of 0.001")
	in.Limits.Bounds = []limits.Bound{{Metric: "lut", Value: 1000}}
	expect(said(in), "more of a resource than a limit allows", "max_lut ", "instead of 1000")
	in.Limits = limits.Limits{MinSQNRDB: 90}
	expect(said(in), "asks for 90.00 dB")
	in.Limits = limits.Limits{}
	in.Parts[0].Budget.BRAM18, in.Parts[0].Budget.LUTRAM = 5, 100
	expect(said(in), "loosen several limits")
	in = free(t)
	in.Parts[0].Budget.LUT = 9000
	text := said(in)
	expect(text, "than the part's budget allows", "lut where 6300 may be used")

	// What it names does let a point through.
	in.Parts = in.Parts[:1]
	var none *empty.Error
	res, err := exact.Search(context.Background(), in, nil)
	if !errors.As(err, &none) || res.Front.Parts[0].Nearest == nil || !res.Front.Parts[0].Nearest.Alone {
		t.Fatalf("error %v; expected a nearest point that breaks nothing else", err)
	}
	in.Parts[0].Budget.LUT = int(math.Ceil(float64(res.Front.Parts[0].Nearest.Need) / in.Parts[0].Limits.LUT))
	if _, err := exact.Search(context.Background(), in, nil); err != nil {
		t.Errorf("with the budget that was named: %v", err)
	}
}

// More of a budget never slows the fastest point down, less never speeds it up.
func TestBudgets(t *testing.T) {
	in := free(t)
	in.Parts = in.Parts[:1]
	in.Space.Array.TN = []int{4, 8, 16, 32}
	in.Space.Multiplier = []configs.Multiplier{configs.MulDSP}
	in.Limits.MaxLossDB = 3
	best, effects, err := Budgets(context.Background(), in, 0.9, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(effects) != 6 || best.FPS <= 0 {
		t.Fatalf("%d effects on %+v", len(effects), best)
	}
	more, less := false, false
	for _, e := range effects {
		if e.More < 0 || e.Less > 0 {
			t.Errorf("%+v: more must not hurt, less must not help", e)
		}
		more, less = more || e.More > 0, less || e.Less < 0
	}
	if !more || !less {
		t.Errorf("no budget has an effect: %+v", effects)
	}
}

func TestSensitivityFiles(t *testing.T) {
	m, s := searchtest.Tiny(), searchtest.Fixed(t).Space
	path := filepath.Join(t.TempDir(), "s.json")
	f := noise.Synthetic(m, s, 3)
	if err := f.Write(path); err != nil {
		t.Fatal(err)
	}
	p, origin, err := noise.Load(path, m)
	if err != nil || !strings.Contains(origin, "synthetic, seed 3") {
		t.Fatalf("origin %q, error %v", origin, err)
	}
	q, err := noise.NewPrediction(f.Tables...)
	if err != nil {
		t.Fatal(err)
	}
	n := configs.Uniform(m, 4, 6)
	a, err := p.Noise(n)
	if b, berr := q.Noise(n); err != nil || berr != nil || a != b || a <= 0 {
		t.Errorf("noise %g, %v from the file, %g, %v from memory", a, err, b, berr)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, says string }{
		"version": {`"schema": 2`, `"schema": 9`, "has schema 9, this version reads 2"},
		"model":   {`"model": "tiny"`, `"model": "huge"`, "is not for model tiny"},
		"noise":   {`"noise": `, `"noise": -`, "expected 0..1000"},
		"form":    {`{`, `[`, "is no file of sensitivities"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, bytes.Replace(text, []byte(c.old), []byte(c.new), 1), 0o666); err != nil {
				t.Fatal(err)
			}
			if _, _, err := noise.Load(path, m); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: error is %v; expected it to say %q", name, err, c.says)
			}
		})
	}
}

func TestExactRefusesBadInput(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*search.Input)
		says   string
	}{
		"no additive": {func(in *search.Input) { in.Additive = nil }, "additive prediction"},
		"unknown metric": {func(in *search.Input) { in.Objectives = []metric.Metric{"speed", metric.Loss} },
			"expected one of latency, fps, lut"},
		"unknown limit": {func(in *search.Input) { in.Limits.Bounds = []limits.Bound{{Metric: "speed", Value: 1}} },
			"expected one of latency, fps, lut"},
		"NaN limit": {func(in *search.Input) {
			in.Limits.Bounds = []limits.Bound{{Metric: "dsp",
				Value: math.NaN()}}
		}, "limits: dsp is NaN"},
		"no legal engine": {func(in *search.Input) { in.Space.Constraints = []string{"tm > 1000"} },
			`no legal engine on any of its parts: constraints: "tm > 1000" does not hold`},
		"NaN noise": {func(in *search.Input) { in.Additive = nanNoise{} }, "noise is NaN"},
		"slow memory": {func(in *search.Input) { in.Parts[0].BandwidthGBs = 0.1 },
			`add the constraint "bus_bits*clock_mhz <= 800"`},
	} {
		t.Run(name, func(t *testing.T) {
			in := free(t)
			c.change(&in)
			if _, err := exact.Search(context.Background(), in, nil); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: error is %v; expected it to say %q", name, err, c.says)
			}
		})
	}
}

// nanNoise is a prediction that went wrong.
type nanNoise struct{ searchtest.FakeAdditive }

func (nanNoise) Layer(configs.Basis, configs.LayerBits) (noise.Femto, error) {
	return noise.ToFemto(math.NaN())
}
