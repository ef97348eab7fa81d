package main
import "github.com/spf13/cobra"
func newRun(a *app) *cobra.Command { return &cobra.Command{Use:"run"} }
func newSweep(a *app) *cobra.Command { return &cobra.Command{Use:"sweep"} }
func newPareto(a *app) *cobra.Command { return &cobra.Command{Use:"pareto"} }
func newEmit(a *app) *cobra.Command { return &cobra.Command{Use:"emit"} }
func designDir(run any) string { return "" }
