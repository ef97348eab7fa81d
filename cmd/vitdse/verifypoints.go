package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/verdicts"
	"vitdse/configs"
	"vitdse/emit/verify"
)

// VerifiedFront is where verification of a front's points leaves what it found, in the sweep's folder.
const VerifiedFront = "verified.json"

// verifyPoints emits and verifies points of a run's front, in processes of their own simulators.
func (a *app) verifyPoints(ctx context.Context, run configs.Run, f pointsFlags) error {
	opt := options(run)
	if opt.Stall > mostStall {
		return fmt.Errorf("verify.stall is %g; the simulation takes up to %g", opt.Stall, mostStall)
	}
	p, err := a.pointsOf(ctx, run, "vitdse verified points", f.points, run.Verify, run.Seed)
	if err != nil {
		return err
	}
	tools := []string{"verilator", "g++"}
	if run.Verify.Target == configs.TargetHLS {
		tools = tools[1:]
	}
	if err := needTools(simulationTools); err != nil {
		return err
	}
	b := &batch[verdicts.Point]{a: a, plan: p.plan, path: filepath.Join(sweepDir(run), "verify.journal"),
		title: "verification", unit: "points",
		machines: f.machines, work: workDir(run), tools: tools, workers: 1, // a simulation takes all processors

		// building takes half a minute, then cycles pass at a rate that falls with the design's size
		cost: func(job int) float64 {
			e := p.front.Points[job].Estimate
			return 30 + float64(opt.Images)*float64(e.Cycles)*float64(e.LUT)/1e9
		},
		name: func(r verdicts.Point) string { return p.name(r.Point) },
		one: func(ctx context.Context, job int) (verdicts.Point, error) {
			x := p.front.Points[job]
			r := verdicts.Point{Point: job, Name: x.Name, Part: x.Part}
			err := p.emitted(ctx, job, &run.Verify, func(dir string, _ configs.Part) error {
				reports, err := verify.RunTarget(ctx, dir, run.Verify.Target, opt, func(verify.Progress) {})
				for _, rep := range reports {
					r.Verdicts = append(r.Verdicts, (&verdicts.Outcome{Report: rep, Opt: opt}).Kept())
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
	var list []verdicts.Point
	for _, job := range p.list {
		list = append(list, b.found[job])
	}
	text, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		return err
	}
	file := filepath.Join(sweepDir(run), VerifiedFront)
	if err := configs.WriteFile(file, append(text, '\n')); err != nil {
		return err
	}
	failed, err := verdicts.Points(a.Output, list)
	if err != nil {
		return err
	}
	if err := b.forget(); err != nil {
		return err
	}
	if failed > 0 {
		a.Printf("FAIL  %d of %s; %s\n", failed, number.Plural(len(list), "point"), file)
		return errVerdict
	}
	a.Printf("PASS  %s, every element of every op equal; %s\n", number.Plural(len(list), "point"), file)
	return nil
}
