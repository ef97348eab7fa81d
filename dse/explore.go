package dse

import (
	"context"
	"errors"
	"fmt"

	"vitdse/configs"
)

// Study is a space to explore with everything that it takes.
type Study struct {
	Network Network
	Space   configs.Space
	Parts   []configs.Part
	Limits  Limits
	Options Options
	Cache   string // directory of sensitivities and measurements that are kept between runs; "" for none

	// Called from one goroutine at a time; each may be nil.
	OnSensitivity func(done, total int) // entries of the sensitivity table
	OnSweep       func(Progress)
	OnSwept       func(Result)          // the sweep is over, before its front is measured
	OnMeasure     func(done, total int) // choices of numerics
}

// Explore measures the network's sensitivities, sweeps the space, measures the front
// with the golden model and writes front.json and front.csv to the run directory. Both
// are written at an interruption and for an empty front, too, with the counts so far.
func Explore(ctx context.Context, s Study) (Result, error) {
	if err := s.Network.Model.OnEngine(); err != nil { // before the long work, not after it
		return Result{}, err
	}
	work := Work{Workers: s.Options.Workers, Cache: s.Cache, Version: s.Options.Version, Progress: s.OnSensitivity}
	prediction, err := Sensitivities(ctx, s.Network, s.Space, work)
	if err != nil {
		return Result{}, fmt.Errorf("measuring sensitivities: %w", err)
	}
	in := Input{Model: s.Network.Model, Space: s.Space, Parts: s.Parts, Noise: prediction.Noise, Limits: s.Limits, Options: s.Options}
	res, err := Sweep(ctx, in, s.OnSweep)
	if res.Front == nil {
		return res, err
	}
	if err == nil {
		if s.OnSwept != nil {
			s.OnSwept(res)
		}
		work.Progress = s.OnMeasure
		if err = res.Front.Measure(ctx, s.Network, work); err != nil {
			err = fmt.Errorf("measuring the front: %w", err)
		}
	}
	if s.Options.Dir != "" {
		err = errors.Join(err, res.Front.Write(s.Options.Dir))
	}
	return res, err
}
