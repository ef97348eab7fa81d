// Package measured holds a front against the golden model: it adds points near the front, measures the numerics of all,
// cuts the front again in what was measured, or in resources that a synthesis counted, and fits how far the prediction
// is off.
package measured

import (
	"context"
	"errors"

	"vitdse/dse/accuracy"
	"vitdse/dse/front"
	"vitdse/dse/jobs"
	"vitdse/dse/measuring"
	"vitdse/dse/metric"
	"vitdse/dse/space"
	"vitdse/golden/measure"
	"vitdse/hwmodel"
)

// Measure runs the golden model on the numerics of every point, and of the space's
// best: each quantized and evaluated on the network's images, once for all points that
// share it. It fills in the points' Measured, cuts the measured front, of points near the
// predicted one keeps those that are on it, and fits the
// correction. Results are kept in the cache, so that a repetition costs nothing.
//
// If ctx ends first, what was measured stays, the front is marked partial, and the
// error is the context's.
func Measure(f *front.Front, ctx context.Context, engine hwmodel.Clocked, n measuring.Network, w measuring.Work) error {
	if err := n.Check(); err != nil {
		return err
	}
	m, err := measuring.NewMeasurement(n, f.BestNumerics.CalibImages, w)
	if err != nil {
		return err
	}
	m.Want(space.NumericsHash(f.BestNumerics), f.BestNumerics)
	for _, p := range f.Points {
		d, err := f.Design(engine, p)
		if err != nil {
			return err
		}
		m.Want(p.Numerics, d.Numerics)
	}
	err = m.Run(ctx)
	if err != nil && (ctx.Err() == nil || errors.Is(err, jobs.ErrPart)) {
		return err
	}
	Apply(f, m.Results())
	if err != nil {
		f.Partial = true
		return context.Cause(ctx)
	}
	return nil
}

// Apply fills in what was measured, by numerics.
func Apply(f *front.Front, have map[string]measure.Result) {
	reference, ok := have[space.NumericsHash(f.BestNumerics)]
	if !ok {
		return
	}
	limit := f.Limits.Noise(reference.Noise)
	for _, b := range f.Limits.Bounds {
		if b.Metric == metric.Loss {
			limit = min(limit, b.Ceiling(reference.Noise))
		}
	}
	result := func(hash string) *accuracy.Measured {
		r, ok := have[hash]
		if !ok {
			return nil
		}
		return &accuracy.Measured{Images: r.Images, Top1: r.Top1, Top1SE: accuracy.StandardError(r.Top1, r.Images),
			Agree: r.Agree,
			Noise: r.Noise, SQNRDB: r.SQNR,
			LossDB: reference.SQNR - r.SQNR, Feasible: r.Noise <= limit && f.Limits.Top1(reference.Top1, r.Top1)}
	}
	f.Reference = result(space.NumericsHash(f.BestNumerics))
	for i := range f.Points {
		f.Points[i].Measured = result(f.Points[i].Numerics)
	}
	Recut(f)
	f.Correction = fitCorrection(pairs(f))
	dropNear(f)
}
