package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"vitdse/configs"
	"vitdse/dse"
)

func newSensitivity(a *app) *cobra.Command {
	var to string
	var synthetic, force bool
	cmd := &cobra.Command{
		Use:   "sensitivity RUN.yaml --to FILE",
		Short: "Write a file of what noise each layer's bits add",
		Long: `Measures the sensitivities that a sweep of the run would, or takes them from the cache, and
writes them to a file, which the key sensitivities of a run file names. With --synthetic
they are made up from the seed, for benchmarks: the file says so, and so does every command
that reads it.`,
		Example: "  vitdse sensitivity configs/digits/run.yaml --to digits.json\n  vitdse sensitivity configs/deit/run.yaml --synthetic --to deit.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := loadRun(cmd, args[0])
			if err != nil {
				return err
			}
			if to == "" {
				return fmt.Errorf("no file to write: give --to")
			}
			if err := refuseExisting(to, force); err != nil {
				return err
			}
			space, _, err := loadSpace(run)
			if err != nil {
				return err
			}
			var f *dse.SensitivityFile
			if synthetic {
				model, err := configs.LoadModel(run.Model)
				if err != nil {
					return err
				}
				f = dse.Synthetic(model, space, run.Seed)
			} else if f, err = a.measureSensitivities(cmd, run, space); err != nil {
				return err
			}
			if err := f.Write(to); err != nil {
				return err
			}
			a.printf("%s: %s; %s\n", to, f.Origin, plural(len(f.Tables[0].Entries), "setting"))
			return nil
		},
	}
	addFlags(cmd.Flags(), inputKeys, []string{"space", "out", "seed"})
	cmd.Flags().StringVar(&to, "to", "", "`file` to write")
	cmd.Flags().BoolVar(&synthetic, "synthetic", false, "make them up from the seed instead of measuring")
	cmd.Flags().BoolVar(&force, "force", false, "replace the file that is there")
	return cmd
}

func (a *app) measureSensitivities(cmd *cobra.Command, run configs.Run, space configs.Space) (*dse.SensitivityFile, error) {
	n, err := loadNetwork(run)
	if err != nil {
		return nil, err
	}
	build, err := buildID()
	if err != nil {
		return nil, err
	}
	st := &stages{a: a}
	defer st.drop()
	p, err := sensitivities(cmd.Context(), n, run, space, build, st)
	if err != nil {
		return nil, err
	}
	st.end()
	return p.File(fmt.Sprintf("measured on %s with %s", run.Dataset, run.Checkpoint)), nil
}

// sensitivities measures those of a run's space, or takes them from its cache.
func sensitivities(ctx context.Context, n *network, run configs.Run, space configs.Space, build string, st *stages) (*dse.Prediction, error) {
	return dse.Sensitivities(ctx, n.study(), space, dse.Work{Workers: runtime.GOMAXPROCS(0), Cache: cacheDir(run), Version: build,
		Progress: func(done, total int) { st.set("sensitivities", "settings", int64(done), int64(total), "") }})
}
