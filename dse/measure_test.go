package dse

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/measured"
	"vitdse/dse/measuring"
	"vitdse/dse/noise"
	"vitdse/dse/pareto"
	"vitdse/dse/search"
	"vitdse/dse/searchtest"
)

// smallStudy is the digits network with few images and a space of few numerics.
func smallStudy(t *testing.T) Study {
	t.Helper()
	s := digits(t)
	s.Network.Calibration = s.Network.Calibration.Slice(0, 8)
	s.Network.Images, s.Network.Labels = s.Network.Images.Slice(0, 12), s.Network.Labels[:12]
	s.Space.Bits = configs.BitSpace{Symmetry: configs.SymAll, Weights: []int{4, 8}, Activations: []int{4, 8},
		Edge: configs.EdgeSpace{Weights: []int{8}, Activations: []int{8}}}
	s.Space.Granularity = []configs.Granularity{configs.PerChannel}
	s.Space.Array = configs.ArraySpace{TM: []int{4, 8}, TN: []int{8, 16}, TK: []int{1, 2}}
	s.Parts = s.Parts[:2]
	s.Options.Version = "test"
	return s
}

func TestExploreMeasuresTheFront(t *testing.T) {
	s := smallStudy(t)
	s.Cache, s.Options.Dir = configs.NewStore(t.TempDir(), nil), t.TempDir()
	res, err := Explore(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	f := res.Front
	if f.Reference == nil || f.Reference.LossDB != 0 || f.Reference.Images != 12 {
		t.Fatalf("reference %+v", f.Reference)
	}
	onFront := map[string]int{}
	for _, p := range f.Points {
		m := p.Measured
		if m == nil || m.Images != 12 || math.Abs(m.SQNRDB-noise.Decibels(m.Noise)) > 1e-9 ||
			math.Abs(m.SQNRDB+m.LossDB-f.Reference.SQNRDB) > 1e-9 {
			t.Fatalf("point %s: measured %+v", p.Name, m)
		}
		beaten := slices.ContainsFunc(f.Points, func(q front.Point) bool {
			a, b := pareto.Objectives{Seconds: q.Seconds, Use: q.Use, Noise: q.Measured.Noise},
				pareto.Objectives{Seconds: p.Seconds, Use: p.Use, Noise: m.Noise}
			return q.Part == p.Part && (a.Dominates(b) || a == b && q.Rank < p.Rank)
		})
		if m.OnFront == beaten {
			t.Errorf("point %s: on the measured front %t, dominated %t", p.Name, m.OnFront, beaten)
		}
		if m.OnFront {
			onFront[p.Part]++
		}
	}
	for _, p := range f.Parts {
		if p.Recut != onFront[p.Part.Name] || p.Recut == 0 {
			t.Errorf("%s: %d points on the measured front; counted %d", p.Part.Name, p.Recut, onFront[p.Part.Name])
		}
	}
	explored := files(t, f, t.TempDir())

	// Again, from the cache, with another number of workers: nothing is measured.
	s.Options.Dir, s.Options.Workers = t.TempDir(), 1
	s.OnSensitivity = func(done, total int) { t.Error("a sensitivity is measured again") }
	s.OnMeasure = func(done, total int) { t.Error("numerics are measured again") }
	again, err := Explore(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(files(t, again.Front, t.TempDir()), explored) {
		t.Error("the second run's files differ")
	}
	for _, name := range []string{front.JSONFile, front.CSVFile, search.JournalFile} {
		if _, err := os.Stat(filepath.Join(s.Options.Dir, name)); err != nil {
			t.Error(err)
		}
	}

	// Interrupted while measuring: partial, and the measured part is kept.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	clear := again.Front
	clear.Reference = nil
	for i := range clear.Points {
		clear.Points[i].Measured = nil
	}
	work := measuring.Work{Workers: 1, Cache: configs.NewStore(t.TempDir(), nil), Progress: func(done, total int) {
		if done == 1 {
			cancel()
		}
	}}
	stopped := measured.Measure(clear, ctx, s.Engine, s.Network, work)
	if !errors.Is(stopped, context.Canceled) || !clear.Partial {
		t.Errorf("error %v, partial %t", stopped, clear.Partial)
	}
	// The first numerics measured are the reference's; a point may share them.
	for _, p := range clear.Points {
		if p.Measured != nil && p.SQNRDB != clear.BestSQNRDB {
			t.Errorf("point %s is measured after the interruption", p.Name)
		}
	}
	if clear.Reference == nil {
		t.Error("the reference is not measured first")
	}
}

// Sensitivities that are interrupted, and of which the last one kept is torn, go on from there to the same table.
func TestSensitivitiesResume(t *testing.T) {
	s := smallStudy(t)
	s.Network.Calibration = s.Network.Calibration.Slice(0, 2)
	c := noise.ChoicesOf(s.Space)
	want, err := measuring.Sensitivities(t.Context(), s.Network, c, measuring.Work{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w := measuring.Work{Workers: 2, Cache: configs.NewStore(dir, nil)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reached := 0
	w.Progress = func(done, total int) {
		if reached = done; done == 20 {
			cancel()
		}
	}
	if _, err := measuring.Sensitivities(ctx, s.Network, c, w); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v", err)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "sensitivity", "*", "*.part"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept in %v, %v", kept, err)
	}
	text, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept[0], text[:len(text)-3], 0o666); err != nil {
		t.Fatal(err)
	}
	first, said := -1, ""
	w.Say = func(text string) { said += text }
	w.Progress = func(done, total int) {
		if first < 0 {
			first = done
		}
	}
	got, err := measuring.Sensitivities(t.Context(), s.Network, c, w)
	if err != nil || first != reached-1 || !strings.Contains(said, "was cut off") {
		t.Errorf("went on from %d of %d kept, says %q: %v", first, reached, said, err)
	}
	if !reflect.DeepEqual(want.File("").Tables, got.File("").Tables) {
		t.Error("the tables differ from those of one run")
	}
	if _, err := os.Stat(kept[0]); err == nil {
		t.Error("the journal is still there")
	}
}

// A limit that held as predicted is held against the measurement too.
func TestMeasuredLimits(t *testing.T) {
	f := searchtest.Handmade()
	f.Limits.MinSQNRDB = 29
	for _, p := range searchtest.Measured(f).Points {
		feasible := p.Rank != 10 || p.Part == "b" // point 10 of part a has 28 dB
		if p.Measured.Feasible != feasible || p.Measured.OnFront != (feasible && p.Rank != 11) {
			t.Errorf("point %s: %+v", p.Name, p.Measured)
		}
	}
	if f.Parts[0].Recut != 3 || f.Parts[1].Recut != 1 {
		t.Errorf("%d and %d points on the measured fronts", f.Parts[0].Recut, f.Parts[1].Recut)
	}
}
