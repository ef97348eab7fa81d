package measuring

import (
	"context"
	"errors"
	"fmt"

	"vitdse/configs"
	"vitdse/dse/jobs"
	"vitdse/dse/noise"
	"vitdse/golden/dataset"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

// sensitivityImages is the number of training images that sensitivities are measured on:
// enough for about 0.5 dB. They are not those that a point is measured on, nor those of the
// calibration, to which the quantizer fits its codes: on them the noise looks smaller.
const sensitivityImages = 128

// goldenVersion is part of every cache key; it changes when golden's numbers do.
const goldenVersion = "vitdse golden 2"

// Work is how measurements run; no result depends on it.
type Work struct {
	Workers  int                   // goroutines, at least 1
	Cache    configs.Store         // results that are kept between runs
	Version  string                // of the tool; results of another version are measured again
	Progress func(done, total int) // called from one goroutine at a time; may be nil
	// Stage hears of what is computed once for all measurements; called as Progress is; may be nil.
	Stage     func(title, unit string, done, total int)
	Say       func(string)    // is told of kept results that are damaged; may be nil
	Elsewhere *jobs.Elsewhere // where the jobs are done but here; nil for here
}

// Sensitivities measures what the prediction of some choices needs, once: the noise that
// each layer's bits add to the network's logits. The reference is 8 bits everywhere.
// Tables are taken from the cache if model, weights, images, choices and tool are the same. In a task that measures a
// part of a table the error is jobs.ErrPart.
func Sensitivities(ctx context.Context, n Network, c noise.Choices, w Work) (*noise.Prediction, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	var tables []*measure.Table
	var foreign error
	beside := &references{network: n, calibration: n.calibration(c.CalibImages),
		images: n.heldOut(c.CalibImages, sensitivityImages)}
	for i, basis := range c.Bases {
		part := w
		if w.Progress != nil {
			part.Progress = func(done, total int) { w.Progress(i*total+done, len(c.Bases)*total) }
		}
		t, err := beside.sensitivity(ctx, c, basis, part)
		if errors.Is(err, jobs.ErrForeign) {
			foreign = err // of another basis than this task's, or of none
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("sensitivities at %s: %w", basis, err)
		}
		tables = append(tables, t)
	}
	if foreign != nil {
		return nil, foreign
	}
	return noise.NewPrediction(tables...)
}

// references are what the settings of every basis are measured beside, computed when first asked for.
type references struct {
	network             Network
	calibration, images *dataset.Images
	stats               *quant.Stats
	logits              []float64 // of the float network
}

func (r *references) prepare(ctx context.Context, w Work) (err error) {
	if r.logits != nil {
		return nil
	}
	n := r.network
	r.stats, err = quant.CalibrateWith(n.Model, n.Weights, r.calibration, w.stage("calibration", "images"))
	if err != nil {
		return err
	}
	r.logits, err = measure.FloatLogitsWith(ctx, n.Model, n.Weights, r.images, w.Workers,
		w.stage("float network", "images"))
	return err
}

// stage hears of one thing that is computed; nil if nobody asks.
func (w Work) stage(title, unit string) func(done, total int) {
	if w.Stage == nil {
		return nil
	}
	return func(done, total int) { w.Stage(title, unit, done, total) }
}

func (r *references) sensitivity(ctx context.Context, c noise.Choices, basis configs.Basis,
	w Work) (*measure.Table, error) {
	n := r.network
	reference := configs.Uniform(n.Model, 8, 8).On(basis)
	reference.CalibImages = c.CalibImages
	sweep := measure.Sweep{Bits: c.Bits, Granularities: c.Granularities, Group: c.Group, Workers: w.Workers}
	key, err := configs.Key(goldenVersion, w.Version, "sensitivity", n.Model, n.Weights.Digest(n.Model),
		imagesHash(r.calibration, nil),
		imagesHash(r.images, nil), reference, sweep.Bits, sweep.Granularities, sweep.Group)
	if err != nil {
		return nil, err
	}
	t := new(measure.Table)
	settings, err := w.newSettings(ctx, key, sweep, n.Model, reference)
	if err != nil {
		return nil, err
	}
	if !settings.mine && w.Cache.Get("sensitivity", key, t) {
		return t, nil
	}
	if err := settings.open(ctx, passSeconds(n.Model, r.images.N)); err != nil {
		return nil, err
	}
	if err = r.prepare(ctx, w); err == nil {
		settings.say()
		sweep.Run, sweep.Float = settings.run, r.logits
		t, err = measure.Sensitivity(ctx, n.Model, reference, n.Weights, r.stats, r.images, sweep)
	}
	if err != nil {
		w.Cache.Failed(settings.journal.Close())
		return nil, err
	}
	if settings.mine {
		return nil, jobs.ErrPart // whose entries are not all measured: it is not kept
	}
	err = w.Cache.Put("sensitivity", key, t)
	w.Cache.Failed(settings.journal.Remove())
	return t, err
}

// Additivity measures random assignments of bits beside what the prediction's tables say of
// them, on images that neither ranges nor sensitivities were taken from: one result for each
// basis, in order.
func (n Network) Additivity(ctx context.Context, p *noise.Prediction, c noise.Choices, assignments int, seed int64,
	w Work) ([]*measure.Additivity, error) {
	stats, err := quant.CalibrateWith(n.Model, n.Weights, n.calibration(c.CalibImages), w.stage("calibration", "images"))
	if err != nil {
		return nil, err
	}
	var list []*measure.Additivity
	tables := p.File("").Tables
	for i, t := range tables {
		a, err := t.Check(ctx, n.Model, n.Weights, stats, n.Images, assignments, uint64(seed), w.Workers,
			func(done, total int) {
				if w.Progress != nil {
					w.Progress(i*total+done, len(tables)*total)
				}
			})
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}
