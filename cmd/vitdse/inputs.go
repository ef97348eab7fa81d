package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/progress"
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/measuring"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/intnet"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

// trained is a trained network with its data.
type trained struct {
	model   configs.Model
	weights *checkpoint.Weights
	train   *dataset.Images // for calibration
	test    *dataset.Images
	labels  []int     // of test
	notes   []string  // what of the checkpoint was left out
	logits  []float32 // of test, by the framework that trained the network; nil if the dataset has none

	integers *given // the integer network itself; weights is nil then
}

// onEngine compiles a model that the engine must run.
func onEngine(m configs.Model) (*network.Network, error) {
	net, err := network.Compile(m)
	if err != nil {
		return nil, err
	}
	return net, engine.Accepts(net)
}

// forEngine loads what a run names; a network that the engine does not run is refused before anything else is read.
func (a *app) forEngine(ctx context.Context, run configs.Run,
	load func(context.Context, configs.Run) (*trained, error)) (*trained, error) {
	model, err := loadModel(run.Model)
	if err != nil {
		return nil, err
	}
	if _, err := onEngine(model); err != nil {
		return nil, err
	}
	n, err := load(ctx, run)
	if err != nil {
		return nil, err
	}
	_, err = onEngine(n.model) // as the checkpoint completes it
	return n, err
}

// loadNetwork reads model, checkpoint and dataset of a run; the checkpoint is that of a float network.
func (a *app) loadNetwork(ctx context.Context, run configs.Run) (*trained, error) {
	n, err := a.loadAny(ctx, run)
	if err != nil {
		return nil, err
	}
	return n, n.needFloat()
}

// loadAny is loadNetwork that takes an integer network in the place of a checkpoint, too.
func (a *app) loadAny(ctx context.Context, run configs.Run) (*trained, error) {
	model, err := loadModel(run.Model)
	if err != nil {
		return nil, err
	}
	if run.Checkpoint == "" || run.Dataset == "" {
		return nil, errors.New("the run names no checkpoint and dataset, without which only a sweep can be done")
	}
	n, err := loadWeights(model, run.Checkpoint)
	if err != nil {
		return nil, err
	}
	return n, n.loadData(ctx, a, run.Dataset)
}

// loadWeights reads a network without its data.
func loadWeights(model configs.Model, file string) (*trained, error) {
	if isNetwork(file) {
		return loadIntegers(model, file)
	}
	c, err := checkpoint.Load(file)
	if err != nil {
		return nil, err
	}
	n := &trained{}
	if n.model, err = c.Complete(model); err != nil {
		return nil, err
	}
	n.weights, err = c.ViT(n.model)
	n.notes = c.Notes(n.model)
	return n, err
}

// noteLeftOut says what of the checkpoint is not taken as it is, and what is in its place.
func (a *app) noteLeftOut(n *trained) {
	for _, note := range n.notes {
		a.log.Info("checkpoint: " + note)
	}
}

// checkFloat compares the float network with the dataset's test_logits, where there are any, and
// says how far they are apart. Beyond rounding it is another network, and the command ends.
func (a *app) checkFloat(ctx context.Context, n *trained) (*measure.Reference, error) {
	a.noteLeftOut(n)
	if n.logits == nil || n.integers != nil {
		return nil, nil
	}
	st := a.stages()
	defer st.Drop()
	r, err := measure.CompareReference(ctx, n.model, n.weights, n.test, n.logits, runtime.GOMAXPROCS(0),
		st.Task("float network", "images"))
	if err != nil {
		return nil, err
	}
	st.Drop()
	if err := r.Err(n.model); err != nil {
		return nil, &exitError{exitUnequal, err}
	}
	a.Printf("float network and test_logits: %s of %d compared, largest difference %.2g (image %d, class %d), "+
		"largest logit %.3g\n",
		number.Plural(r.Images, "image"), r.Of, r.Difference, r.Image, r.Class, r.Largest)
	return &r, nil
}

// loadStudied reads what a search of the run's space needs: with sensitivities from a file
// and no checkpoint, only the model; the front is then not measured.
func (a *app) loadStudied(ctx context.Context, run configs.Run) (*trained, error) {
	if run.Checkpoint != "" || run.Sensitivities == "" {
		return a.forEngine(ctx, run, a.loadNetwork)
	}
	model, err := loadModel(run.Model)
	if err == nil {
		_, err = onEngine(model)
	}
	return &trained{model: model}, err
}

// study is the network as a sweep takes it.
func (n *trained) study() measuring.Network {
	return measuring.Network{Model: n.model, Weights: n.weights, Calibration: n.train, Images: n.test, Labels: n.labels}
}

