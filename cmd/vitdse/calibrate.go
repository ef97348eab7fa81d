package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit/synth"
	"vitdse/hwmodel"
	"vitdse/hwmodel/fit"
)

func newCalibrate(a *app) *cobra.Command {
	var from, out string
	var force bool
	cmd := &cobra.Command{
		Use:   "calibrate REPORT...",
		Short: "Refit the resource model's coefficients to synthesis reports",
		Long: `Refits the coefficients of one family of parts to what synthesis made of emitted designs,
and prints how far the estimates of every module are off before and after. Each REPORT is

  an emitted folder    its syn/vivado/utilization_hierarchical_*.rpt or syn/yosys_stat.json
  a report file        of report_utilization -hierarchical or stat -json, inside such a folder
  a study (.jsonl)     of vitdse study; designs that it holds out are not fitted to

DSPs, block RAM, UltraRAM and registers are structure and have no coefficients: what they
are off by is printed and stays. With --out the coefficients are written to a file, which
the coefficients key of a run or --coefficients gives to sweeps and estimates.`,
		Example: "  vitdse calibrate out/*/design --out mine.yaml\n  vitdse calibrate docs/data/study.jsonl --family ecp5",
		Args:    cobra.MinimumNArgs(1),
	}
	family := cmd.Flags().String("family", "", "fit the designs of this `family` only: xc7, xcup or ecp5")
	cmd.Flags().StringVar(&from, "from", "", "coefficients `file` to start from; default those that come with the tool")
	cmd.Flags().StringVar(&out, "out", "", "`file` to write the coefficients to")
	cmd.Flags().BoolVar(&force, "force", false, "replace the file if it is there")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if out != "" {
			if err := refuseExisting(out, force); err != nil {
				return err
			}
		}
		samples, start, err := calibrationSamples(args, configs.Fabric(*family), from)
		if err != nil {
			return err
		}
		fitted, err := fit.Refit(start, samples)
		if err != nil {
			return err
		}
		fitted.Source = fmt.Sprintf("vitdse calibrate %s", strings.Join(args, " "))
		if err := a.printResiduals(start, fitted, samples); err != nil {
			return err
		}
		if out == "" {
			return nil
		}
		if err := configs.WriteFile(out, configs.MarshalCoefficients(fitted)); err != nil {
			return err
		}
		a.printf("coefficients of %s from %d designs: %s\n", fitted.Family, fitted.Reports, out)
		return nil
	}
	return cmd
}

// calibrationSamples reads the reports and what the model says of their designs.
func calibrationSamples(paths []string, family configs.Fabric, from string) ([]fit.Sample, configs.Coefficients, error) {
	var samples []fit.Sample
	var start configs.Coefficients
	tools := map[string]bool{}
	for _, path := range paths {
		list, err := synth.Collect(path)
		if err != nil {
			return nil, start, err
		}
		for _, m := range list {
			part, err := configs.LoadPart(m.Design.Part)
			if err != nil {
				return nil, start, fmt.Errorf("%s: %w", path, err)
			}
			if family != "" && part.Family != family {
				continue
			}
			if start.Family == "" {
				if start, err = startCoefficients(part.Family, from); err != nil {
					return nil, start, err
				}
			}
			if part.Family != start.Family {
				return nil, start, fmt.Errorf("%s: design %s is on %s of family %s, the others are of %s; choose one with --family", path, m.Design.Name, part.Name, part.Family, start.Family)
			}
			if part, err = hwmodel.WithCoefficients(part, start); err != nil {
				return nil, start, err
			}
			net, err := network.Compile(m.Model)
			if err != nil {
				return nil, start, fmt.Errorf("%s: %w", path, err)
			}
			shape, err := engine.Machine(net, m.Design)
			if err != nil {
				return nil, start, fmt.Errorf("%s: %w", path, err)
			}
			tools[m.Tool] = true
			samples = append(samples, fit.Sample{Design: m.Design.Name, HeldOut: m.HeldOut, Model: shape.Explain(part), Measured: m.Modules})
		}
	}
	if len(samples) == 0 {
		return nil, start, fmt.Errorf("no design of family %s in %s", family, strings.Join(paths, " "))
	}
	start.Tool = strings.Join(sortedKeys(tools), ", ")
	return samples, start, nil
}

func startCoefficients(family configs.Fabric, from string) (configs.Coefficients, error) {
	if from == "" {
		return hwmodel.BuiltInCoefficients(family)
	}
	return configs.LoadCoefficients(from)
}

// printResiduals prints every module's error before and after, of the designs fitted to and
// of those held out.
func (a *app) printResiduals(start, fitted configs.Coefficients, samples []fit.Sample) error {
	for _, heldOut := range []bool{false, true} {
		before, after := fit.Residuals(start, samples, heldOut), fit.Residuals(fitted, samples, heldOut)
		if len(before) == 0 {
			continue
		}
		t := newTable("<module", "designs", "LUT off by %, before", "worst", "after", "worst", "LUTs, after")
		for i, b := range before {
			f := after[i]
			t.add(b.Module, count(b.Designs), percent(b.Mean), percent(b.Worst), percent(f.Mean), percent(f.Worst), fmt.Sprintf("%.0f", f.MeanAbs))
		}
		which := "fitted to"
		if heldOut {
			which = "held out"
		}
		a.printf("designs %s, mean error of a module's LUTs:\n", which)
		if err := a.show(t); err != nil {
			return err
		}
	}
	return nil
}
