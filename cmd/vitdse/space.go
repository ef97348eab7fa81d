package main

import (
	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/fronts"
)

func newSpace(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "space RUN.yaml",
		Short: "Say how large a space is, exactly, axis by axis",
		Long: `Lists the axes of a run's space with their candidates, and the number of points: all
combinations, and for each part those that its engine constraints allow. The numbers are
exact, whatever their size.`,
		Example: "  vitdse space configs/digits/run.yaml\n  vitdse space configs/deit/run.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := loadRun(cmd, args[0])
			if err != nil {
				return err
			}
			model, err := loadModel(run.Model)
			if err != nil {
				return err
			}
			space, parts, err := loadSpace(run)
			if err != nil {
				return err
			}
			return fronts.Space(a.Output, engine, model, space, parts)
		},
	}
	addFlags(cmd.Flags(), []string{"model", "space", "parts"})
	return cmd
}
