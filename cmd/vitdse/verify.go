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
	"vitdse/cmd/vitdse/verdicts"
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
		Example: "  vitdse verify out/digits/design\n" +
			"  vitdse verify out/digits/design --target all --images 2 --logits 8 --memory ideal",
		Args: cobra.ExactArgs(1),
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

// mostStall is the highest chance of a stall that the simulated memory takes.
const mostStall = 0.9

// verify runs a folder's targets and prints the tables; conclude prints the verdict.
func (a *app) verify(ctx context.Context, dir string, run configs.Run) ([]*verdicts.Outcome, error) {
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
	a.Printf("%s: design %s, model %s on %s; %s\n",
		dir, hash, manifest.Model.Name, manifest.Design.Part, verdicts.Memory(opt))
	if have, err := verify.Held(dir, manifest); err == nil && (opt.Images > have || opt.Full > manifest.Full) {
		a.Printf("the folder holds %s, %d of them op by op: all of them are taken\n",
			number.Plural(have, "image"), manifest.Full)
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
	var outs []*verdicts.Outcome
	for _, r := range reports {
		outs = append(outs, &verdicts.Outcome{Report: r, Opt: opt})
		if err := verdicts.Show(a.Output, r); err != nil {
			return nil, err
		}
	}
	return outs, keepVerdicts(dir, outs)
}

// simulate runs the verification with a bar for each of its stages. Of two targets the
// RTL's report comes first.
func (a *app) simulate(ctx context.Context, dir string, target configs.Target,
	opt verify.Options) ([]*verify.Report, error) {
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
	verdicts.Slow(a.Output, report, opt)
	if !report.OK {
		verdicts.Mismatches(a.Output, report)
		return &exitError{exitUnequal, fmt.Errorf("%s: not everything is equal with %s", dir, verdicts.Memory(opt))}
	}
	return nil
}

// conclude prints the verdict and gives the error that makes the exit code.
func (a *app) conclude(outs []*verdicts.Outcome) error {
	if !verdicts.Conclude(a.Output, outs) {
		return errVerdict
	}
	return nil
}
