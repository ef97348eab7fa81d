package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/parts"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/dse/size"
	"vitdse/hwmodel"
)

func newFit(a *app) *cobra.Command {
	var parts, coefficients []string
	var o fitOptions
	cmd := &cobra.Command{
		Use:   "fit --model MODEL --part PART",
		Short: "Say what of a network fits a part, and what is short",
		Long: `Prices engines of all array shapes for a network with uniform bits, or one design, on each
part, and says which is the fastest and the smallest that fit, how much of each resource
they take, and what is short for the next faster one, or for any where none fits. With --to
the fastest is written to a file, for emit.

Exit code 1 says that nothing fits some part.`,
		Example: "  vitdse fit --model deit-tiny --part xc7z020\n" +
			"  vitdse fit --model deit-base --part xczu9eg,xcu50 --bits w4a8\n" +
			"  vitdse fit --model deit-tiny --part xck26 --design my-design.yaml\n" +
			"  vitdse fit --model deit-tiny --part xczu9eg --clock-mhz 300 --to fastest.yaml",
		Args: cobra.NoArgs,
	}
	model := cmd.Flags().String("model", "", "`name` of a built-in model, or a model file")
	cmd.Flags().StringSliceVar(&parts, "part", nil, "`names` or files of parts; default all built-in ones")
	cmd.Flags().StringVar(&o.bits, "bits", "w8a8", "bits of all blocks, `wNaN`: weights and activations, 2 to 8")
	cmd.Flags().IntVar(&o.edges, "edge-bits", 8, "`bits` of the image, of the first and last layer's weights, "+
		"and of softmax")
	cmd.Flags().StringVar(&o.design, "design", "", "design `file` to fit instead")
	cmd.Flags().Float64Var(&o.clock, "clock-mhz", 0, "assumed clock in `MHz`; default the model's for each engine")
	cmd.Flags().StringVar(&o.to, "to", "", "`file` to write the fastest design that fits to, if there is one part")
	cmd.Flags().StringSliceVar(&coefficients, "coefficients", nil, usages["coefficients"])
	cmd.MarkFlagsMutuallyExclusive("design", "bits")
	cmd.MarkFlagsMutuallyExclusive("design", "edge-bits")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *model == "" {
			return fmt.Errorf("no network: give --model; see %s --help", cmd.CommandPath())
		}
		m, err := loadModel(*model)
		if err != nil {
			return err
		}
		if len(parts) == 0 {
			parts = configs.Parts()
		}
		list, err := loadParts(parts)
		if err != nil {
			return err
		}
		if err := calibrated(list, coefficients); err != nil {
			return err
		}
		if o.to != "" && len(list) != 1 {
			return fmt.Errorf("--to is %q; expected it with one part, there are %d", o.to, len(list))
		}
		return a.fit(m, list, o)
	}
	return cmd
}

// fitOptions say which designs are tried, and where the fastest goes.
type fitOptions struct {
	bits, design string
	edges        int
	clock        float64 // MHz; 0 is the model's, or of a family without one the part's
	to           string
}

func (a *app) fit(m configs.Model, list []configs.Part, o fitOptions) error {
	t := table.New(parts.FitColumns...)
	none, weights := 0, int64(0)
	net, err := onEngine(m)
	if err != nil {
		return err
	}
	for _, p := range list {
		designs, clocks, err := fitDesigns(m, p, o)
		if err != nil {
			return err
		}
		r, err := size.Fit(engine, net, p, designs)
		if err != nil {
			return err
		}
		if r.Fitting == 0 {
			none++
		} else if o.to != "" {
			if err := configs.WriteFile(o.to, configs.MarshalDesign(r.Best.Design)); err != nil {
				return err
			}
		}
		rows := []struct {
			what string
			c    *size.Candidate
		}{{"fastest", r.Best}, {"smallest", r.Smallest}, {"next faster", r.Larger}, {"nearest", nil}}
		if r.Fitting == 0 {
			rows[3].c = r.Nearest
		}
		for _, row := range rows {
			if row.c != nil && (row.what != "smallest" || row.c != r.Best) {
				kept, err := size.KeptOnChip(engine, net, row.c.Design, p)
				if err != nil {
					return err
				}
				weights = kept.Weights
				t.Add(parts.Fit(p, row.what, row.c, clocks.say(row.c.Design.Engine), kept)...)
			}
		}
		if r.Tried == 0 {
			t.Add(p.Name, "no engine is legal on this part", "", "", "", "", "", "", "", "", "", "", "", "", "", "")
		}
	}
	a.Printf("%s: percent of what a design may plan with; a clock is a model's with its bracket, or assumed; "+
		"power is an estimate, +-%.0f %%\n",
		m.Name, 100*hwmodel.ExpectedPowerError)
	if err := a.Show(t); err != nil {
		return err
	}
	a.Printf("mJ is of one image. An engine keeps activations in its buffers, on the chip, "+
		"and streams the network's %s kB of weights,\n", number.Kilo(weights))
	a.Printf("so that they need not fit; RAM is of the blocks and UltraRAMs that a design may plan with.\n")
	if none > 0 {
		return &exitError{exitUnequal, fmt.Errorf("nothing fits %d of %s; the rows marked nearest say what is short",
			none, number.Plural(len(list), "part"))}
	}
	return nil
}

// fitDesigns are the designs to try, with their clocks: the file's, which has its own, or engines of all shapes.
func fitDesigns(m configs.Model, p configs.Part, o fitOptions) ([]configs.Design, clocks, error) {
	if o.design != "" {
		d, err := configs.LoadDesign(o.design, m)
		if err != nil {
			return nil, clocks{}, err
		}
		d.Part = p.Name
		return []configs.Design{d}, assumed(d.ClockMHz), engine.Legal(m, d, p)
	}
	w, act, err := parseBits(o.bits)
	if err != nil {
		return nil, clocks{}, err
	}
	numerics := configs.Uniform(m, w, act).WithEdges(m, o.edges)
	if err := numerics.Validate(m); err != nil {
		return nil, clocks{}, fmt.Errorf("--edge-bits is %d; expected 2 to 8", o.edges)
	}
	on, err := clocksOn(p, o.clock)
	if err != nil {
		return nil, on, err
	}
	return size.Candidates(engine, m, p, numerics, on.mhz, 1, 1<<15), on, nil
}

// parseBits reads wNaN.
func parseBits(bits string) (w, a int, err error) {
	if n, e := fmt.Sscanf(strings.ToLower(bits)+"|", "w%da%d|", &w, &a); n != 2 || e != nil || w < 2 ||
		w > 8 || a < 2 || a > 8 {
		return 0, 0, fmt.Errorf("--bits is %q; expected wNaN such as w4a8, 2 to 8 each", bits)
	}
	return w, a, nil
}
