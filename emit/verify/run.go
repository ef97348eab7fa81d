package verify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit"
	"vitdse/emit/engines"
)

// ErrTool is wrapped by errors about a tool that is not installed.
var ErrTool = errors.New("missing tool")

// Run verifies an emitted folder in Verilator. The error says why nothing could be
// concluded: a missing tool, a folder of mixed designs, a build that failed, a simulation
// that hung. Elements that differ are in the report.
func Run(ctx context.Context, dir string, opt Options, progress func(Progress)) (*Report, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	if opt.Latency < 1 {
		opt.Latency = 1
	}
	if opt.Stall < 0 || opt.Stall > 0.9 {
		return nil, fmt.Errorf("stall is %g; expected 0 to 0.9", opt.Stall)
	}
	man, err := emit.LoadManifest(dir)
	if err != nil {
		return nil, err
	}
	changed, err := checkFolder(dir, man)
	if err != nil {
		return nil, err
	}
	program, err := rtlProgram(dir).build(ctx, progress)
	if err != nil {
		return nil, err
	}
	return newRun(ctx, configs.TargetRTL, dir, program, man, changed, opt, progress)
}

// newRun simulates what has been built and reports.
func newRun(ctx context.Context, target configs.Target, dir, program string, man emit.Manifest, changed []string,
	opt Options, progress func(Progress)) (*Report, error) {
	net, err := network.Compile(man.Model)
	if err != nil {
		return nil, err
	}
	machine, err := engines.Default().Machine(net, man.Design)
	if err != nil {
		return nil, err
	}
	have, err := Held(dir, man)
	if err != nil {
		return nil, err
	}
	opt = opt.within(have, man.Full)
	r := &run{target: target, program: program, man: man, changed: changed, opt: opt, machine: machine, net: net,
		progress: progress}
	if err := r.simulate(ctx, dir); err != nil {
		return nil, err
	}
	return r.report()
}

// Held is how many images a folder has the logits of.
func Held(dir string, man emit.Manifest) (int, error) {
	path := filepath.Join(dir, "vectors/logits.bin")
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	have := (int(info.Size()) - headerBytes) / (4 * man.Model.Classes)
	if have < 1 {
		return 0, fmt.Errorf("%s holds the logits of no image; emit the folder again", path)
	}
	return have, nil
}

// within takes as many images as the folder has, where all (-1) or more were asked for.
func (o Options) within(have, full int) Options {
	if o.Images < 0 || o.Images > have {
		o.Images = have
	}
	if o.Full < 0 || o.Full > full {
		o.Full = full
	}
	o.Full = min(o.Full, o.Images)
	return o
}

// report turns what was seen into a verdict; what was not seen is a failure.
func (r *run) report() (*Report, error) {
	rep := &Report{
		Target: r.target, Hash: r.man.Hash, Changed: r.changed, Model: r.man.Model.Name, Part: r.man.Design.Part,
		FullImages: r.end.Full, Mismatches: r.mismatches, SimSeconds: r.end.Seconds, Processes: len(r.processes),
		BeatsRead: r.end.BeatsRead, BeatsWritten: r.end.BeatsWritten,
	}
	if len(r.cycles) != r.opt.Images || r.end.Images != r.opt.Images {
		return nil, fmt.Errorf("the simulation reported %d of %d images", len(r.cycles), r.opt.Images)
	}
	rep.LogitImages, rep.LogitCompared, rep.LogitMismatches = r.logits.Images, r.logits.Compared, r.logits.Mismatches
	ops := r.net.Ops
	rep.Resets = len(r.resets)
	rep.PredictedQueued, rep.MeasuredQueued = r.queued[0], r.queued[1]
	if r.target == configs.TargetRTL && !slices.Equal(r.resets, r.rehearsals) {
		return nil, fmt.Errorf("the simulation reported soft resets in cycles %v; expected %v", r.resets, r.rehearsals)
	}
	if r.target == configs.TargetRTL && r.processes[0].started != r.starts && len(r.mismatches) == 0 {
		return nil, fmt.Errorf("the simulation ended %d of %d runs from random states", r.processes[0].started, r.starts)
	}
	rep.ArrayMACs = int64(r.man.Design.Engine.MACs())
	if r.target == configs.TargetRTL {
		read, _ := r.machine.Bytes()
		rep.PredictedBeatsRead = int64(r.end.Images) * read / int64(r.man.Design.Engine.BusBits/8)
	}
	// The runs from random states are none of the images, and their mismatches are no less.
	ok := r.end.OK && len(r.mismatches) == 0 && !slices.ContainsFunc(r.processes,
		func(p *process) bool { return p.unequal }) && rep.LogitMismatches == 0 && rep.FullImages >= 1 &&
		rep.LogitCompared == int64(rep.LogitImages)*int64(r.man.Model.Classes)
	sums := int64(0) // of rows, that the LayerNorms take
	for i, op := range r.man.Ops {
		if len(r.cycles[0]) != len(r.man.Ops) {
			return nil, fmt.Errorf("the simulation reported %d ops; the folder has %d", len(r.cycles[0]), len(r.man.Ops))
		}
		elements := int64(op.Heads) * int64(op.Rows) * int64(op.Cols) * int64(rep.FullImages)
		e := r.compared[i]
		res := OpResult{Name: op.Name, Kind: op.Kind, Shape: shapeOf(op), Elements: elements,
			Compared: e.Compared, Mismatches: e.Mismatches, Predicted: r.predicted[0][i], Measured: r.cycles[0][i],
			Digest: e.Digest}
		copy(res.Spent[:], r.spent[i])
		if i < len(ops) {
			res.MACs = ops[i].MACs()
		}
		ok = ok && res.Compared == elements && res.Mismatches == 0
		if op.Kind == network.OpLayerNorm.String() || op.Kind == network.OpEmbedNorm.String() {
			sums += 2 * int64(op.Rows) * int64(rep.FullImages)
		}
		rep.Ops = append(rep.Ops, res)
		rep.PredictedCycles += res.Predicted
		rep.MeasuredCycles += res.Measured
	}
	if r.target == configs.TargetRTL {
		if r.sums != sums {
			return nil, fmt.Errorf("the simulation compared %d sums of rows; expected %d", r.sums, sums)
		}
		if n := spent(rep.Ops); n != rep.MeasuredCycles {
			return nil, fmt.Errorf("the simulation gives causes for %d cycles of the first image, which took %d",
				n, rep.MeasuredCycles)
		}
	}
	for i := range r.predicted {
		for j := range r.predicted[i] {
			rep.PredictedRun += r.predicted[i][j]
			rep.MeasuredRun += r.cycles[i][j]
		}
	}
	if rep.SimSeconds > 0 {
		rep.CyclesPerSecond = float64(rep.MeasuredRun) / rep.SimSeconds
	}
	rep.OK = ok
	return rep, nil
}

func spent(ops []OpResult) (n int64) {
	for _, o := range ops {
		n += o.Spent.Total()
	}
	return n
}

func shapeOf(op emit.ManifestOp) string {
	switch {
	case op.Rows == 0:
		return "-"
	case op.Heads > 1:
		return fmt.Sprintf("%dx%dx%d", op.Heads, op.Rows, op.Cols)
	}
	return fmt.Sprintf("%dx%d", op.Rows, op.Cols)
}
