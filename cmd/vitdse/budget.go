package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/fronts"
	"vitdse/configs"
	"vitdse/dse"
	"vitdse/dse/limits"
	"vitdse/dse/search"
)

func newBudget(a *app) *cobra.Command {
	share := 10.0
	cmd := &cobra.Command{
		Use:   "budget RUN.yaml",
		Short: "Say what the fastest point would gain from more of each resource",
		Long: `Finds the fastest point of a part that meets the run's limits, and how fast the fastest is
with more and with less of each resource: what is slack, and what would be worth having.
Every answer is an exact search of the whole space.`,
		Example: "  vitdse budget configs/digits/run.yaml --parts xc7z020\n  vitdse budget configs/deit/run.yaml --share 20",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := loadRun(cmd, args[0])
			if err != nil {
				return err
			}
			if !(share > 0 && share < 100) {
				return fmt.Errorf("--share is %g; expected percent, above 0 and below 100", share)
			}
			return a.budget(cmd, run, share/100)
		},
	}
	addFlags(cmd.Flags(), inputKeys, sweepKeys, searchKeys, pickKeys)
	cmd.Flags().Float64Var(&share, "share", share, "`percent` by which each budget is made larger and smaller")
	return cmd
}

func (a *app) budget(cmd *cobra.Command, run configs.Run, share float64) error {
	n, err := a.loadStudied(cmd.Context(), run)
	if err != nil {
		return err
	}
	space, parts, err := loadSpace(run)
	if err != nil {
		return err
	}
	build, err := buildID()
	if err != nil {
		return err
	}
	st := a.stages()
	defer st.Drop()
	prediction, err := a.prediction(run, n.model)
	if prediction == nil && err == nil {
		prediction, err = a.sensitivities(cmd.Context(), n, run, space, build, st)
	}
	if err != nil {
		return err
	}
	for _, p := range parts {
		in := search.Input{Engine: engine, Model: n.model, Space: space, Parts: []configs.Part{p}, Additive: prediction,
			Limits:  limits.Of(run),
			Options: search.Options{Workers: runtime.GOMAXPROCS(0), Seed: run.Seed, Version: build}}
		best, effects, err := dse.Budgets(cmd.Context(), in, share, func(done, total int) {
			st.Set("budgets of "+p.Name, "searches", int64(done), int64(total), "")
		})
		if err != nil {
			return err
		}
		st.End()
		if err := fronts.Budgets(a.Output, p.Name, best, effects, share); err != nil {
			return err
		}
	}
	return nil
}
