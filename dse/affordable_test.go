package dse

import (
	"context"
	"errors"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/dse/empty"
	"vitdse/dse/limits"
	"vitdse/dse/metric"
	"vitdse/dse/search"
	"vitdse/dse/searchtest"
	"vitdse/dse/sweep"
	"vitdse/hwmodel/temporal"
)

// Whether a point fits and meets the limits that need no noise is known before any image is run: both searches end
// with their own error, and where some point does, the measuring begins.
func TestBudgetBeforeSensitivities(t *testing.T) {
	small := func(s *Study) {
		s.Parts[0].Budget.LUT, s.Parts[1].Budget.DSP = 1000, 2
	}
	for _, c := range []struct {
		name   string
		change func(*Study)
		error  string // "": the measuring begins
	}{
		{"fits", func(*Study) {}, ""},
		{"one of two parts", func(s *Study) { s.Parts[0].Budget.LUT = 1000 }, ""},
		{"too small for the sweep", small, "are shortest of lut"},
		{"too small for the exact search", func(s *Study) {
			small(s)
			s.Search = configs.SearchExact
		}, "more lut than the part's budget allows"},
		{"too fast", func(s *Study) {
			s.Limits.Bounds = []limits.Bound{{Metric: "fps", Value: 1e9}}
		}, "instead of 1e+09"},
		{"fast enough", func(s *Study) {
			s.Limits.Bounds = []limits.Bound{{Metric: "fps", Value: 1}}
		}, ""},
		{"accuracy is not looked at", func(s *Study) {
			s.Limits = limits.Limits{MinSQNRDB: 80, Bounds: []limits.Bound{{Metric: metric.Loss, Value: 1e-6}}}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := searchtest.Fixed(t)
			s := Study{Engine: in.Engine, Space: in.Space, Parts: in.Parts, Options: in.Options}
			s.Network.Model = in.Model
			c.change(&s)
			_, err := Explore(context.Background(), s) // without images to measure on
			begun := err != nil && strings.Contains(err.Error(), "measuring sensitivities")
			if want := c.error == ""; begun != want {
				t.Errorf("measuring begun: %v, error %v", begun, err)
			}
			if c.error != "" && (!errors.Is(err, empty.ErrEmpty) || !strings.Contains(err.Error(), c.error)) {
				t.Errorf("error is %v; expected one that says %q", err, c.error)
			}
		})
	}
}

// The default space has engines that fit the boards which people have, for a DeiT-Tiny at 224.
func TestDefaultSpaceFits(t *testing.T) {
	m, err := configs.LoadModel("deit-tiny")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"xck26", "xczu7ev", "xczu9eg", "xc7z045", "xcu50"} {
		in := search.Input{Engine: temporal.Engine{}, Model: m, Options: search.Options{Workers: 1}}
		p, err := configs.LoadPart(part)
		if err != nil {
			t.Fatal(err)
		}
		in.Parts = []configs.Part{p}
		if in.Space, err = configs.DefaultSpace([]string{part}); err != nil {
			t.Fatal(err)
		}
		if err := affordable(context.Background(), sweep.Search, in); err != nil {
			t.Error(err)
		}
		if part == "xck26" {
			in.Noise = searchtest.FakeNoise(false)
			res, err := sweep.Search(context.Background(), in, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: %d points, %d fit, %d on the front with made-up noise", part, res.Front.Parts[0].Legal,
				res.Front.Parts[0].Fit, res.Front.Parts[0].Front)
		}
	}
}
