package dse

import (
	"context"

	"vitdse/configs"
	"vitdse/dse/limits"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/search"
)

// finder is a search.
type finder func(context.Context, search.Input, func(search.Progress)) (search.Result, error)

// affordable looks for one point that fits a part and meets all limits that need no noise, before the noise is
// measured, which takes minutes and of which that does not depend: the search itself with even noise, up to its first
// point. The error of a space without one is that of the search.
func affordable(ctx context.Context, find finder, in search.Input) error {
	in.Noise, in.Additive = noise.Of(even{}), even{}
	in.Objectives = []metric.Metric{metric.Latency, metric.Loss}
	of := in.Limits.Bounds
	in.Limits = limits.Limits{}
	for _, b := range of {
		if b.Metric != metric.Loss {
			in.Limits.Bounds = append(in.Limits.Bounds, b)
		}
	}
	in.Options.Dir, in.Options.Resume, in.Options.Elsewhere = "", false, nil
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	found := false
	_, err := find(ctx, in, func(p search.Progress) {
		if p.Fit > 0 || p.Front > 0 { // a sweep counts those that fit, an exact search has those that meet the limits
			found = true
			stop()
		}
	})
	if found {
		return nil
	}
	return err
}

// even is noise that no choice of numerics changes.
type even struct{}

func (even) Units(int, int, configs.Basis) (noise.Femto, error) { return noise.ToFemto(1) }

func (even) Layer(configs.Basis, configs.LayerBits) (noise.Femto, error) { return 0, nil }
