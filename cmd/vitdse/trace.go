package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/page"
	"vitdse/configs"
	"vitdse/emit"
)

func newTrace(a *app) *cobra.Command {
	var file, point string
	var images int
	var force bool
	cmd := &cobra.Command{
		Use:   "trace RUN.yaml|DIR",
		Short: "Write what every unit of the engine does when, as a file that Perfetto opens",
		Long: `Writes the timeline of loader, patch gather, LayerNorm, array, drain, softmax and store over
images one after the other, as the cycle model predicts it with an ideal memory, in the Trace
Event Format: ui.perfetto.dev and chrome://tracing open it. A cycle is a nanosecond there. The
ends of the ops are what verify holds against the simulation, cycle by cycle.

The design is that of an emitted folder, or the point of a finished sweep that the run's pick
or --point chooses.`,
		Example: "  vitdse trace configs/digits/run.yaml --perfetto trace.json\n" +
			"  vitdse trace out/digits/design --perfetto trace.json --images 3",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return errors.New("no file: give --perfetto FILE")
			}
			if images < 1 || images > 100 {
				return fmt.Errorf("--images is %d; expected 1 to 100", images)
			}
			if err := refuseExisting(file, force); err != nil {
				return err
			}
			m, d, err := a.traced(cmd, args[0], point)
			if err != nil {
				return err
			}
			var buf bytes.Buffer
			if err := page.WriteTrace(&buf, m, d, images); err != nil {
				return err
			}
			if err := configs.WriteFile(file, buf.Bytes()); err != nil {
				return err
			}
			a.Printf("trace of %s, %s: %s, %s kB\n", d.Name, number.Plural(images, "image"), file, number.Kilo(int64(buf.Len())))
			return nil
		},
	}
	addFlags(cmd.Flags(), []string{"parts", "out"}, pickKeys)
	cmd.Flags().StringVar(&file, "perfetto", "", "`file` to write")
	cmd.Flags().StringVar(&point, "point", "", "`number` or name of the front's point")
	cmd.Flags().IntVar(&images, "images", 1, "`number` of images that follow one another")
	cmd.Flags().BoolVar(&force, "force", false, "replace the file that --perfetto names")
	return cmd
}

// traced is the design that an argument means.
func (a *app) traced(cmd *cobra.Command, arg, point string) (configs.Model, configs.Design, error) {
	if !isYAML(arg) {
		manifest, err := emit.LoadManifest(arg)
		if err == nil && point != "" {
			err = errors.New("--point is of a run file's front; an emitted folder has one design")
		}
		return manifest.Model, manifest.Design, err
	}
	run, err := loadRun(cmd, arg)
	if err != nil {
		return configs.Model{}, configs.Design{}, err
	}
	front, err := a.loadFront(cmd.Context(), sweepDir(run))
	if err != nil {
		return configs.Model{}, configs.Design{}, err
	}
	p, err := a.choose(front, run, point)
	if err != nil {
		return configs.Model{}, configs.Design{}, err
	}
	d, err := front.Design(engine, p)
	return front.Model, d, err
}
