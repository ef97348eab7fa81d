package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/progress"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/emit"
	"vitdse/emit/verify"
)

func newVerify(a *app) *cobra.Command {
	var config, network string
	var points pointsFlags
	cmd := &cobra.Command{
		Use:   "verify DIR|RUN.yaml",
		Short: "Run an emitted folder and compare it with the integer network",
		Long: `Builds the simulation of an emitted folder, runs it, and compares every element of every
op of the first images and the logits of all. With an ideal memory, which answers in the
next cycle and never pauses, the cycles of every op must be the predicted ones, too.

--target rtl simulates the SystemVerilog in Verilator; hls compiles the HLS C++ with g++ and
runs it on the same memory image and vectors; all does both and holds one against the other.

Exit code 0 only if everything was compared and is equal. Anything that could not be
compared is a failure: a missing vector, a file of another design, an op that did not
finish. Given a run file, the folder is design/ in its out. With --network the folder has to be of
that integer network, array by array.

With --points of a run file it is points of the front of its sweep, each emitted for it and verified
whole (verified.json in the sweep's folder); what was verified is not verified again after an
interruption. With --engine the points are an array job.`,
		Example: "  vitdse verify out/digits/design\n  vitdse verify out/digits/design --target all --images 2 --logits 8 --memory ideal",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := points.check(args[0]); err != nil {
				return err
			}
			dir, folder := args[0], !isYAML(args[0])
			if !folder {
				config = args[0]
			}
			run, err := runOrBare(cmd, config)
			if err != nil {
				return err
			}
			if points.points != "" {
				return a.verifyPoints(cmd.Context(), run, points)
			}
			if !folder {
				dir = designDir(run)
			}
			if network != "" {
				if err := sameNetwork(dir, network); err != nil {
					return err
				}
			}
			outs, err := a.verify(cmd.Context(), dir, run)
			if err != nil {
				return err
			}
			return a.conclude(outs)
		},
	}
	addFlags(cmd.Flags(), verifyKeys, []string{"out", "parts"})
	points.add(cmd, "verify")

	cmd.Flags().StringVar(&network, "network", "", "`file` of the integer network, npz, that the folder has to be of")
	cmd.MarkFlagsMutuallyExclusive("points", "network")
	cmd.Flags().StringVar(&config, "config", "", "run `file` whose verify settings apply to DIR")
	return cmd
}

func isYAML(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".yaml" || ext == ".yml"
}

// options are the verification's settings as the simulation takes them.
func options(run configs.Run) verify.Options {
	v := run.Verify
	opt := verify.Options{Images: int(v.Logits), Full: v.Images, Latency: 1, Seed: uint64(run.Seed), Checks: true}
	if v.Logits != configs.AllImages {
		opt.Images = max(opt.Images, v.Images)
	}
	if v.Memory == configs.MemoryLatency {
		opt.Latency, opt.Stall = v.Latency, v.Stall
	}
	return opt
}

// memoryWords says which memory is simulated.
func memoryWords(opt verify.Options) string {
	if ideal(opt) {
		return "an ideal memory"
	}
	return fmt.Sprintf("a memory of %d cycles latency and %g %% stalls", opt.Latency, 100*opt.Stall)
}

// mostStall is the highest chance of a stall that the simulated memory takes.
const mostStall = 0.9

// verify runs a folder's targets and prints the tables; conclude prints the verdict.
func (a *app) verify(ctx context.Context, dir string, run configs.Run) ([]*outcome, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist; write it with vitdse emit", dir)
	}
	manifest, err := emit.LoadManifest(dir)
	if err != nil {
		return nil, &exitError{exitUnequal, err}
	}
	opt := options(run)
	if opt.Stall > mostStall {
		return nil, fmt.Errorf("verify.stall is %g; the simulation takes up to %g", opt.Stall, mostStall)
	}
	hash := configs.ShortHash(manifest.Hash)
	a.Printf("%s: design %s, model %s on %s; %s\n", dir, hash, manifest.Model.Name, manifest.Design.Part, memoryWords(opt))
	if have, err := verify.Held(dir, manifest); err == nil && (opt.Images > have || opt.Full > manifest.Full) {
		a.Printf("the folder holds %s, %d of them op by op: all of them are taken\n", number.Plural(have, "image"), manifest.Full)
	}
	reports, err := a.simulate(ctx, dir, run.Verify.Target, opt)
	switch {
	case ctx.Err() != nil:
		return nil, err
	case errors.Is(err, verify.ErrTool):
		return nil, &exitError{exitTool, err}
	case err != nil:
		a.Printf("FAIL  design %s: nothing could be concluded, see the error\n", hash)
		return nil, &exitError{exitUnequal, err}
	}
	var outs []*outcome
	for _, r := range reports {
		outs = append(outs, &outcome{r, opt})
		if err := a.printReport(r); err != nil {
			return nil, err
		}
	}
	return outs, keepVerdicts(dir, outs)
}

