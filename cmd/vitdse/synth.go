package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/estimates"
	"vitdse/cmd/vitdse/progress"
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit"
	"vitdse/emit/synth"
	"vitdse/hwmodel"
)

func newSynth(a *app) *cobra.Command {
	var seeds []int
	var cache, module, file string
	var pack, alone bool
	var points pointsFlags
	cmd := &cobra.Command{
		Use:   "synth DIR|RUN.yaml",
		Short: "Synthesize an emitted folder, or points of a front, with Yosys and compare with the estimate",
		Long: `Maps the emitted design with Yosys, module by module, and prints what every module takes
beside the estimate. On 7-series and UltraScale+ parts it then gives the clock as a bracket,
from static timing of that netlist with three models of the wires, and the ten longest paths.
On an ECP5 part, --seeds goes on to place and route with nextpnr-ecp5, once for each seed, and
--pack to a bitstream. The tools' logs and reports are in the folder's syn/.

With --alone, on iCE40 and ECP5 parts, each module is placed and routed by itself, between
registers: how fast the modules can be, also where the part does not hold the engine, which
is about as fast as the slowest at best: the way between modules is in none of them. What is
finished is kept in the cache, so that an interrupted run goes on.

With --module one module of the engine is mapped by itself, with its parameters there and all that is
in it, and timed where its family has delays. With --file what was mapped, the design or the module, is
added to a file that vitdse calibrate reads.

Given a run file, the folder is design/ in its out; with --points it is points of the front of
its sweep, each emitted for it: the table has estimates beside counts, and the front is cut
again with what was counted (synthesized.json in the sweep's folder). What was synthesized is
kept, and is not synthesized again after an interruption. With --engine the points are an array job.

A tool that is missing is named with how to install it; the steps that do not need it are
done all the same, and the exit code is 3.`,
		Example: "  vitdse synth out/digits/design\n" +
			"  vitdse synth configs/digits/run.yaml --points front --engine slurm --tasks 20\n" +
			"  vitdse synth out/ecp5/design --seeds 1,2,3 --pack",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := points.check(args[0]); err != nil {
				return err
			}
			dir := args[0]
			if isYAML(dir) {
				run, err := loadRun(cmd, dir)
				if err != nil {
					return err
				}
				if cache != "" {
					run.Cache = cache
				}
				if points.points != "" {
					return a.synthPoints(cmd.Context(), run, points)
				}
				dir = designDir(run)
			}
			opt := synth.Options{Seeds: seeds, Pack: pack, Cache: a.cacheOf(configs.Run{Cache: cache})}
			if module != "" {
				return a.synthModule(cmd.Context(), dir, module, file, opt)
			}
			if alone {
				return a.synthAlone(cmd.Context(), dir, opt)
			}
			return a.synth(cmd.Context(), dir, file, opt)
		},
	}
	cmd.Flags().IntSliceVar(&seeds, "seeds", nil, "place and route with these `seeds` (ECP5)")
	cmd.Flags().BoolVar(&pack, "pack", false, "make a bitstream of the first seed's result (ECP5)")
	cmd.Flags().BoolVar(&alone, "alone", false, "place and route each module by itself (iCE40, ECP5)")
	cmd.Flags().StringVar(&module, "module", "", "map this `module` by itself")
	cmd.Flags().StringVar(&file, "file", "", "`file` of one design a line that the counts are added to, "+
		"as of vitdse study")
	addFlags(cmd.Flags(), []string{"out", "parts"})
	points.add(cmd, "synthesize")
	for _, other := range []string{"seeds", "pack", "alone"} {
		cmd.MarkFlagsMutuallyExclusive("points", other)
	}
	for _, one := range []string{"alone", "module"} {
		cmd.MarkFlagsMutuallyExclusive(one, "seeds")
		cmd.MarkFlagsMutuallyExclusive(one, "pack")
	}
	cmd.MarkFlagsMutuallyExclusive("alone", "module")
	cmd.MarkFlagsMutuallyExclusive("alone", "file")
	cmd.MarkFlagsMutuallyExclusive("points", "file")
	cmd.MarkFlagsMutuallyExclusive("points", "module")
	cmd.Flags().StringVar(&cache, "cache", os.Getenv("VITDSE_CACHE"),
		"`folder` of results that runs share; default the user's cache folder")
	return cmd
}

