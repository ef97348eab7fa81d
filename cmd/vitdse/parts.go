package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/configs"
)

func newParts(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "parts [NAME|FILE]...",
		Short: "List the parts and what a design may plan with",
		Long: `Lists the built-in parts, or those given by name or file: what there is of each
resource, and with a slash the share that a design may plan with. One part alone is
shown with the source of every figure.`,
		Example: "  vitdse parts\n  vitdse parts xck26",
		RunE: func(_ *cobra.Command, names []string) error {
			if len(names) == 0 {
				names = configs.Parts()
			}
			parts, err := loadParts(names)
			if err != nil {
				return err
			}
			if err := partsTable(parts).print(a.stdout); err != nil {
				return err
			}
			if len(parts) == 1 {
				a.printf("\n%s\n", parts[0].Title)
				return sourcesTable(parts[0]).print(a.stdout)
			}
			return nil
		},
	}
}

func partsTable(parts []configs.Part) *table {
	t := newTable("<part", "LUT", "FF", "DSP", "BRAM 18Kb", "URAM", "LUTRAM", "memory GB/s", "clock MHz", "<title")
	for _, p := range parts {
		all, use := p.Budget, p.Usable()
		of := func(have, plan int) string { return count(have) + " / " + count(plan) }
		t.add(p.Name, of(all.LUT, use.LUT), of(all.FF, use.FF), of(all.DSP, use.DSP), of(all.BRAM18, use.BRAM18),
			of(all.URAM, use.URAM), of(all.LUTRAM, use.LUTRAM), fmt.Sprintf("%.1f", p.BandwidthGBs), fmt.Sprintf("%g", p.ClockMHz), p.Title)
	}
	return t
}

func sourcesTable(p configs.Part) *table {
	t := newTable("<figure", "<source")
	for _, key := range sortedKeys(p.Sources) {
		t.add(key, strings.TrimSpace(p.Sources[key]))
	}
	return t
}

// loadParts loads every part, and says all that is wrong with the list.
func loadParts(names []string) ([]configs.Part, error) {
	var parts []configs.Part
	var f faults
	for _, name := range names {
		p, err := configs.LoadPart(name)
		f.add(err)
		parts = append(parts, p)
	}
	return parts, f.join()
}
