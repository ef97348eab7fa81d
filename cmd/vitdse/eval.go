package main

import (
	"encoding/json"
	"errors"
	"runtime"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/layers"
	"vitdse/golden/dataset"
	"vitdse/golden/measure"
)

func newEval(a *app) *cobra.Command {
	var f numericsFlags
	var folder, labels string
	var all bool
	var machines arrayFlags
	cmd := &cobra.Command{
		Use:   "eval [RUN.yaml|NETWORK.npz]",
		Short: "Measure a quantized network on images, op by op",
		Long: `Quantizes the network and runs it beside the float network on every test image: top-1 and
top-5, how often both say the same, the ratio of signal to noise of the logits and of every
op's result.

The images are the test images of the dataset, or a folder of PNG and JPEG files, resized,
cut and normalised as the model's file says: a subfolder for each class, or --labels FILE
with lines "path class".

What was run is kept until all is, and is not run again after an interruption; with --engine the
images are an array job.

An integer network of vitdse export takes the place of a checkpoint: it is run as it is, and
without float weights there is nothing to compare it with but the labels.

` + quantizeInputs,
		Example: "  vitdse eval configs/digits/run.yaml --bits w4a8\n" +
			"  vitdse eval --model deit-tiny --checkpoint model.safetensors --quantizer calibration=synthetic --images " +
			"imagenet/val\n  vitdse eval network.npz --dataset configs/digits/digits.npz",
		Args: cobra.MaximumNArgs(1),
	}
	addFlags(cmd.Flags(), inputKeys)
	f.add(cmd)
	cmd.Flags().StringVar(&folder, "images", "", "`folder` of images instead of the dataset's test images")
	cmd.Flags().StringVar(&labels, "labels", "", "`file` of the folder's labels, lines of path and class")
	machines.add(cmd.Flags())
	cmd.Flags().BoolVar(&all, "all", false, "print every op, not only the worst of each kind")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if labels != "" && folder == "" {
			return errors.New("--labels are of a folder of images, and none is given; expected --images too")
		}
		if err := machines.check(); err != nil {
			return err
		}
		n, num, err := f.load(a, cmd, args)
		if err != nil {
			return err
		}
		var reference *measure.Reference
		if a.task == nil {
			if reference, err = a.checkFloat(cmd.Context(), n); err != nil {
				return err
			}
		}
		if n.integers == nil {
			a.warnOfFew(n, num.CalibImages)
		}
		e := measure.Evaluation{Model: n.model, Weights: n.weights, Images: n.test, Labels: n.labels,
			Workers: runtime.GOMAXPROCS(0)}
		if folder != "" {
			from, err := dataset.OpenFolder(folder, labels, n.model)
			if err != nil {
				return err
			}
			a.warnLeft(from.Left)
			e.Images, e.Labels = from, from.Labels
		} else if n.test == nil {
			return errors.New("no images: give --images FOLDER or --dataset FILE")
		}
		if labels := len(e.Labels); labels > 0 && labels < n.model.Classes {
			a.log.Warn("fewer labelled images than classes: top-1 tells little", "images", labels, "classes", n.model.Classes)
		}
		st := a.stages()
		defer st.Drop()
		if e.Net, e.Report, err = n.inspect(num, st); err != nil {
			return err
		}
		if n.integers != nil {
			if machines.engine != "" {
				return errors.New("--engine: an integer network without float weights is run in this process")
			}
			e.Progress = st.Task("evaluation", "images")
			return a.evalIntegers(cmd.Context(), e, st)
		}
		st.End()
		d, err := a.examine(cmd, args, n, num, e, machines)
		if err != nil {
			return err
		}
		if d.Reference = reference; a.JSON() {
			text, err := json.MarshalIndent(d, "", "  ")
			if err != nil {
				return err
			}
			return a.Only(text)
		}
		return layers.Ops(a.Output, d, e.Labels != nil, all)
	}
	return cmd
}
