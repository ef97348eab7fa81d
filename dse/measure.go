package dse

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"vitdse/configs"
	"vitdse/dse/jobs"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

// Measured is what the golden model found for a choice of numerics.
type Measured struct {
	Images   int     `json:"images"`
	Top1     float64 `json:"top1"`     // share of correct labels, 0..1; 0 without labels
	Top1SE   float64 `json:"top1_se"`  // its standard error: sqrt(Top1 (1 - Top1) / Images)
	Agree    float64 `json:"agree"`    // share of images whose class is the float network's
	Noise    float64 `json:"noise"`    // power of the logits' error over that of the float logits
	SQNRDB   float64 `json:"sqnr_db"`  // -10 log10(Noise)
	LossDB   float64 `json:"loss_db"`  // Front.Reference.SQNRDB - SQNRDB
	Feasible bool    `json:"feasible"` // the limits hold as measured
	OnFront  bool    `json:"on_front"` // of the feasible points' front in what was measured
}

// Measure runs the golden model on the numerics of every point, and of the space's
// best: each quantized and evaluated on the network's images, once for all points that
// share it. It fills in the points' Measured, cuts the measured front, of points near the
// predicted one keeps those that are on it, and fits the
// correction. Results are kept in the cache, so that a repetition costs nothing.
//
// If ctx ends first, what was measured stays, the front is marked partial, and the
// error is the context's.
func (f *Front) Measure(ctx context.Context, n Network, w Work) error {
	if err := n.check(); err != nil {
		return err
	}
	m, err := newMeasurement(n, f.BestNumerics.CalibImages, w)
	if err != nil {
		return err
	}
	m.want(numericsHash(f.BestNumerics), f.BestNumerics)
	for _, p := range f.Points {
		d, err := f.Design(p)
		if err != nil {
			return err
		}
		m.want(p.Numerics, d.Numerics)
	}
	err = m.run(ctx)
	if err != nil && (ctx.Err() == nil || errors.Is(err, jobs.ErrPart)) {
		return err
	}
	f.apply(m.have)
	if err != nil {
		f.Partial = true
		return context.Cause(ctx)
	}
	return nil
}

// apply fills in what was measured, by numerics.
func (f *Front) apply(have map[string]measure.Result) {
	reference, ok := have[numericsHash(f.BestNumerics)]
	if !ok {
		return
	}
	limit := f.Limits.noise(reference.Noise)
	for _, b := range f.Limits.Bounds {
		if b.Metric == Loss {
			limit = min(limit, b.ceiling(reference.Noise))
		}
	}
	result := func(hash string) *Measured {
		r, ok := have[hash]
		if !ok {
			return nil
		}
		return &Measured{Images: r.Images, Top1: r.Top1, Top1SE: standardError(r.Top1, r.Images), Agree: r.Agree, Noise: r.Noise, SQNRDB: r.SQNR,
			LossDB: reference.SQNR - r.SQNR, Feasible: r.Noise <= limit && f.Limits.top1(reference.Top1, r.Top1)}
	}
	f.Reference = result(numericsHash(f.BestNumerics))
	for i := range f.Points {
		f.Points[i].Measured = result(f.Points[i].Numerics)
	}
	f.recut()
	f.Correction = fitCorrection(f.pairs())
	f.dropNear()
}

// measurement is one Measure in the making.
type measurement struct {
	net       Network
	common    string // hash of all but the numerics
	work      Work
	once      sync.Mutex // of stats and logits
	stats     *quant.Stats
	logits    []float64
	calibrate int
	all       []wanted // the jobs, by number
	known     map[string]bool
	have      map[string]measure.Result
	plan      jobs.Plan
	mine      bool // this process is a task that does some of them
}

type wanted struct {
	hash     string
	key      string // of the cache
	numerics configs.Numerics
}

func newMeasurement(n Network, calibImages int, w Work) (*measurement, error) {
	common, err := configs.Key(goldenVersion, w.Version, "measure", n.Model, n.Weights.Digest(n.Model),
		imagesHash(n.calibration(calibImages), nil), imagesHash(n.Images, n.Labels))
	return &measurement{net: n, common: common, work: w, calibrate: calibImages,
		known: map[string]bool{}, have: map[string]measure.Result{}}, err
}

// want enters numerics that are neither measured nor entered yet.
func (m *measurement) want(hash string, n configs.Numerics) {
	if m.known[hash] {
		return
	}
	m.known[hash] = true
	key, err := configs.Key(m.common, n)
	if err != nil {
		panic(err) // numericsHash took the same value
	}
	m.all = append(m.all, wanted{hash, key, n})
}

// kept takes what the cache has, and lists the jobs that are left.
func (m *measurement) kept() []int {
	var left []int
	for i, t := range m.all {
		var r measure.Result
		if !m.mine && m.work.Cache.Get("measure", t.key, &r) {
			m.have[t.hash] = r
			continue
		}
		left = append(left, i)
	}
	return left
}

// run measures what is wanted and not in the cache.
func (m *measurement) run(ctx context.Context) error {
	var keys []string
	for _, t := range m.all {
		keys = append(keys, t.key)
	}
	inputs, err := configs.Key(keys)
	if err != nil {
		return err
	}
	m.plan = jobs.Plan{Kind: "vitdse measured front", Inputs: inputs, Jobs: len(m.all)}
	if m.mine, err = m.work.Elsewhere.Mine(ctx, m.plan); err != nil {
		return err
	}
	left := m.kept()
	if len(left) == 0 || ctx.Err() != nil {
		return context.Cause(ctx)
	}
	had := len(m.all) - len(left)
	m.progress(had)
	return jobs.Run(ctx, left, jobs.Work[measure.Result]{
		Workers: m.work.Workers,
		Worker: func() func(context.Context, int) (measure.Result, error) {
			return func(ctx context.Context, n int) (measure.Result, error) { return m.one(ctx, m.all[n]) }
		},
		Take: func(n int, r measure.Result) error {
			m.have[m.all[n].hash] = r
			m.progress(len(m.have))
			return m.work.Cache.Put("measure", m.all[n].key, r)
		},
		Elsewhere: m.work.Elsewhere, Plan: m.plan, Cost: func(int) float64 { return passSeconds(m.net.Model, m.net.Images.N) },
	})
}

// prepare computes once what every evaluation needs: the ranges and the float network's logits.
func (m *measurement) prepare(ctx context.Context) (err error) {
	m.once.Lock()
	defer m.once.Unlock()
	if m.stats != nil {
		return nil
	}
	if m.logits, err = measure.FloatLogits(ctx, m.net.Model, m.net.Weights, m.net.Images, m.work.Workers); err != nil {
		return err
	}
	m.stats, err = quant.Calibrate(m.net.Model, m.net.Weights, m.net.calibration(m.calibrate))
	return err
}

func (m *measurement) progress(done int) {
	if m.work.Progress != nil {
		m.work.Progress(done, len(m.all))
	}
}

// one evaluates the network with some numerics.
func (m *measurement) one(ctx context.Context, t wanted) (measure.Result, error) {
	if err := m.prepare(ctx); err != nil {
		return measure.Result{}, err
	}
	net, err := quant.Quantize(m.net.Model, t.numerics, m.net.Weights, m.stats)
	if err != nil {
		return measure.Result{}, fmt.Errorf("numerics %s: %w", t.hash, err)
	}
	return measure.Evaluate(ctx, net, m.net.Images, m.net.Labels, m.logits, 1)
}