// calibration is the images that ranges are taken from: those of the training set, or with
// calibration synthetic made-up ones.
func (n *trained) calibration(num configs.Numerics) (*dataset.Images, error) {
	if num.Quantizer.Calibration == configs.CalibNoise {
		return quant.Synthetic(n.model, num.CalibImages, 1), nil
	}
	if n.train == nil {
		return nil, errors.New("there are no training images to calibrate on; give --dataset, " +
			"or the quantizer calibration=synthetic")
	}
	return n.train.Slice(0, min(num.CalibImages, n.train.N)), nil
}

// fewImages is the least number of calibration images that cost next to nothing: docs/QUANTIZERS.md.
const fewImages = 32

// warnOfFew says that ranges are taken from too few images.
func (a *app) warnOfFew(n *trained, images int) {
	if n.train != nil {
		images = min(images, n.train.N)
	}
	if images < fewImages {
		a.log.Warn("ranges from few calibration images cost accuracy", "images", images, "expected at least", fewImages)
	}
}

// quantize makes the integer network of some numerics, or takes the one that is kept. stage may be nil.
func (n *trained) quantize(num configs.Numerics, cache configs.Store,
	stage func(title, unit string, done, total int)) (*intnet.Network, error) {
	if n.integers != nil {
		return n.integers.net, n.integers.has(num)
	}
	images, err := n.calibration(num)
	if err != nil {
		return nil, err
	}
	build, err := buildID()
	if err != nil {
		return nil, err
	}
	study := n.study()
	study.Calibration = images
	return study.Integers(num, measuring.Work{Cache: cache, Version: build}, stage)
}

// inspect makes the integer network with a report of every layer.
func (n *trained) inspect(num configs.Numerics, st *progress.Stages) (*intnet.Network, *quant.Report, error) {
	if n.integers != nil {
		return n.integers.net, nil, n.integers.has(num)
	}
	images, err := n.calibration(num)
	if err != nil {
		return nil, nil, err
	}
	stats, err := quant.CalibrateWith(n.model, n.weights, images, st.Task("calibration", "images"))
	if err != nil {
		return nil, nil, err
	}
	return quant.Inspect(n.model, num, n.weights, stats, st.Task("quantization", "blocks"))
}

// spaceOf is the space that a run names, or the default one on the run's parts.
func spaceOf(run configs.Run) (configs.Space, error) {
	if run.Space != "" {
		return configs.LoadSpace(run.Space)
	}
	if len(run.Parts) == 0 {
		return configs.Space{}, errors.New("no space: a search needs the run's key space or --space, " +
			"the file of what may vary, " +
			"or the key parts, for which there is a default space")
	}
	return configs.DefaultSpace(run.Parts)
}

// loadSpace reads the space of a run and the parts that are to be swept.
func loadSpace(run configs.Run) (configs.Space, []configs.Part, error) {
	space, err := spaceOf(run)
	if err != nil {
		return space, nil, err
	}
	parts, err := loadParts(space.Parts)
	if err != nil {
		return space, nil, err
	}
	if err := calibrated(parts, run.Coefficients); err != nil {
		return space, nil, err
	}
	if parts, err = chosenParts(run, parts); err != nil {
		return space, nil, err
	}
	for _, p := range parts {
		if _, err := clocksOf(space, p); err != nil { // before anything is measured
			return space, nil, fmt.Errorf("%w; correct the part file's device, or say clock: part in the space, "+
				"for the clock_mhz of the part file", err)
		}
	}
	return space, parts, nil
}

// chosenParts are those of a space's parts that the run names, or all.
func chosenParts(run configs.Run, parts []configs.Part) ([]configs.Part, error) {
	if len(run.Parts) == 0 {
		return parts, nil
	}
	var names []string
	for _, p := range parts {
		names = append(names, p.Name)
	}
	var chosen []configs.Part
	for _, name := range run.Parts {
		i := slices.Index(names, name)
		if i < 0 {
			return nil, fmt.Errorf("part %q is not in the space %s, which has %v", name, run.Space, names)
		}
		chosen = append(chosen, parts[i])
	}
	return chosen, nil
}

// calibrated gives the parts the coefficients of the files, each those of its family.
func calibrated(parts []configs.Part, files []string) error {
	from := map[configs.Fabric]string{}
	for _, file := range files {
		c, err := configs.LoadCoefficients(file)
		if err != nil {
			return err
		}
		if other, twice := from[c.Family]; twice {
			return fmt.Errorf("%s and %s are both coefficients of family %s; expected at most one a family",
				other, file, c.Family)
		}
		from[c.Family] = file
		for i, p := range parts {
			if p.Family != c.Family {
				continue
			}
			if parts[i], err = engine.WithCoefficients(p, c); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return nil
}
