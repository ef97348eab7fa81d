package dse

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/exact"
	"vitdse/dse/jobs"
	"vitdse/dse/limits"
	"vitdse/dse/measured"
	"vitdse/dse/measuring"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/search"
	"vitdse/dse/space"
	"vitdse/dse/sweep"
	"vitdse/hwmodel"
)

// Study is a space to explore with everything that it takes.
type Study struct {
	Engine  hwmodel.Engine
	Network measuring.Network
	Space   configs.Space
	Parts   []configs.Part
	Limits  limits.Limits
	Options search.Options

	Search     configs.Search    // default auto
	Objectives []metric.Metric   // default DefaultObjectives; top-1 is of the measured front
	NearDB     float64           // predicted dB beside the predicted front within which points are measured, too
	Prediction *noise.Prediction // takes the place of measuring sensitivities; may be nil
	Cache      configs.Store     // sensitivities and measurements that runs share

	// Called from one goroutine at a time; each may be nil.
	OnReference   func(title, unit string, done, total int) // what sensitivities and points are measured beside
	OnSensitivity func(done, total int)                     // entries of the sensitivity table
	OnSweep       func(search.Progress)
	OnSwept       func(search.Result)   // the sweep is over, before its front is measured
	OnMeasure     func(done, total int) // choices of numerics
}

// Explore measures the network's sensitivities, finds the front of the space, measures it
// with the golden model and writes front.json and front.csv to the run directory. Both
// are written at an interruption and for an empty front, too, with the counts so far; not where no point
// fits, which is said before anything is measured. Without weights, which needs a prediction, the front is not
// measured.
func Explore(ctx context.Context, s Study) (search.Result, error) {
	net, err := network.Compile(s.Network.Model)
	if err != nil {
		return search.Result{}, err
	}
	if err := s.Engine.Accepts(net); err != nil { // before the long work, not after it
		return search.Result{}, err
	}
	predicted, err := metric.PredictedObjectives(s.Objectives)
	if err != nil {
		return search.Result{}, err
	}
	wanted := s.Objectives
	s.Objectives = predicted
	if slices.Contains(wanted, metric.Top1) && (s.Network.Weights == nil || s.Network.Labels == nil) {
		return search.Result{}, errors.New("objectives: top1 is measured: it needs a checkpoint, " +
			"and a dataset with the labels of its test images; " +
			"give them, or take loss in its place")
	}
	work := measuring.Work{Workers: s.Options.Workers, Cache: s.Cache, Version: s.Options.Version,
		Progress: s.OnSensitivity, Stage: s.OnReference, Say: s.Options.Say,
		Elsewhere: s.Options.Elsewhere}
	find := finder(sweep.Search)
	exactly, err := s.exact()
	if err != nil {
		return search.Result{}, err
	}
	if exactly {
		find = exact.Search
	}
	in := search.Input{Engine: s.Engine, Model: s.Network.Model, Space: s.Space, Parts: s.Parts,
		Objectives: s.Objectives, Limits: s.Limits, Options: s.Options}
	prediction := s.Prediction
	if prediction == nil {
		if err := affordable(ctx, find, in); err != nil {
			return search.Result{}, err
		}
		if prediction, err = measuring.Sensitivities(ctx, s.Network, noise.ChoicesOf(s.Space), work); err != nil {
			return search.Result{}, fmt.Errorf("measuring sensitivities: %w", err)
		}
	}
	in.Noise, in.Additive = prediction.Noise, prediction
	res, err := find(ctx, in, s.OnSweep)
	if res.Front == nil {
		return res, err
	}
	if err == nil {
		if s.OnSwept != nil {
			s.OnSwept(res)
		}
		work.Progress = s.OnMeasure
		if slices.Contains(wanted, metric.Top1) {
			res.Front.MeasuredObjectives = wanted
		}
		if s.Network.Weights != nil {
			if err = errors.Join(measured.Widen(res.Front, ctx, in, s.NearDB),
				measured.Measure(res.Front, ctx, in.Engine, s.Network, work)); err != nil {
				err = fmt.Errorf("measuring the front: %w", err)
			}
		}
	}
	if s.Options.Dir != "" && !errors.Is(err, jobs.ErrPart) {
		err = errors.Join(err, res.Front.Write(s.Options.Dir))
	}
	return res, err
}

// sweepMost is the number of points a part up to which auto sweeps.
const sweepMost = 1 << 26

// exact says whether the exact search is the one to use.
func (s Study) exact() (bool, error) {
	usual := len(s.Limits.Bounds) == 0 && (len(s.Objectives) == 0 || slices.Equal(s.Objectives, limits.DefaultObjectives))
	switch s.Search {
	case configs.SearchExact:
		return true, nil
	case configs.SearchSweep:
		if !usual {
			return false, fmt.Errorf("search sweep has the objectives %s, %s and %s, and no limits but those of accuracy; "+
				"for others, set search to exact or auto",
				limits.DefaultObjectives[0], limits.DefaultObjectives[1], limits.DefaultObjectives[2])
		}
		return false, nil
	}
	axes := s.Space.Axes(s.Network.Model)
	return !usual || space.Combinations(axes, sweepMost) < 0 || space.Combinations(axes[:space.Split(axes)],
		space.MaxNumerics) < 0, nil
}
