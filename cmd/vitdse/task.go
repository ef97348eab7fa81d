package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

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
which {{.Command}} is what a task runs, to be followed by its index from 0, {{.Last}} the last index,
{{.Tasks}} how many there are, {{.Dir}} the folder, and {{.Logs}} that of the logs.`,
		Example: "  vitdse task out/study.jsonl.work 3\n  vitdse task --template slurm > site.sh",
		Args:    cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case template != "" && len(args) == 0:
				text, err := array.Template(template)
				if err != nil {
					return fmt.Errorf("--template: %w", err)
				}
				a.Printf("%s", text)
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
	t, err := array.Open(ctx, dir, index, build, toolVersion)
	if err != nil {
		return err
	}
	err = a.part(ctx, t)
	switch {
	case errors.Is(err, jobs.ErrPart):
		return nil
	case err == nil:
		err = errors.New("the command ended before it came to the jobs that were submitted: " +
			"the files that it reads have changed")
	case ctx.Err() != nil || errors.Is(err, array.ErrJobs):
		return err
	}
	return errors.Join(err, t.Failed(err))
}

// part runs the command line of a task's work, where it was submitted.
func (a *app) part(ctx context.Context, t *array.Task) error {
	if err := os.Chdir(t.Work.Folder); err != nil {
		return fmt.Errorf("the folder in which the work was submitted: %w", err)
	}
	inner := newApp(a.Writer(), a.stderr)
	inner.args, inner.task = t.Work.Args, t
	root := inner.root()
	root.SetArgs(t.Work.Args)
	return root.ExecuteContext(ctx)
}