func (a *app) synth(ctx context.Context, dir, file string, opt synth.Options) error {
	man, err := emit.LoadManifest(dir)
	if err != nil {
		return err
	}
	part := man.Part
	if part.Family != configs.ECP5 && (len(opt.Seeds) > 0 || opt.Pack) {
		return fmt.Errorf("place and route with open tools is for ECP5 parts; %s is for %s, "+
			"whose vendor tool takes syn/vivado.tcl", dir, part.Name)
	}
	shape, err := a.shapeOf(man)
	if err != nil {
		return err
	}
	st := a.stages()
	st.Steps = progress.NewForecast(opt.Cache, "synth", designSize(man))
	defer st.Drop()
	opt.Timed = part
	report, err := synth.Run(ctx, dir, opt, func(p synth.Progress) { st.Set(p.Stage, "lines", p.Done, 0, p.Detail) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.Is(err, synth.ErrTool) {
		return err
	}
	st.End()
	if report != nil && len(report.Modules) > 0 {
		if err := estimates.Synthesis(a.Output, engine, report, shape, man.Design, part); err != nil {
			return err
		}
		if err := errors.Join(keepSynthesis(dir, report), record(ctx, file, man, report)); err != nil {
			return err
		}
	}
	if err != nil {
		return &exitError{exitTool, err}
	}
	return nil
}

// shapeOf is an emitted design taken apart.
func (a *app) shapeOf(man emit.Manifest) (hwmodel.Machine, error) {
	net, err := network.Compile(man.Model)
	if err != nil {
		return nil, err
	}
	return engine.Machine(net, man.Design)
}

// synthModule maps a module by itself, prints what it takes, and adds that to a file.
func (a *app) synthModule(ctx context.Context, dir, module, file string, opt synth.Options) error {
	man, err := emit.LoadManifest(dir)
	if err != nil {
		return err
	}
	s, err := a.shapeOf(man)
	if err != nil {
		return err
	}
	st := a.stages()
	defer st.Drop()
	opt.Timed = man.Part
	r, err := synth.MapModule(ctx, dir, module, opt,
		func(p synth.Progress) { st.Set(p.Stage, "lines", p.Done, 0, p.Detail) })
	if err := mapped(ctx, err); err != nil {
		return err
	}
	st.End()
	if err := estimates.Module(a.Output, module, r, s, man.Part); err != nil {
		return err
	}
	return record(ctx, file, man, r)
}

// mapped is how a command ends whose synthesis gave err: interrupted, for want of a tool, or by err itself.
func mapped(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, synth.ErrTool):
		return &exitError{exitTool, err}
	}
	return err
}

// record adds what was mapped to a file, if there is one.
func record(ctx context.Context, file string, man emit.Manifest, r *synth.Report) error {
	if file == "" {
		return nil
	}
	version, err := synth.YosysVersion(ctx)
	if err != nil {
		return &exitError{exitTool, err}
	}
	return synth.Extend(file, []synth.Measured{{Tool: "Yosys", Version: version, RTL: engine.RTL(), Model: man.Model,
		Design: man.Design, Modules: synth.ByName(r.Modules), Static: synth.Statics(r.Timing)}})
}

// synthAlone prints how fast each module is by itself.
func (a *app) synthAlone(ctx context.Context, dir string, opt synth.Options) error {
	st := a.stages()
	defer st.Drop()
	show := func(p synth.Progress) { st.Set(p.Stage, "lines", p.Done, 0, p.Detail) }
	list, err := synth.Alone(ctx, dir, opt, show, func(l synth.Lone) {
		st.End()
		speed, kept := "too large", ""
		if l.Fits {
			speed = fmt.Sprintf("%.1f MHz", l.Route.MHz)
		}
		if l.Kept {
			kept = ", of an earlier run"
		}
		a.log.Info(l.Module + ": " + speed + kept)
	})
	if err := mapped(ctx, err); err != nil {
		return err
	}
	st.End()
	return estimates.Alone(a.Output, list)
}
