package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse"
	"vitdse/dse/jobs"
	"vitdse/dse/jobs/array"
)

// settingSeconds is about what measuring a setting takes: a pass over the images at two billion products a second.
func settingSeconds(net *network.Network) float64 {
	const images = 128
	return images * float64(net.MACs()) / 2e9
}

// settingsOnMachines has settings measured as an array job, if the flags say so, or makes this process a task of one.
func (a *app) settingsOnMachines(w *dse.Work, n *trained, run configs.Run, f sensitivityFlags, st *stages) error {
	net, err := network.Compile(n.model)
	if err != nil {
		return err
	}
	if a.task != nil {
		w.Part = func(ctx context.Context, plan jobs.Plan, list []int, of func(context.Context, int) (float64, error)) error {
			if plan != a.task.Work.Plan {
				return nil // the table of another ln_fold
			}
			return array.Run(ctx, a.task, list, of)
		}
		return nil
	}
	if f.machines.engine == "" {
		return nil
	}
	dir := filepath.Join(run.Out, "sensitivity.work")
	w.Elsewhere = func(ctx context.Context, plan jobs.Plan, left []int) ([]jobs.Record[float64], error) {
		had := plan.Jobs - len(left)
		say := func(done, failed int) {
			detail := "on " + f.machines.engine
			if failed > 0 {
				detail += fmt.Sprintf(", %d failed", failed)
			}
			st.set("sensitivities", "settings", int64(had+done), int64(plan.Jobs), detail)
		}
		records, err := onMachines[float64](ctx, a, f.machines, dir, array.Work{Plan: plan}, left,
			func(int) float64 { return settingSeconds(net) }, say)
		if err != nil {
			return records, err
		}
		found := func(job int) bool {
			return slices.ContainsFunc(records, func(r jobs.Record[float64]) bool { return r.Job == job })
		}
		if slices.ContainsFunc(left, func(job int) bool { return !found(job) }) {
			return records, nil // this process measures them
		}
		return records, os.RemoveAll(dir)
	}
	return nil
}
