package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/page"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/dse"
	"vitdse/emit"
	"vitdse/emit/synth"
	"vitdse/hwmodel"
)

// SynthesizedFront is where synthesis of a front's points leaves what it found, in the sweep's folder.
const SynthesizedFront = "synthesized.json"

// synthesizedPoint is what synthesis said of a point.
type synthesizedPoint struct {
	Point  int               `json:"point"`
	Design string            `json:"design"` // hash
	Tool   string            `json:"tool"`   // with its version
	Counts hwmodel.Resources `json:"counts"`
	Clock  *page.Clock       `json:"clock,omitempty"`
}

// synthesizedFront is all of them, and the front that they make.
type synthesizedFront struct {
	Inputs string             `json:"inputs"` // of the front
	Points []synthesizedPoint `json:"points"`
	Cut    []dse.Synthesized  `json:"cut"`
}

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
	b := &batch[synthesizedPoint]{a: a, plan: p.plan, path: filepath.Join(sweepDir(run), "synth.journal"), title: "synthesis", unit: "points",
		machines: f.machines, work: workDir(run), tools: []string{"yosys"}, workers: runtime.GOMAXPROCS(0),
		cost: func(job int) float64 { return synthesisSeconds(p.front.Points[job].Estimate) },
		name: func(r synthesizedPoint) string { return p.name(r.Point) },
		one: func(ctx context.Context, job int) (synthesizedPoint, error) {
			r := synthesizedPoint{Point: job, Tool: version}
			err := p.emitted(ctx, job, nil, func(dir string, plan *emit.Plan) error {
				rep, err := synth.Run(ctx, dir, synth.Options{Cache: p.cache, Timed: plan.Part}, nil)
				if err == nil {
					r.Design, r.Counts, r.Clock = configs.ShortHash(rep.Hash), synth.Total(rep.Modules), clockOf(rep)
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
	out := synthesizedFront{Inputs: p.front.Inputs}
	counts := map[int]hwmodel.Resources{}
	for _, job := range p.list {
		out.Points = append(out.Points, b.found[job])
		counts[job] = b.found[job].Counts
	}
	if out.Cut, err = p.front.Synthesized(counts, engine); err != nil {
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
	if err := a.printSynthesized(p, out); err != nil {
		return err
	}
	a.Printf("written to %s\n", file)
	return b.forget()
}

// synthesisSeconds is about how long Yosys takes: two thirds of a minute, and a second for 300 LUTs.
func synthesisSeconds(e dse.Estimate) float64 { return 40 + float64(e.LUT)/300 }

// printSynthesized prints a row a point.
func (a *app) printSynthesized(p *frontPoints, out synthesizedFront) error {
	t := table.New("point", "<part", "LUT", "off by %", "FF", "off by %", "DSP", "BRAM 18Kb", "URAM", "use %", "estimated", "<clock MHz, bracket", "<front")
	off := func(estimate, counted int) string {
		if counted == 0 {
			return "-"
		}
		return fmt.Sprintf("%+.1f", 100*(float64(estimate)/float64(counted)-1))
	}
	pair := func(estimate, counted int) string {
		if estimate == counted {
			return number.Count(counted)
		}
		return number.Count(estimate) + " / " + number.Count(counted)
	}
	on := 0
	for i, c := range out.Cut {
		x, e := p.front.Points[c.Point], p.front.Points[c.Point].Estimate
		clock := "-"
		if k := out.Points[i].Clock; k != nil && k.LowMHz != nil && k.HighMHz != nil {
			clock = fmt.Sprintf("%.0f to %.0f", *k.LowMHz, *k.HighMHz)
		}
		word := "yes"
		switch {
		case !c.Feasible:
			word = "no: " + c.Broken
		case !c.OnFront:
			word = "no: another is as good in all"
		default:
			on++
		}
		t.Add(number.Count(int64(c.Point+1)), x.Part, pair(e.LUT, c.Counts.LUT), off(e.LUT, c.Counts.LUT), pair(e.FF, c.Counts.FF), off(e.FF, c.Counts.FF),
			pair(e.DSP, c.Counts.DSP), pair(e.BRAM18, c.Counts.BRAM18), pair(e.URAM, c.Counts.URAM), number.Percent(c.Use), number.Percent(x.Use), clock, word)
	}
	if err := a.Show(t); err != nil {
		return err
	}
	a.Printf("Estimate / Yosys (%s). Of %s, %d are on the front that is cut with what was synthesized, at the assumed clocks.\n",
		out.Points[0].Tool, number.Plural(len(out.Cut), "point"), on)
	return nil
}

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
