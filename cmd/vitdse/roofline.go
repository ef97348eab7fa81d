package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/chart"
	"vitdse/cmd/vitdse/rooflines"
	"vitdse/configs"
	"vitdse/hwmodel"
)

// rooflineFlags choose the design whose roof is shown.
type rooflineFlags struct {
	part, design, array, bits string
	traffic, plot             string
	batch                     int
	all                       bool
}

func newRoofline(a *app) *cobra.Command {
	var f rooflineFlags
	cmd := &cobra.Command{
		Use:     "roofline [RUN.yaml]",
		Aliases: []string{"ops"},
		Short:   "Show a network's op table under the roof of a design and a part",
		Long: `Lists the ops of a network, and for each matmul its work, traffic, arithmetic intensity
and the rate that the array's peak and the part's memory bandwidth allow.

--traffic says what is counted as moved: unfused, every op's inputs, weights and outputs
once each, as surveys count to compare networks; weights, with all activations on the chip;
on-chip, with the weights there too; or engine, what an emitted engine moves. --batch images
share the weights, but on the engine, which runs image by image.

The network and the part are those of a run file, or of --model and --part. The roof is
that of --design FILE, or of an array and bits that the flags give.`,
		Example: "  vitdse roofline configs/digits/run.yaml\n" +
			"  vitdse roofline --model deit-tiny --part xczu9eg --array 16x32x4 --bits w4a8",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.roofline(cmd, args, f) },
	}
	addFlags(cmd.Flags(), []string{"model"})
	cmd.Flags().StringVar(&f.part, "part", "", "`name` or file of the part; default the run's first")
	cmd.Flags().StringVar(&f.design, "design", "", "design `file` whose roof is shown")
	cmd.Flags().StringVar(&f.array, "array", "8x16x4",
		"array of the roof, `TMxTNxTK`: tokens x channels x products a cycle")
	cmd.Flags().StringVar(&f.bits, "bits", "w8a8", "bits of the roof's design, `wNaN`: weights and activations, 2 to 8")
	cmd.Flags().StringVar(&f.traffic, "traffic", string(hwmodel.TrafficUnfused),
		"what is counted as moved: `policy` unfused, weights, on-chip or engine")
	cmd.Flags().IntVar(&f.batch, "batch", 1, "`images` that share the weights")
	cmd.Flags().StringVar(&f.plot, "plot", "", "draw the roofline to this .svg or .png `file`")
	cmd.Flags().BoolVar(&f.all, "all", false, "list every block, also those that are all alike")
	cmd.MarkFlagsMutuallyExclusive("design", "array")
	cmd.MarkFlagsMutuallyExclusive("design", "bits")
	return cmd
}

func (a *app) roofline(cmd *cobra.Command, args []string, f rooflineFlags) error {
	if !slices.Contains(hwmodel.Traffics, hwmodel.Traffic(f.traffic)) {
		return fmt.Errorf("--traffic is %q; expected one of %v", f.traffic, hwmodel.Traffics)
	}
	if f.batch < 1 || f.batch > 1<<16 {
		return fmt.Errorf("--batch is %d; expected 1..65536", f.batch)
	}
	if f.plot != "" {
		if err := chart.CheckName(f.plot); err != nil {
			return err
		}
	}
	modelName, _ := cmd.Flags().GetString("model")
	partName := f.part
	if len(args) == 1 {
		run, err := loadRun(cmd, args[0])
		if err != nil {
			return err
		}
		modelName = run.Model
		if partName == "" {
			_, parts, err := loadSpace(run)
			if err != nil {
				return err
			}
			partName = parts[0].Name
		}
	}
	if modelName == "" {
		return fmt.Errorf("no network: give a run file, or --model and --part; see %s --help", cmd.CommandPath())
	}
	model, err := loadModel(modelName)
	if err != nil {
		return err
	}
	if f.design != "" {
		return a.rooflineOf(model, partName, f)
	}
	if partName == "" {
		return fmt.Errorf("no part: give --part; see vitdse parts")
	}
	part, err := configs.LoadPart(partName)
	if err != nil {
		return err
	}
	d, err := nominal(model, part, f.array, f.bits)
	if err != nil {
		return err
	}
	clocks, err := clocksOn(part, 0)
	if err != nil {
		return err
	}
	d.ClockMHz = clocks.mhz(d.Engine)
	return rooflines.Show(a.Output, engine, f.view(model, d, part, clocks))
}

// rooflineOf shows the roof of a design file.
func (a *app) rooflineOf(model configs.Model, partName string, f rooflineFlags) error {
	d, err := configs.LoadDesign(f.design, model)
	if err != nil {
		return err
	}
	if f.part == "" {
		partName = d.Part
	}
	part, err := configs.LoadPart(partName)
	if err != nil {
		return err
	}
	return rooflines.Show(a.Output, engine, f.view(model, d, part, assumed(d.ClockMHz)))
}

// nominal is a design with an array and uniform bits, for its roof only.
func nominal(m configs.Model, p configs.Part, array, bits string) (configs.Design, error) {
	if _, err := onEngine(m); err != nil {
		return configs.Design{}, err
	}
	var tm, tn, tk, w, act int
	if n, err := fmt.Sscanf(array+"|", "%dx%dx%d|", &tm, &tn, &tk); n != 3 || err != nil {
		return configs.Design{}, fmt.Errorf("--array is %q; expected TMxTNxTK such as 8x16x4", array)
	}
	if n, err := fmt.Sscanf(strings.ToLower(bits)+"|", "w%da%d|", &w, &act); n != 2 || err != nil {
		return configs.Design{}, fmt.Errorf("--bits is %q; expected wNaN such as w4a8", bits)
	}
	d := configs.Design{
		Name: "roof", Model: m.Name, Part: p.Name, ClockMHz: p.ClockMHz, Numerics: configs.Uniform(m, w, act),
		Engine: configs.Engine{TM: tm, TN: tn, TK: tk, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 64,
			WeightBuffers: 2,
			Activations:   configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto},
	}
	return d, engine.Legal(m, d, p)
}

// view is what the flags show of a design.
func (f rooflineFlags) view(m configs.Model, d configs.Design, p configs.Part, clocks clocks) rooflines.View {
	return rooflines.View{Model: m, Design: d, Part: p, Traffic: hwmodel.Traffic(f.traffic), Batch: f.batch,
		All: f.all, Clock: clocks.say(d.Engine), Plot: f.plot}
}
