package main

import (
	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/estimates"
	"vitdse/configs"
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
		text, err := estimates.Published(a.Output, engine)
		if err != nil || file == "" {
			return err
		}
		return configs.WriteFile(file, []byte(text))
	}
	return cmd
}
