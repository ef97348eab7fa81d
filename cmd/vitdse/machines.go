package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"vitdse/cmd/vitdse/progress"
	"vitdse/dse/jobs"
	"vitdse/dse/jobs/array"
	"vitdse/emit/synth"
)

// arrayFlags say where the jobs of a command run.
type arrayFlags struct {
	engine, template, work string
	tasks                  int
	least                  float64
	cancel, resume         bool
}

// add adds the flags; a command that has a --resume of its own keeps it.
func (f *arrayFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.engine, "engine", "", "run the jobs as an array job: `engine` "+strings.Join(array.Engines(), ", ")+
		"; default in this process")
	flags.IntVar(&f.tasks, "tasks", 8, "most `tasks` of the array job")
	flags.Float64Var(&f.least, "task-seconds", 120, "least `seconds` of work a task, by estimate")
	flags.StringVar(&f.template, "job-template", "",
		"`file` in the place of the engine's job template, which vitdse task --template shows")
	flags.StringVar(&f.work, "work", "", "`folder` of the array job, which all nodes see; default beside the results")
	flags.BoolVar(&f.cancel, "cancel-on-interrupt", false, "cancel the array job when this command is interrupted")
	if flags.Lookup("resume") == nil {
		flags.BoolVar(&f.resume, "resume", false, "go on with an array job that was submitted, "+
			"and refuse to submit a first one")
	}
}

// check refuses what no array job can be.
func (f *arrayFlags) check() error {
	switch {
	case f.engine != "" && !slices.Contains(array.Engines(), f.engine):
		return fmt.Errorf("--engine is %q; expected one of %s", f.engine, strings.Join(array.Engines(), ", "))
	case f.tasks < 1:
		return fmt.Errorf("--tasks is %d; expected at least 1", f.tasks)
	case f.least < 0:
		return fmt.Errorf("--task-seconds is %g; expected 0 or more", f.least)
	case f.engine == "" && (f.template != "" || f.work != "" || f.cancel || f.resume):
		return errors.New("--job-template, --work, --cancel-on-interrupt and --resume need --engine")
	}
	return nil
}

// elsewhere is where the flags have jobs done, nil for this process; a process that is a task does its part. The array
// job's folder is made in work, or where --work says; tools are those whose versions results depend on.
func (a *app) elsewhere(f arrayFlags, work string, st *progress.Stages, tools ...string) *jobs.Elsewhere {
	if a.task != nil {
		return &jobs.Elsewhere{Part: a.task.Part}
	}
	if f.engine == "" {
		return nil
	}
	shared := f.work != ""
	if shared {
		work = f.work
	}
	return &jobs.Elsewhere{Do: func(ctx context.Context, p jobs.Plan, list []int, cost func(int) float64,
		found func(jobs.Record[json.RawMessage]) error) error {
		w, err := a.submission(ctx, p, tools)
		if err != nil {
			return err
		}
		base, err := filepath.Abs(work)
		if err != nil {
			return err
		}
		program, err := os.Executable()
		if err != nil {
			return err
		}
		st.At("on " + f.engine)
		defer st.Here()
		o := array.Options{Engine: f.engine, Program: program, Template: f.template, Tasks: f.tasks, Least: f.least,
			Cancel: f.cancel,
			Resume: f.resume, Shared: shared, Say: func(said string) { a.log.Info(said) },
			Warn: func(said string) { a.log.Warn(said) },
			Failed: func(list []array.Failure) {
				st.At(fmt.Sprintf("on %s, %d failed", f.engine, len(list)))
				last := list[len(list)-1]
				a.log.Warn(last.String())
			}}
		name := strings.ReplaceAll(strings.TrimPrefix(p.Kind, "vitdse "), " ", "-")
		err = array.Do(ctx, filepath.Join(base, name), w, o, list, cost, found)
		_ = os.Remove(base) // if nothing else is in it
		return err
	}}
}

// submission is what runs: this program with this command line in this folder.
func (a *app) submission(ctx context.Context, p jobs.Plan, tools []string) (w array.Work, err error) {
	w = array.Work{Plan: p, Args: a.args, Tools: map[string]string{}}
	if w.Build, err = buildID(); err != nil {
		return w, err
	}
	for _, name := range tools {
		if w.Tools[name], err = toolVersion(ctx, name); err != nil {
			return w, &exitError{exitTool, err}
		}
	}
	w.Folder, err = os.Getwd()
	return w, err
}

// toolVersion is what a tool says of its version.
func toolVersion(ctx context.Context, name string) (string, error) {
	if name == "yosys" {
		return synth.YosysVersion(ctx)
	}
	text, err := exec.CommandContext(ctx, name, "--version").Output()
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(first), err
}
