package dse

import (
	"context"
	"errors"
	"fmt"

	"vitdse/configs"
	"vitdse/dse/empty"
	"vitdse/dse/exact"
	"vitdse/dse/front"
	"vitdse/dse/metric"
	"vitdse/dse/search"
)

// BudgetEffect is what the fastest point of a part gains from more of one resource, and
// loses with less.
type BudgetEffect struct {
	Resource string
	Used     float64 // share of the usable budget that the fastest point takes
	More     float64 // FPS with more, over those of the fastest point, less 1: 0 for slack
	Less     float64 // FPS with less; -1 if no point is left
}

// Budgets finds the fastest point of a space on one part that meets the limits, and how fast
// the fastest is with each resource's budget larger and smaller by a share, such as 0.1.
// Every answer is a search of its own, and exact.
func Budgets(ctx context.Context, in search.Input, share float64,
	progress func(done, total int)) (front.Point, []BudgetEffect, error) {
	if len(in.Parts) != 1 {
		return front.Point{}, nil, fmt.Errorf("%d parts; expected one", len(in.Parts))
	}
	in.Objectives, in.Options.Dir, in.Options.Resume = []metric.Metric{metric.Latency, metric.Loss}, "", false
	resources := []struct {
		name  string
		field func(*configs.Budget) *int
		used  func(front.Estimate) int
	}{
		{"lut", func(b *configs.Budget) *int { return &b.LUT }, func(e front.Estimate) int { return e.LUT }},
		{"ff", func(b *configs.Budget) *int { return &b.FF }, func(e front.Estimate) int { return e.FF }},
		{"dsp", func(b *configs.Budget) *int { return &b.DSP }, func(e front.Estimate) int { return e.DSP }},
		{"bram18", func(b *configs.Budget) *int { return &b.BRAM18 }, func(e front.Estimate) int { return e.BRAM18 }},
		{"uram", func(b *configs.Budget) *int { return &b.URAM }, func(e front.Estimate) int { return e.URAM }},
		{"lutram", func(b *configs.Budget) *int { return &b.LUTRAM }, func(e front.Estimate) int { return e.LUTRAM }},
	}
	done := 0
	fastest := func(p configs.Part) (front.Point, error) {
		try := in
		try.Parts = []configs.Part{p}
		res, err := exact.Search(ctx, try, nil)
		done++
		if progress != nil {
			progress(done, 1+2*len(resources))
		}
		if err != nil {
			return front.Point{}, err
		}
		return res.Front.Points[0], nil
	}
	best, err := fastest(in.Parts[0])
	if err != nil {
		return front.Point{}, nil, err
	}
	var effects []BudgetEffect
	usable := in.Parts[0].Usable()
	for _, r := range resources {
		e := BudgetEffect{Resource: r.name}
		if have := *r.field(&usable); have > 0 {
			e.Used = float64(r.used(best.Estimate)) / float64(have)
		}
		for _, x := range []struct {
			by float64
			to *float64
		}{{1 + share, &e.More}, {1 - share, &e.Less}} {
			p := in.Parts[0]
			*r.field(&p.Budget) = int(float64(*r.field(&p.Budget)) * x.by)
			if *r.field(&p.Budget) == *r.field(&in.Parts[0].Budget) {
				continue // the part has none
			}
			q, err := fastest(p)
			if errors.Is(err, empty.ErrEmpty) {
				*x.to = -1
				continue
			}
			if err != nil {
				return front.Point{}, nil, err
			}
			*x.to = q.FPS/best.FPS - 1
		}
		effects = append(effects, e)
	}
	return best, effects, nil
}
