package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/parts"
	"vitdse/configs"
)

func newParts(a *app) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "parts [NAME|FILE]...",
		Short: "List the parts and what a design may plan with",
		Long: `Lists the built-in parts, or those given by name or file: what there is of each
resource, and with a slash the share that a design may plan with: a usable fraction of what
the platform's shell leaves. "model" says whether the resource model of the part's family
was held against synthesis, or is derived from that of another. "multiplier" is its width
and, with a slash, how many products of 8 x 8 and of 4 x 4 bits one can be made to give a
cycle. One part alone is shown with the source of every figure.`,
		Example:           "  vitdse parts\n  vitdse parts xck26\n  vitdse parts my-part.yaml --format json",
		ValidArgsFunction: cobra.FixedCompletions(configs.Parts(), cobra.ShellCompDirectiveDefault),
		RunE: func(_ *cobra.Command, names []string) error {
			if a.JSON() {
				format = "json"
			}
			if !slices.Contains([]string{"table", "markdown", "json"}, format) {
				return fmt.Errorf("--format is %q; expected table, markdown or json", format)
			}
			if len(names) == 0 {
				names = configs.Parts()
			}
			list, err := loadParts(names)
			if err != nil {
				return err
			}
			return parts.Show(a.Output, list, format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "`form` of the output: table, markdown or json")
	return cmd
}

// loadParts loads every part, and says all that is wrong with the list.
func loadParts(names []string) ([]configs.Part, error) {
	var list []configs.Part
	var faults []error
	for _, name := range names {
		p, err := configs.LoadPart(name)
		if err != nil {
			faults = append(faults, err)
		}
		list = append(list, p)
	}
	return list, errors.Join(faults...)
}
