package measuring

import (
	"context"
	"fmt"
	"sync"

	"vitdse/configs"
	"vitdse/dse/jobs"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

// Measurement evaluates a network with numerics that are wanted, each once, on the network's images.
type Measurement struct {
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
	name     string
	key      string // of the cache
	numerics configs.Numerics
}

// NewMeasurement is one of a network, with ranges from so many calibration images.
func NewMeasurement(n Network, calibImages int, w Work) (*Measurement, error) {
	common, err := configs.Key(goldenVersion, w.Version, "measure", n.Model, n.Weights.Digest(n.Model),
		imagesHash(n.calibration(calibImages), nil), imagesHash(n.Images, n.Labels))
	return &Measurement{net: n, common: common, work: w, calibrate: calibImages,
		known: map[string]bool{}, have: map[string]measure.Result{}}, err
}

// Want enters numerics, by a name that they alone have, unless they are entered already.
func (m *Measurement) Want(name string, n configs.Numerics) {
	if m.known[name] {
		return
	}
	m.known[name] = true
	key, err := configs.Key(m.common, n)
	if err != nil {
		panic(err) // only for a NaN or an infinity, which configs refuses
	}
	m.all = append(m.all, wanted{name, key, n})
}

// kept takes what the cache has, and lists the jobs that are left.
func (m *Measurement) kept() []int {
	var left []int
	for i, t := range m.all {
		var r measure.Result
		if !m.mine && m.work.Cache.Get("measure", t.key, &r) {
			m.have[t.name] = r
			continue
		}
		left = append(left, i)
	}
	return left
}

// Run measures what is wanted and not in the cache.
func (m *Measurement) Run(ctx context.Context) error {
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
	if e := m.work.Elsewhere; !m.mine && (e == nil || e.Do == nil) {
		if err := m.prepare(ctx); err != nil {
			return err
		}
	}
	had := len(m.all) - len(left)
	m.progress(had)
	return jobs.Run(ctx, left, jobs.Work[measure.Result]{
		Workers: m.work.Workers,
		Worker: func() func(context.Context, int) (measure.Result, error) {
			return func(ctx context.Context, n int) (measure.Result, error) { return m.one(ctx, m.all[n]) }
		},
		Take: func(n int, r measure.Result) error {
			m.have[m.all[n].name] = r
			m.progress(len(m.have))
			return m.work.Cache.Put("measure", m.all[n].key, r)
		},
		Elsewhere: m.work.Elsewhere, Plan: m.plan, Cost: func(int) float64 {
			return passSeconds(m.net.Model, m.net.Images.N)
		},
	})
}

// prepare computes once what every evaluation needs: the ranges and the float network's logits.
func (m *Measurement) prepare(ctx context.Context) (err error) {
	m.once.Lock()
	defer m.once.Unlock()
	if m.stats != nil {
		return nil
	}
	if m.logits, err = measure.FloatLogitsWith(ctx, m.net.Model, m.net.Weights, m.net.Images, m.work.Workers,
		m.stage("float network", "images")); err != nil {
		return err
	}
	m.stats, err = quant.CalibrateWith(m.net.Model, m.net.Weights, m.net.calibration(m.calibrate),
		m.stage("calibration", "images"))
	return err
}

// stage is none in a task, whose jobs ask for what they need side by side.
func (m *Measurement) stage(title, unit string) func(done, total int) {
	if m.mine {
		return nil
	}
	return m.work.stage(title, unit)
}

func (m *Measurement) progress(done int) {
	if m.work.Progress != nil {
		m.work.Progress(done, len(m.all))
	}
}

// one evaluates the network with some numerics.
func (m *Measurement) one(ctx context.Context, t wanted) (measure.Result, error) {
	if err := m.prepare(ctx); err != nil {
		return measure.Result{}, err
	}
	net, err := quant.Quantize(m.net.Model, t.numerics, m.net.Weights, m.stats)
	if err != nil {
		return measure.Result{}, fmt.Errorf("numerics %s: %w", t.name, err)
	}
	return measure.Evaluate(ctx, net, m.net.Images, m.net.Labels, m.logits, 1)
}

// Results are what was measured or kept, by the names of the numerics.
func (m *Measurement) Results() map[string]measure.Result { return m.have }
