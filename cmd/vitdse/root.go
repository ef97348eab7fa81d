package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/page"
	"vitdse/cmd/vitdse/progress"
	"vitdse/cmd/vitdse/table"
	"vitdse/dse/jobs/array"
)

// app is what every command shares: where to write, and the logger.
type app struct {
	*table.Output // of results
	stderr        io.Writer
	log           hclog.Logger
	args          []string    // of the command line
	task          *array.Task // that this process is of an array job, if it is one
	live          *page.Live  // the page that is served, if one is
}

func newApp(stdout, stderr io.Writer) *app {
	return &app{Output: table.To(stdout), stderr: stderr}
}

// stages shows the tasks of a command.
func (a *app) stages() *progress.Stages {
	st := &progress.Stages{Printf: a.Printf, Err: a.stderr}
	if a.live != nil {
		st.Follower = a.live
	}
	return st
}

// NewRoot builds the command line. Nothing is shared between two of them.
func NewRoot(stdout, stderr io.Writer) *cobra.Command {
	return newApp(stdout, stderr).root()
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "vitdse",
		Short: "Explore, emit and verify FPGA accelerators for quantized vision transformers",
		Long: `vitdse takes a trained vision transformer and an FPGA part, prices every design of a
space, shows the Pareto front, emits one point of it as SystemVerilog for the whole
network, and holds that against the integer network, element by element, in Verilator.

Settings come from flags, VITDSE_* variables, the run file, and defaults, in this order:
the key verify.images of a run file is VITDSE_VERIFY_IMAGES and --images.

` + exitCodes,
		Example:           "  vitdse run configs/digits/run.yaml",
		Args:              cobra.NoArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(a.Writer())
	root.SetErr(a.stderr)
	level := root.PersistentFlags().String("log-level", "info",
		"least `level` that is logged: trace, debug, info, warn, error or off")
	logJSON := root.PersistentFlags().Bool("log-json", false, "log as JSON, one object a line")
	wide := root.PersistentFlags().Bool("wide", false,
		"print every column of a table, also those that the terminal is too narrow for")
	asJSON := root.PersistentFlags().Bool("json", false,
		"print one JSON object: the tables, their numbers as numbers, and the other lines as text")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if *wide {
			a.Wide()
		}
		if *asJSON {
			a.Document(cmd.CommandPath())
		}
		var err error
		a.log, err = newLogger(cmd, a.stderr, *level, *logJSON)
		if err != nil {
			return err
		}
		for _, name := range strayVariables() {
			a.log.Warn("variable is not read by any command", "name", name)
		}
		return nil
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if text := err.Error(); strings.Contains(text, "unknown flag: --max-") ||
			strings.Contains(text, "unknown flag: --min-") {
			return fmt.Errorf("%w; the limits are %s; see %s --help", err, strings.Join(limitFlags(), ", "), cmd.CommandPath())
		}
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(newRun(a), newSweep(a), newSpace(a), newSensitivity(a), newBudget(a), newBaseline(a), newPareto(a),
		newEmit(a), newVerify(a), newSynth(a),
		newStudy(a), newTask(a), newCalibrate(a), newRoofline(a), newFit(a), newPublished(a), newReport(a), newServe(a),
		newTrace(a), newBench(a), newQuantize(a), newEval(a), newExport(a), newModel(a), newParts(a), newVersion(a))
	complete(root)
	return root
}

// newLogger makes the one logger, which writes to stderr.
func newLogger(cmd *cobra.Command, stderr io.Writer, level string, asJSON bool) (hclog.Logger, error) {
	flags := cmd.Flags()
	if env := os.Getenv("VITDSE_LOG_LEVEL"); env != "" && !flags.Changed("log-level") {
		level = env
	}
	if env := os.Getenv("VITDSE_LOG_JSON"); env != "" && !flags.Changed("log-json") {
		var err error
		if asJSON, err = strconv.ParseBool(env); err != nil {
			return nil, fmt.Errorf("VITDSE_LOG_JSON is %q; expected true or false", env)
		}
	}
	parsed := hclog.LevelFromString(level)
	if parsed == hclog.NoLevel {
		return nil, fmt.Errorf("log level is %q; expected trace, debug, info, warn, error or off", level)
	}
	color := hclog.ColorOff
	if progress.OnTerminal(stderr) && !asJSON && os.Getenv("NO_COLOR") == "" {
		color = hclog.AutoColor
	}
	return hclog.New(&hclog.LoggerOptions{
		Name: "vitdse", Level: parsed, Output: stderr, JSONFormat: asJSON, Color: color, TimeFormat: "15:04:05",
	}), nil
}
