package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"vitdse/dse/jobs"
	"vitdse/dse/jobs/array"
)

// newTask is what a task of an array job runs.
func newTask(a *app) *cobra.Command {
	var template string
	cmd := &cobra.Command{
		Use:   "task DIR INDEX",
		Short: "Do one task of an array job, as a scheduler runs it",
		Long: `Does the jobs of one task of the work in a folder, and writes a record for each into it. Job
templates run it on a node; people do not. The program must be the one that submitted.

With --template it shows the job template of an engine, which --job-template replaces: a text in
which {{.Command}} is what a task runs, to be followed by its index, {{.Last}} the last index, and
{{.Dir}} the folder.`,
		Example: "  vitdse task out/study.jsonl.work 3\n  vitdse task --template slurm > site.sh",
		Args:    cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case template != "" && len(args) == 0:
				if array.Template(template) == "" {
					return fmt.Errorf("--template: engine %q has no job template; slurm has", template)
				}
				a.printf("%s", array.Template(template))
				return nil
			case template != "" || len(args) != 2:
				return errors.New("expected a folder and an index, or --template")
			}
			index, err := strconv.Atoi(args[1])
			if err != nil {
				return fmt.Errorf("index %q; expected a number", args[1])
			}
			return a.runTask(cmd.Context(), args[0], index)
		},
	}
	cmd.Flags().StringVar(&template, "template", "", "show the job template of an `engine`")
	return cmd
}

// runTask runs the command that submitted the work again, as a task of it.
func (a *app) runTask(ctx context.Context, dir string, index int) error {
	build, err := buildID()
	if err != nil {
		return err
	}
	t, err := array.Open(dir, index, build)
	if err != nil {
		return err
	}
	if err := os.Chdir(t.Work.Folder); err != nil {
		return fmt.Errorf("the folder in which the work was submitted: %w", err)
	}
	root := (&app{stdout: a.stdout, stderr: a.stderr, args: t.Work.Args, task: t}).root()
	root.SetArgs(t.Work.Args)
	return root.ExecuteContext(ctx)
}

// arrayFlags say where the jobs of a command run.
type arrayFlags struct {
	engine, template string
	tasks            int
	least            float64
}

func (f *arrayFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.engine, "engine", "", "run the jobs as an array job: `engine` "+strings.Join(array.Engines, " or ")+"; default in this process")
	flags.IntVar(&f.tasks, "tasks", 8, "most `tasks` of the array job")
	flags.Float64Var(&f.least, "task-seconds", 120, "least `seconds` of work a task, by estimate")
	flags.StringVar(&f.template, "job-template", "", "`file` in the place of the engine's job template, which vitdse task --template shows")
}

// check refuses what no array job can be.
func (f *arrayFlags) check() error {
	switch {
	case f.engine != "" && !slices.Contains(array.Engines, f.engine):
		return fmt.Errorf("--engine is %q; expected %s", f.engine, strings.Join(array.Engines, " or "))
	case f.tasks < 1:
		return fmt.Errorf("--tasks is %d; expected at least 1", f.tasks)
	case f.engine == "" && f.template != "":
		return errors.New("--job-template needs --engine")
	}
	return nil
}

// onMachines does the jobs of a list as an array job, and gives what they and an earlier one found: also where the error
// says that some are missing. It says how many are done.
func onMachines[R any](ctx context.Context, a *app, f arrayFlags, dir string, w array.Work, list []int, cost func(int) float64,
	say func(done, failed int)) ([]jobs.Record[R], error) {
	warn := func(said string) { a.log.Warn(said) }
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	running, err := array.Running(ctx, dir)
	if err != nil {
		return nil, err
	}
	if !running {
		have, err := array.Gather[R](dir, w.Plan, warn)
		if err != nil {
			return nil, err
		}
		known := map[int]bool{}
		for _, r := range have {
			known[r.Job] = true
		}
		list = slices.DeleteFunc(slices.Clone(list), func(job int) bool { return known[job] })
		if len(list) == 0 {
			return have, nil
		}
		w.Tasks = array.Cut(list, cost, f.tasks, f.least)
		if err := a.submission(&w); err != nil {
			return nil, err
		}
		if err := array.Create(dir, w); err != nil {
			return nil, err
		}
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	err = array.Submit(ctx, dir, array.Options{Engine: f.engine, Program: program, Template: f.template, Progress: say})
	found, gathering := array.Gather[R](dir, w.Plan, warn)
	return found, errors.Join(err, gathering)
}

// submission fills in what runs: this program with this command line in this folder.
func (a *app) submission(w *array.Work) error {
	var err error
	if w.Build, err = buildID(); err != nil {
		return err
	}
	w.Args = a.args
	w.Folder, err = os.Getwd()
	return err
}
