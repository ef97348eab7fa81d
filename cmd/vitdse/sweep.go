package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/fronts"
	"vitdse/cmd/vitdse/number"
	"vitdse/configs"
	"vitdse/dse"
	"vitdse/dse/front"
	"vitdse/dse/jobs"
	"vitdse/dse/limits"
	"vitdse/dse/noise"
	"vitdse/dse/search"
)

func newSweep(a *app) *cobra.Command {
	var force, resume bool
	var machines arrayFlags
	cmd := &cobra.Command{
		Use:   "sweep RUN.yaml",
		Short: "Find the exact Pareto front of a space",
		Long: `Measures how much noise each layer's bits add to the logits, finds the front of every part
(latency, largest share of the part, predicted noise, or what --objectives names), measures
its points, and those that --near-db allows beside them, with the integer network, cuts the front
again in what was measured, and writes front.json, front.csv and a journal to sweep/ in the run's out.

Spaces that can be enumerated are swept: every legal point is covered and counted. Larger
ones, other objectives and limits such as --max-dsp are searched exactly: engines are
enumerated, layers solved by label setting, and a certificate says of every point of the
space why it is on the front or need not be. Both give the same front.

An interrupted sweep goes on where it stopped when the same command runs again; --resume
makes sure that it does, and does not begin anew. The
journal of a sweep with other inputs is refused unless --force is given.

With --engine the sensitivities, the shards of a sweep (of an exact search: its parts) and the
measuring of the front are array jobs.`,
		Example: "  vitdse sweep configs/digits/run.yaml\n" +
			"  VITDSE_PARTS=xck26 vitdse sweep configs/digits/run.yaml --max-loss-db 3 --out out/kv260\n" +
			"  vitdse sweep configs/deit/run.yaml --min-fps 60 --max-dsp 1200 --force",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := machines.check(); err != nil {
				return err
			}
			run, err := loadRun(cmd, args[0])
			if err != nil {
				return err
			}
			if dir := sweepDir(run); resume && a.task == nil && !interrupted(dir) {
				return fmt.Errorf("--resume: %s holds no interrupted sweep; leave the flag out to begin one", dir)
			}
			n, err := a.loadStudied(cmd.Context(), run)
			if err != nil {
				return err
			}
			if _, err := a.checkFloat(cmd.Context(), n); err != nil {
				return err
			}
			front, err := a.sweep(cmd.Context(), n, run, force, machines)
			if err != nil {
				return err
			}
			return a.showSpread(run, front, nil)
		},
	}
	addFlags(cmd.Flags(), inputKeys, sweepKeys, searchKeys, pickKeys)
	cmd.Flags().BoolVar(&force, "force", false, "replace the results of another or of a finished sweep")
	cmd.Flags().BoolVar(&resume, "resume", false, "go on with an interrupted sweep, and refuse to begin one")
	cmd.MarkFlagsMutuallyExclusive("force", "resume")
	machines.add(cmd.Flags())
	return cmd
}

// sweep explores the run's space and writes the front.
func (a *app) sweep(ctx context.Context, n *trained, run configs.Run, force bool,
	machines arrayFlags) (*front.Front, error) {
	space, parts, err := loadSpace(run)
	if err != nil {
		return nil, err
	}
	build, err := buildID()
	if err != nil {
		return nil, err
	}
	prediction, err := a.prediction(run, n.model)
	if err != nil {
		return nil, err
	}
	objectives, err := limits.Objectives(run)
	if err != nil {
		return nil, err
	}
	if n.weights != nil {
		a.warnOfFew(n, space.CalibImages)
	}
	st := a.stages()
	defer st.Drop()
	study := dse.Study{
		Engine: engine,
		Search: run.Search, Objectives: objectives, NearDB: run.NearDB, Prediction: prediction,
		Network: n.study(), Space: space, Parts: parts, Limits: limits.Of(run), Cache: a.cacheOf(run),
		Options: search.Options{Workers: runtime.GOMAXPROCS(0), Seed: run.Seed, Dir: sweepDir(run), Version: build,
			Resume: !force || !finished(sweepDir(run)), Say: func(said string) { a.log.Warn(said) },
			Reading:   st.Reading("reading " + search.JournalFile),
			Elsewhere: a.elsewhere(machines, workDir(run), st)},
		OnReference:   st.Of,
		OnSensitivity: func(done, total int) { st.Set("sensitivities", "settings", int64(done), int64(total), "") },
		OnSweep: func(p search.Progress) {
			title, unit := "sweep", "points"
			if p.Exact {
				title, unit = "search", "engines"
			}
			st.Set(title, unit, p.Done, p.Total, fmt.Sprintf("%s on the front", number.Count(p.Front)))
			st.Resumed(p.Resumed)
			if a.live != nil {
				a.live.Grown(p.SoFar)
			}
		},
		OnSwept: func(r search.Result) {
			st.End()
			if err := fronts.Swept(a.Output, r); err != nil {
				a.log.Error("table", "error", err)
			}
		},
		OnMeasure: func(done, total int) { st.Set("front measured", "choices of bits", int64(done), int64(total), "") },
	}
	res, err := dse.Explore(ctx, study)
	if other := (*jobs.OtherError)(nil); errors.As(err, &other) {
		if !force {
			return nil, fmt.Errorf("%s is the journal of a sweep with other inputs; give another --out, "+
				"or --force to replace its results", other.File)
		}
		study.Options.Resume = false
		res, err = dse.Explore(ctx, study)
	}
	if ctx.Err() != nil && res.Front != nil {
		st.Drop()
		a.log.Warn("interrupted; what is done is kept: the same command goes on from there",
			"points", number.Count(res.Stats.Done), "of", number.Count(res.Stats.Total), "folder", sweepDir(run))
	}
	if err != nil {
		return nil, err
	}
	st.End()
	a.log.Debug("sweep", "shards", res.Stats.Shards, "classes", res.Stats.Classes, "priced", res.Stats.Priced)
	return res.Front, nil
}

// interrupted says whether a folder holds a sweep that has not come to its end.
func interrupted(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, search.JournalFile))
	return err == nil && !finished(dir)
}

// finished says whether a folder holds the front of a sweep that came to its end.
func finished(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, front.JSONFile)); err != nil {
		return false
	}
	f, err := front.LoadHead(dir)
	return err == nil && !f.Partial
}

// prediction reads the run's file of sensitivities, if it names one.
func (a *app) prediction(run configs.Run, m configs.Model) (*noise.Prediction, error) {
	if run.Sensitivities == "" {
		return nil, nil
	}
	p, origin, err := noise.Load(run.Sensitivities, m)
	if err != nil {
		return nil, err
	}
	a.Printf("sensitivities: %s, %s\n", run.Sensitivities, origin)
	return p, nil
}

// readFront reads a front, and shows how far where that takes long.
func (a *app) readFront(ctx context.Context, path string) (*front.Front, error) {
	st := a.stages()
	defer st.Drop()
	return front.Load(ctx, path, st.Reading("reading "+path))
}

// loadFront reads the front of a finished sweep.
func (a *app) loadFront(ctx context.Context, path string) (*front.Front, error) {
	f, err := a.readFront(ctx, path)
	if err != nil {
		return nil, err
	}
	if f.Partial {
		return nil, fmt.Errorf("%s: the sweep was interrupted; run vitdse sweep again, which goes on where it stopped", path)
	}
	return f, nil
}