// simulate runs the verification with a bar for each of its stages. Of two targets the
// RTL's report comes first.
func (a *app) simulate(ctx context.Context, dir string, target configs.Target, opt verify.Options) ([]*verify.Report, error) {
	st := a.stages()
	defer st.Drop()
	if man, err := emit.LoadManifest(dir); err == nil {
		cache := a.cacheOf(configs.Run{Cache: os.Getenv("VITDSE_CACHE")})
		st.Steps = progress.NewForecast(cache, "verify", designSize(man))
	}
	reports, err := verify.RunTarget(ctx, dir, target, opt, func(p verify.Progress) {
		if p.Stage == "build" { // how many steps it takes is not known
			st.Set("building "+p.What, "", 0, 0, "")
			return
		}
		st.Set("running", "images", p.Done, p.Total, "")
	})
	if err != nil {
		return nil, err
	}
	st.End()
	return reports, nil
}

// printReport prints the op table of a verification and the mismatches.
func (a *app) printReport(r *verify.Report) error {
	if r.Target == configs.TargetHLS {
		return a.printHLS(r)
	}
	t := table.New("<op", "<kind", "<shape", "elements compared", "mismatches", "cycles predicted", "cycles measured")
	for _, o := range r.Ops {
		compared := number.Count(o.Compared)
		if o.Compared != o.Elements {
			compared += " of " + number.Count(o.Elements)
		}
		t.Add(o.Name, o.Kind, o.Shape, compared, number.Count(o.Mismatches), number.Count(o.Predicted), number.Count(o.Measured))
	}
	t.Add("total", "", "", number.Count(r.Elements()), "", number.Count(r.PredictedCycles), number.Count(r.MeasuredCycles))
	if err := a.Show(t); err != nil {
		return err
	}
	a.Printf("Elements are of the first %s, cycles of the first.\n", number.Plural(r.FullImages, "image"))
	a.Printf("All %s: %s cycles predicted, %s measured (%+.2f %%); simulated in %s at %s cycles/s%s.\n", number.Plural(r.LogitImages, "image"),
		number.Count(r.PredictedRun), number.Count(r.MeasuredRun), deviation(r.PredictedRun, r.MeasuredRun), number.Span(number.Seconds(r.SimSeconds)), number.Count(int64(r.CyclesPerSecond)), inProcesses(r.Processes))
	a.Printf("\nWhat the array's %s cycles of the first image were spent on (docs/ENGINE.md); %.1f %% of its MACs are the network's:\n",
		number.Count(r.MeasuredCycles), 100*r.Utilisation())
	if err := a.Show(causeTable(r)); err != nil {
		return err
	}
	a.printMismatches(r)
	return nil
}

// inProcesses says how many processes shared the images, where there were several.
func inProcesses(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" in %d processes", n)
}

// printHLS says what of the HLS C++ was compared. It has no cycles of its own, and where
// nothing differs its table would repeat the RTL's.
func (a *app) printHLS(r *verify.Report) error {
	a.Printf("HLS C++, compiled: %d ops, %s elements of %s and %s logits of %d compared in %s.\n", len(r.Ops)-1, number.Count(r.Elements()),
		number.Plural(r.FullImages, "image"), number.Count(r.LogitCompared), r.LogitImages, number.Span(number.Seconds(r.SimSeconds)))
	if !r.OK {
		t := table.New("<op", "<kind", "<shape", "elements", "compared", "mismatches")
		for _, o := range r.Ops {
			if o.Mismatches > 0 || o.Compared != o.Elements {
				t.Add(o.Name, o.Kind, o.Shape, number.Count(o.Elements), number.Count(o.Compared), number.Count(o.Mismatches))
			}
		}
		if err := a.Show(t); err != nil {
			return err
		}
	}
	a.printMismatches(r)
	return nil
}

// printMismatches names the first elements that differ.
func (a *app) printMismatches(r *verify.Report) {
	const most = 10
	for i, m := range r.Mismatches {
		if i == most {
			a.Printf("and more: %d of the mismatches were recorded\n", len(r.Mismatches))
			break
		}
		a.Printf("mismatch: %s\n", m)
	}
}

// verifySlow repeats the op-by-op comparison with the run's slow memory: the values have to
// stay the same, and the line shows how the prediction of the cycles holds.
func (a *app) verifySlow(ctx context.Context, dir string, run configs.Run) error {
	opt := verify.Options{Images: run.Verify.Images, Full: run.Verify.Images, Latency: run.Verify.Latency,
		Stall: run.Verify.Stall, Seed: uint64(run.Seed)}
	reports, err := a.simulate(ctx, dir, configs.TargetRTL, opt)
	if err != nil {
		return err
	}
	report := reports[0]
	a.Printf("Again with %s, %s op by op: %s cycles predicted, %s measured (%+.2f %%).\n", memoryWords(opt), number.Plural(report.FullImages, "image"),
		number.Count(report.PredictedRun), number.Count(report.MeasuredRun), deviation(report.PredictedRun, report.MeasuredRun))
	if !report.OK {
		a.printMismatches(report)
		return &exitError{exitUnequal, fmt.Errorf("%s: not everything is equal with %s", dir, memoryWords(opt))}
	}
	return nil
}

// deviation is the prediction's distance from the measurement in percent.
func deviation(predicted, measured int64) float64 {
	if measured == 0 {
		return 0
	}
	return 100 * float64(predicted-measured) / float64(measured)
}
