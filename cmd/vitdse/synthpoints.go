package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"

	"vitdse/cmd/vitdse/estimates"
	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/measured"
	"vitdse/emit/synth"
	"vitdse/hwmodel"
)

// SynthesizedFront is where synthesis of a front's points leaves what it found, in the sweep's folder.
const SynthesizedFront = "synthesized.json"

// synthPoints maps points of a run's front, prints estimates beside counts, and cuts the front again.
func (a *app) synthPoints(ctx context.Context, run configs.Run, f pointsFlags) error {
	p, err := a.pointsOf(ctx, run, "vitdse synthesized points", f.points)
	if err != nil {
		return err
	}
	version, err := synth.YosysVersion(ctx)
	if err != nil {
		return &exitError{exitTool, err}
	}
	b := &batch[estimates.Point]{a: a, plan: p.plan, path: filepath.Join(sweepDir(run), "synth.journal"),
		title: "synthesis", unit: "points",
		machines: f.machines, work: workDir(run), tools: []string{"yosys"}, workers: runtime.GOMAXPROCS(0),
		cost: func(job int) float64 { return synthesisSeconds(p.front.Points[job].Estimate) },
		name: func(r estimates.Point) string { return p.name(r.Point) },
		one: func(ctx context.Context, job int) (estimates.Point, error) {
			r := estimates.Point{Point: job, Tool: version}
			err := p.emitted(ctx, job, nil, func(dir string, part configs.Part) error {
				rep, err := synth.Run(ctx, dir, synth.Options{Cache: p.cache, Timed: part}, nil)
				if err == nil {
					r.Design, r.Counts, r.Clock = configs.ShortHash(rep.Hash), synth.Total(rep.Modules), estimates.ClockOf(rep)
				}
				return err
			})
			if err != nil {
				err = fmt.Errorf("%s: %w", p.name(job), err)
			}
			return r, err
		}}
	if err := b.run(ctx, p.list); err != nil {
		return b.kept(err)
	}
	out := estimates.Front{Inputs: p.front.Inputs}
	counts := map[int]hwmodel.Resources{}
	for _, job := range p.list {
		out.Points = append(out.Points, b.found[job])
		counts[job] = b.found[job].Counts
	}
	if out.Cut, err = measured.Recount(p.front, counts, engine); err != nil {
		return err
	}
	text, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return err
	}
	file := filepath.Join(sweepDir(run), SynthesizedFront)
	if err := configs.WriteFile(file, append(text, '\n')); err != nil {
		return err
	}
	if err := estimates.Points(a.Output, p.front, out); err != nil {
		return err
	}
	a.Printf("written to %s\n", file)
	return b.forget()
}

// synthesisSeconds is about how long Yosys takes: two thirds of a minute, and a second for 300 LUTs.
func synthesisSeconds(e front.Estimate) float64 { return 40 + float64(e.LUT)/300 }

// kept ends a batch that did not come to its end: what it found is for the command that goes on.
func (b *batch[R]) kept(why error) error {
	if b.journal == nil {
		return why
	}
	if err := b.close(); err != nil {
		b.a.log.Error("journal", "error", err)
	}
	return why
}
