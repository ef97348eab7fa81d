package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/layers"
	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/progress"
	"vitdse/configs"
	"vitdse/dse/measuring"
	"vitdse/dse/noise"
)

// sensitivityFlags are those of vitdse sensitivity.
type sensitivityFlags struct {
	to, table        string
	synthetic, force bool
	granularities    []string
	group            int
	bits             []int
	check            int
	machines         arrayFlags
}

func newSensitivity(a *app) *cobra.Command {
	var f sensitivityFlags
	cmd := &cobra.Command{
		Use:   "sensitivity RUN.yaml",
		Short: "Measure what noise each layer's bits add, and how well it adds up",
		Long: `Measures the sensitivities that a sweep of the run would, or takes them from the cache. With
--to they are written to a file, which the key sensitivities of a run file names. With
--synthetic they are made up from the seed, for benchmarks: the file says so, and so does
every command that reads it.

--check draws assignments in which every layer has bits and granularity of its own, measures
each of them, and says how close the sum of the sensitivities comes.`,
		Example: "  vitdse sensitivity configs/digits/run.yaml --to digits.json\n" +
			"  vitdse sensitivity configs/digits/run.yaml --bits 2,3,4,5,6,7,8 --granularity layer,channel,group --check 200\n" +
			"  vitdse sensitivity configs/deit/run.yaml --synthetic --to deit.json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.machines.check(); err != nil {
				return err
			}
			run, err := loadRun(cmd, args[0])
			if err != nil {
				return err
			}
			return a.sensitivity(cmd, run, f)
		},
	}
	addFlags(cmd.Flags(), inputKeys, []string{"space", "out", "cache", "seed"})
	f.machines.add(cmd.Flags())
	cmd.Flags().StringVar(&f.to, "to", "", "`file` to write")
	cmd.Flags().StringVar(&f.table, "table", "", "`file` to write the check's table to, as Markdown")
	cmd.Flags().BoolVar(&f.synthetic, "synthetic", false, "make them up from the seed instead of measuring")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace the file that is there")
	cmd.Flags().IntSliceVar(&f.bits, "bits", nil, "`list` of bits, 2 to 8; default those of the space")
	cmd.Flags().StringSliceVar(&f.granularities, "granularity", nil,
		"`list` of layer, channel and group; default those of the space")
	cmd.Flags().IntVar(&f.group, "group", 16, "`weights` that share a multiplier, where they are in groups")
	cmd.Flags().IntVar(&f.check, "check", 0, "`number` of random assignments to measure beside the prediction")
	for _, other := range []string{"check", "bits", "granularity", "group", "table"} {
		cmd.MarkFlagsMutuallyExclusive("synthetic", other)
	}
	return cmd
}

// choices are those of the space, or what the flags say.
func (f *sensitivityFlags) choices(s configs.Space) (noise.Choices, error) {
	c := noise.ChoicesOf(s)
	if len(f.bits) > 0 {
		c.Bits = slices.Compact(slices.Sorted(slices.Values(f.bits)))
		if c.Bits[0] < 2 || c.Bits[len(c.Bits)-1] > 8 {
			return c, fmt.Errorf("--bits is %v; expected numbers in 2..8", f.bits)
		}
	}
	if len(f.granularities) > 0 {
		c.Granularities = nil
	}
	for _, name := range f.granularities {
		g := configs.Granularity(name)
		if !slices.Contains([]configs.Granularity{configs.PerLayer, configs.PerChannel, configs.PerGroup}, g) {
			return c, fmt.Errorf("--granularity has %q; expected layer, channel or group", name)
		}
		c.Granularities = append(c.Granularities, g)
	}
	if slices.Contains(c.Granularities, configs.PerGroup) {
		if c.Group = f.group; !configs.LegalGroup(c.Group) {
			return c, fmt.Errorf("--group is %d; expected a power of two from 16", f.group)
		}
	}
	return c, nil
}

func (a *app) sensitivity(cmd *cobra.Command, run configs.Run, f sensitivityFlags) error {
	if f.to == "" && f.check == 0 {
		return fmt.Errorf("nothing to do: give a file to write, --to, or a number of assignments, --check")
	}
	if f.check < 0 || f.check == 1 {
		return fmt.Errorf("--check is %d; expected 2 or more", f.check)
	}
	for _, file := range []string{f.to, f.table} {
		if file == "" || a.task != nil {
			continue
		}
		if err := refuseExisting(file, f.force); err != nil {
			return err
		}
	}
	space, _, err := loadSpace(run)
	if err != nil {
		return err
	}
	var file *noise.File
	if f.synthetic {
		model, err := loadModel(run.Model)
		if err != nil {
			return err
		}
		file = noise.Synthetic(model, space, run.Seed)
	} else if file, err = a.measureSensitivities(cmd, run, space, f); err != nil {
		return err
	}
	if f.to == "" {
		return nil
	}
	if err := file.Write(f.to); err != nil {
		return err
	}
	a.Printf("%s: %s; %s\n", f.to, file.Origin, number.Plural(len(file.Tables[0].Entries), "setting"))
	return nil
}

func (a *app) measureSensitivities(cmd *cobra.Command, run configs.Run, space configs.Space,
	f sensitivityFlags) (*noise.File, error) {
	c, err := f.choices(space)
	if err != nil {
		return nil, err
	}
	n, err := a.loadNetwork(cmd.Context(), run)
	if err != nil {
		return nil, err
	}
	build, err := buildID()
	if err != nil {
		return nil, err
	}
	st := a.stages()
	defer st.Drop()
	work := a.sensitivityWork("sensitivities", run, build, st)
	work.Elsewhere = a.elsewhere(f.machines, workDir(run), st)
	p, err := measuring.Sensitivities(cmd.Context(), n.study(), c, work)
	if err != nil {
		return nil, err
	}
	st.End()
	file := p.File(fmt.Sprintf("measured on %s with %s", run.Dataset, run.Checkpoint))
	if f.check == 0 {
		return file, nil
	}
	list, err := n.study().Additivity(cmd.Context(), p, c, f.check, run.Seed, a.sensitivityWork("check", run, build, st))
	if err != nil {
		return nil, err
	}
	st.End()
	t, err := layers.Additivity(a.Output, c, file, list)
	if err != nil {
		return nil, err
	}
	if f.table == "" {
		return file, nil
	}
	return file, configs.WriteFile(f.table, []byte(t.Markdown()))
}

// sensitivities measures those of a run's space, or takes them from its cache.
func (a *app) sensitivities(ctx context.Context, n *trained, run configs.Run, space configs.Space, build string,
	st *progress.Stages) (*noise.Prediction, error) {
	return measuring.Sensitivities(ctx, n.study(), noise.ChoicesOf(space),
		a.sensitivityWork("sensitivities", run, build, st))
}

// sensitivityWork is how a task of a run measures settings.
func (a *app) sensitivityWork(task string, run configs.Run, build string, st *progress.Stages) measuring.Work {
	return measuring.Work{Workers: runtime.GOMAXPROCS(0), Cache: a.cacheOf(run), Version: build,
		Say:      func(said string) { a.log.Warn(said) },
		Stage:    st.Of,
		Progress: func(done, total int) { st.Set(task, "settings", int64(done), int64(total), "") }}
}
