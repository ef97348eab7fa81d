package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/estimates"
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

Of designs with static timing, as a study has them on 7-series and UltraScale+, and of those that were
placed and routed (vitdse study --seeds), the terms of the clock are fitted too.

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
		samples, clocks, start, err := calibrationSamples(args, configs.Fabric(*family), from)
		if err != nil {
			return err
		}
		fitted, err := fit.Refit(start, samples)
		if err != nil {
			return err
		}
		fitted.Source = fmt.Sprintf("vitdse calibrate %s", strings.Join(args, " "))
		if err := estimates.Residuals(a.Output, start, fitted, samples); err != nil {
			return err
		}
		if len(clocks) > 0 {
			if fitted.Clock, err = fit.Clock(engine.ClockTerms(), clocks); err != nil {
				return err
			}
			if err := estimates.Clocks(a.Output, engine.ClockTerms(), start, fitted, clocks); err != nil {
				return err
			}
		}
		if out == "" {
			return nil
		}
		if err := configs.WriteFile(out, configs.MarshalCoefficients(fitted)); err != nil {
			return err
		}
		a.Printf("coefficients of %s from %d designs: %s\n", fitted.Family, fitted.Reports, out)
		return nil
	}
	return cmd
}

// calibrationSamples reads the reports and what the model says of their designs, and of those with static timing the
// clocks.
func calibrationSamples(paths []string, family configs.Fabric,
	from string) ([]fit.Sample, []fit.ClockSample, configs.Coefficients, error) {
	var samples []fit.Sample
	var clocks []fit.ClockSample
	var start configs.Coefficients
	tools := map[string]bool{}
	for _, path := range paths {
		list, err := synth.Collect(path)
		if err != nil {
			return nil, nil, start, err
		}
		for _, m := range list {
			part, err := configs.LoadPart(m.Design.Part)
			if err != nil {
				return nil, nil, start, fmt.Errorf("%s: %w", path, err)
			}
			if family != "" && part.Family != family {
				continue
			}
			if start.Family == "" {
				if start, err = startCoefficients(part.Family, from); err != nil {
					return nil, nil, start, err
				}
			}
			if part.Family != start.Family {
				return nil, nil, start, fmt.Errorf("%s: design %s is on %s of family %s, the others are of %s; "+
					"choose one with --family", path, m.Design.Name, part.Name, part.Family, start.Family)
			}
			if part, err = engine.WithCoefficients(part, start); err != nil {
				return nil, nil, start, err
			}
			net, err := network.Compile(m.Model)
			if err != nil {
				return nil, nil, start, fmt.Errorf("%s: %w", path, err)
			}
			shape, err := engine.Machine(net, m.Design)
			if err != nil {
				return nil, nil, start, fmt.Errorf("%s: %w", path, err)
			}
			tools[m.Tool] = true
			clock, err := clockSample(m, part)
			if err != nil {
				return nil, nil, start, fmt.Errorf("%s: %w", path, err)
			}
			clocks = append(clocks, clock...)
			samples = append(samples, fit.Sample{Design: m.Design.Name, HeldOut: m.HeldOut, Model: shape.Explain(part),
				Measured: m.Modules})
		}
	}
	if len(samples) == 0 {
		return nil, nil, start, fmt.Errorf("no design of family %s in %s", family, strings.Join(paths, " "))
	}
	start.Tool = strings.Join(slices.Sorted(maps.Keys(tools)), ", ")
	return samples, clocks, start, nil
}

// clockSample is what a record of static timing, or of place and route, says; none or one.
func clockSample(m synth.Measured, part configs.Part) ([]fit.ClockSample, error) {
	if len(m.Static) == 0 && len(m.Routes) == 0 {
		return nil, nil
	}
	s := fit.ClockSample{Design: m.Design.Name, HeldOut: m.HeldOut}
	var err error
	if _, s.Share, err = hwmodel.SpeedGrade(part); err != nil {
		return nil, err
	}
	s.Control, s.Array = engine.ClockFeatures(m.Design.Engine, part.Family)
	for _, r := range m.Routes {
		s.Routed = true
		for i := range s.ControlNS {
			s.ControlNS[i] += 1000 / r.MHz / float64(len(m.Routes))
		}
	}
	for _, of := range m.Static {
		i := slices.Index(hwmodel.Wires[:], of.Wires)
		if i < 0 {
			return nil, fmt.Errorf("design %s: static timing with %q wires; expected one of %s",
				m.Design.Name, of.Wires, strings.Join(hwmodel.Wires[:], ", "))
		}
		for module, ns := range of.Ends {
			if engine.InArray(module) {
				s.ArrayNS[i] = max(s.ArrayNS[i], ns)
			} else {
				s.ControlNS[i] = max(s.ControlNS[i], ns)
			}
		}
	}
	return []fit.ClockSample{s}, nil
}

func startCoefficients(family configs.Fabric, from string) (configs.Coefficients, error) {
	if from == "" {
		return hwmodel.BuiltInCoefficients(family)
	}
	return configs.LoadCoefficients(from)
}
