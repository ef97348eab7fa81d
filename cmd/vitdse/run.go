package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/fronts"
	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/rooflines"
	"vitdse/configs"
	"vitdse/dse/limits"
	"vitdse/dse/pick"
	"vitdse/emit"
	"vitdse/hwmodel"
)

func newRun(a *app) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "run RUN.yaml",
		Short: "Go all the way: sweep, pick, emit, simulate, compare",
		Long: `Prints the network's op table and roofline, sweeps the space, shows the front and the point
that is picked, emits it, builds and runs the simulation, compares every element, and ends
with one line, the verdict. The same steps one by one are sweep, pareto, emit and verify.`,
		Example: "  vitdse run configs/digits/run.yaml\n" +
			"  vitdse run configs/digits/run.yaml --force --parts xck26 --pick fastest --out out/kv260",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := loadRun(cmd, args[0])
			if err != nil {
				return err
			}
			return a.run(cmd.Context(), run, args[0], force)
		},
	}
	addFlags(cmd.Flags(), inputKeys, sweepKeys, searchKeys, pickKeys, verifyKeys)
	cmd.Flags().BoolVar(&force, "force", false, "replace the results that are there")
	return cmd
}

func (a *app) run(ctx context.Context, run configs.Run, file string, force bool) error {
	start := time.Now()
	// What would stop the last steps stops the first.
	if err := resumable(designDir(run), run, force); err != nil {
		return err
	}
	if err := needTools(simulationTools); err != nil {
		return err
	}
	n, err := a.forEngine(ctx, run, a.loadNetwork)
	if err != nil {
		return err
	}
	space, parts, err := loadSpace(run)
	if err != nil {
		return err
	}
	a.Section("Network")
	if _, err := a.checkFloat(ctx, n); err != nil {
		return err
	}
	roof, err := largestArray(n.model, space, parts[0])
	if err != nil {
		return err
	}
	clocks, err := clocksOf(space, parts[0])
	if err != nil {
		return err
	}
	roof.ClockMHz = clocks.mhz(roof.Engine)
	view := rooflines.View{Model: n.model, Design: roof, Part: parts[0], Traffic: hwmodel.TrafficUnfused, Batch: 1,
		Clock: clocks.say(roof.Engine)}
	if err := rooflines.Show(a.Output, engine, view); err != nil {
		return err
	}
	a.Printf("The roof is that of the largest array of the space that the part's multipliers allow.\n")

	a.Section("Sweep")
	front, err := a.sweep(ctx, n, run, force, arrayFlags{})
	if err != nil {
		return err
	}

	a.Section("Pareto front")
	point, why, err := pick.Pick(front, run.Pick, pick.Query{Parts: run.PickParts(), Limits: limits.Of(run)})
	if err != nil {
		return err
	}
	if err := a.showSpread(run, front, &point); err != nil {
		return err
	}
	fronts.Picked(a.Output, point, why)
	if err := a.drawFront(run, front, point); err != nil {
		return err
	}
	a.Printf("\n")
	if err := fronts.Point(a.Output, front, point); err != nil {
		return err
	}

	a.Section("Emit")
	if err := a.emitPoint(ctx, n, run, front, point, designDir(run), force); err != nil {
		return err
	}

	a.Section("Verify")
	outs, err := a.verify(ctx, designDir(run), run)
	if err != nil {
		return err
	}
	if run.Verify.Target != configs.TargetHLS && outs[0].Ideal() {
		if err := a.verifySlow(ctx, designDir(run), run); err != nil {
			return err
		}
	}
	a.Section("Report")
	asked := asked{run: run, dir: sweepDir(run), arg: file, command: "vitdse run " + file}
	if err := a.writeReport(ctx, asked, filepath.Join(run.Out, ReportFile)); ctx.Err() != nil {
		return err
	} else if err != nil { // what was verified is still to be told
		a.log.Warn("the report could not be written; vitdse report writes it later", "why", err)
	}
	a.Printf("From the checkpoint to here: %s.\n", number.Span(time.Since(start)))
	return a.conclude(outs)
}

// resumable refuses a folder that the run would not write: one that is there, but for that of a run of the
// same network that was stopped after it, which goes on if it comes to the same design.
func resumable(dir string, run configs.Run, force bool) error {
	err := emit.Replaceable(dir, force)
	if err == nil || force {
		return err
	}
	man, other := emit.LoadManifest(dir)
	if m, unread := configs.LoadModel(run.Model); other == nil && unread == nil && man.Model.Name == m.Name {
		return nil
	}
	return err
}

// largestArray is the roof under which the network is shown before a sweep: 8 bits, and
// the largest array of the space whose products fit the part's multipliers.
func largestArray(m configs.Model, s configs.Space, p configs.Part) (configs.Design, error) {
	least := 1 // rows of the smallest array that takes the network's heads
	for least < m.Classifiers() {
		least *= 2
	}
	best, err := nominal(m, p, fmt.Sprintf("%dx1x1", least), "w8a8")
	for _, tm := range s.Array.TM {
		for _, tn := range s.Array.TN {
			for _, tk := range s.Array.TK {
				d, err := nominal(m, p, fmt.Sprintf("%dx%dx%d", tm, tn, tk), "w8a8")
				if macs := d.Engine.MACs(); err == nil && macs <= p.Usable().DSP && macs > best.Engine.MACs() {
					best = d
				}
			}
		}
	}
	return best, err
}
