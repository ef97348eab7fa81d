package dse

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/empty"
	"vitdse/dse/pick"
	"vitdse/dse/search"
	"vitdse/dse/searchtest"
	"vitdse/dse/sweep"
	"vitdse/hwmodel/temporal"
)

// sweepEmpty sweeps a space that must have no feasible point.
func sweepEmpty(t *testing.T, in search.Input) (*empty.Error, search.Result) {
	t.Helper()
	res, err := sweep.Search(context.Background(), in, nil)
	var found *empty.Error
	if !errors.As(err, &found) || !errors.Is(err, empty.ErrEmpty) {
		t.Fatalf("error is %v; expected an empty.Error", err)
	}
	if len(res.Front.Points) != 0 || len(found.Parts) != len(in.Parts) {
		t.Fatalf("%d points, %d parts explained", len(res.Front.Points), len(found.Parts))
	}
	return found, res
}

func TestEmptyBecauseNothingFits(t *testing.T) {
	in := searchtest.Fixed(t)
	in.Parts[0].Budget.LUT, in.Parts[1].Budget.DSP = 1000, 2
	found, res := sweepEmpty(t, in)
	for i, resource := range []string{"lut", "dsp"} {
		p := found.Parts[i]
		if p.Reason != empty.NothingFits || p.Common != resource || p.Nearest == nil || p.Nearest.Resource != resource {
			t.Errorf("%+v; expected every point to be short of %s", p, resource)
			continue
		}
		e, err := temporal.Engine{}.Price(network.MustCompile(in.Model), p.Nearest.Design, in.Parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if e.Fits || p.Nearest.Have >= p.Nearest.Need || p.CommonOf != res.Front.Parts[i].Short[resource] {
			t.Errorf("nearest %+v, common %d", p.Nearest, p.CommonOf)
		}
	}
	text := found.Error()
	for _, want := range []string{"xc7z020: none of ", "are shortest of lut", "needs ", " where 700 may be used",
		"too many", "lfe5u-85f: none"} {
		if !strings.Contains(text, want) {
			t.Errorf("error says %q; expected it to say %q", text, want)
		}
	}
}

func TestEmptyBecauseTooAccurate(t *testing.T) {
	in := searchtest.Fixed(t)
	in.Limits.MinSQNRDB = 80
	found, res := sweepEmpty(t, in)
	p := found.Parts[0]
	if p.Reason != empty.TooAccurate || p.BestDB != res.Front.BestSQNRDB || math.Abs(p.LimitDB-80) > 1e-9 ||
		p.Nearest != nil {
		t.Errorf("%+v; expected an accuracy out of reach", p)
	}
	if text := p.String(); !strings.Contains(text, "min_sqnr_db 80") ||
		!strings.Contains(text, "the best the space can reach") {
		t.Errorf("text is %q", text)
	}
}

// With one LUT less than the smallest accurate point takes, only coarser ones fit.
func TestEmptyBecauseFittingIsNotAccurate(t *testing.T) {
	in := searchtest.Fixed(t)
	in.Parts = in.Parts[:1]
	in.Space.Multiplier = []configs.Multiplier{configs.MulLUT}
	in.Space.Bits.Edge = configs.EdgeSpace{Weights: []int{4, 8}, Activations: []int{4, 8}}
	in.Limits.MaxLossDB = 0.5
	res, err := sweep.Search(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	small, _, err := pick.Pick(res.Front, configs.PickSmallest, pick.Query{})
	if err != nil || small.UseOf != "lut" {
		t.Fatalf("the smallest point is limited by %s (%v); this test is about LUTs", small.UseOf, err)
	}
	in.Parts[0].Budget.LUT, in.Parts[0].Limits.LUT = small.Estimate.LUT-1, 1
	found, _ := sweepEmpty(t, in)
	p := found.Parts[0]
	if p.Reason != empty.NoneFitsAndIs || p.Nearest == nil || !(p.FitDB < p.LimitDB) || p.Fit == 0 {
		t.Fatalf("%+v", p)
	}
	if p.Nearest.Resource != "lut" || p.Nearest.Need != small.Estimate.LUT || p.Nearest.Need != p.Nearest.Have+1 {
		t.Errorf("nearest is %+v; expected one that lacks one LUT of %d", p.Nearest, small.Estimate.LUT)
	}
	if text := p.String(); !strings.Contains(text, "points fit, and of those the best reaches") ||
		!strings.Contains(text, ": 1 too many") {
		t.Errorf("text is %q", text)
	}
}

func TestNoLegalEngine(t *testing.T) {
	in := searchtest.Fixed(t)
	in.Space.Array.TN, in.Space.Array.TK = []int{1}, []int{4}
	_, err := sweep.Search(context.Background(), in, nil)
	if err == nil || !strings.Contains(err.Error(), "no legal engine") || !strings.Contains(err.Error(), "engine.tk") {
		t.Errorf("error is %v", err)
	}
}
