package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/size"
	"vitdse/hwmodel"
)

func newPublished(a *app) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "published",
		Short: "Hold the model's prediction against accelerators of the literature",
		Long: `Lists published accelerators with the rate that the model predicts for an emitted engine
with as many multiply-accumulates a cycle, the same bits and the same clock, and says what
the published design does that an emitted one does not. Arrays here are powers of two: the
largest that is no larger than the published one, and its rate is scaled to that size.`,
		Example: "  vitdse published --table published.md",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&file, "table", "", "`file` to write the table to, as Markdown")
	cmd.RunE = func(*cobra.Command, []string) error {
		list, err := configs.PublishedDesigns()
		if err != nil {
			return err
		}
		t := table.New("<design", "<model", "<part", "MHz", "<bits", "MACs a cycle", "FPS published", "predicted", "ratio", "array use %", "W published", "predicted", "<figures")
		var notes strings.Builder
		for _, p := range list {
			row, err := publishedRow(p)
			if err != nil {
				return fmt.Errorf("published design %s: %w", p.Name, err)
			}
			t.Add(row...)
			fmt.Fprintf(&notes, "- **%s** (%s; %s). Array: %s. What it does that an emitted engine does not: %s.\n", p.Name, p.Title, p.Source, p.MACsFrom, p.Differs)
		}
		if err := a.Show(t); err != nil {
			return err
		}
		a.Printf("\n%s", strings.ReplaceAll(notes.String(), "**", ""))
		if file == "" {
			return nil
		}
		return configs.WriteFile(file, []byte(t.Markdown()+"\n"+notes.String()))
	}
	return cmd
}

// publishedRow prices an engine like a published one.
func publishedRow(p configs.Published) ([]string, error) {
	m, err := configs.LoadModel(p.Model)
	if err != nil {
		return nil, err
	}
	part, err := configs.LoadPart(p.Part)
	if err != nil {
		return nil, err
	}
	net, err := network.Compile(m)
	if err != nil {
		return nil, err
	}
	macs := 1
	for 2*macs <= p.MACs {
		macs *= 2
	}
	var best *size.Candidate
	for _, d := range size.Candidates(engine, m, part, configs.Uniform(m, p.Weights, p.Acts), p.ClockMHz, macs, macs) {
		e, err := engine.Price(net, d, part)
		if err != nil {
			return nil, err
		}
		if best == nil || e.Cycles < best.Cycles || e.Cycles == best.Cycles && e.Resources.LUT < best.Resources.LUT {
			best = &size.Candidate{Design: d, Estimate: e}
		}
	}
	if best == nil {
		return nil, fmt.Errorf("no engine of %d MACs a cycle is legal for %s on %s", macs, m.Name, part.Name)
	}
	fps := best.FPS * float64(p.MACs) / float64(macs)
	published := p.FPS
	if published == 0 {
		published = p.GOPS * 1e9 / (2 * float64(best.MACs))
	}
	watts := "-"
	if p.Watts > 0 {
		watts = fmt.Sprintf("%.1f", p.Watts)
	}
	r := hwmodel.Resources{LUT: p.LUT, FF: p.FF, DSP: p.DSP, BRAM18: p.BRAM18, URAM: p.URAM}
	power := "-"
	if p.LUT > 0 && p.DSP > 0 {
		power = fmt.Sprintf("%.1f", hwmodel.PowerOf(r, part, p.ClockMHz, float64(best.BytesRead+best.BytesWritten)*published).Total())
	}
	multipliers := number.Count(p.MACs)
	if macs != p.MACs {
		multipliers = fmt.Sprintf("%s (%s)", multipliers, number.Count(macs))
	}
	return []string{p.Name, m.Name, part.Name, fmt.Sprintf("%g", p.ClockMHz), fmt.Sprintf("w%da%d", p.Weights, p.Acts), multipliers,
		fmt.Sprintf("%.1f", published), fmt.Sprintf("%.1f", fps), fmt.Sprintf("%.2f", fps/published), fmt.Sprintf("%.0f", 100*best.ArrayUse), watts, power, p.Read}, nil
}
