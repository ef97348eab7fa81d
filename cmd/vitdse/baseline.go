package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/fronts"
	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/progress"
	"vitdse/configs"
	"vitdse/dse/baseline"
	"vitdse/dse/exact"
	"vitdse/dse/limits"
	"vitdse/dse/metric"
	"vitdse/dse/search"
	"vitdse/dse/space"
)

// baselineFlags say what is compared.
type baselineFlags struct {
	evaluations []int
	seeds       int
	table       string
	command     string
	names       []string
	timeout     time.Duration
}

func newBaseline(a *app) *cobra.Command {
	var f baselineFlags
	cmd := &cobra.Command{
		Use:   "baseline RUN.yaml",
		Short: "Compare random search, NSGA-II and CMA-ES with the exact front, or search with a command",
		Long: `Finds the exact front of the run's space on each part, then searches the same space with
random search, NSGA-II and CMA-ES, several seeds each, with a number of evaluations and with
as long as the exact search took, and prints what share of the exact front's hypervolume
each reaches. Costs are compared by their logarithms, between the front's least and largest.

With --command, the program is asked for the costs instead: it reads a design point as YAML
and prints a JSON object with a number for each of --costs, the less the better, and if it
likes "violation", above 0 for a point that may not be used. NSGA-II then searches up to the
first of --evaluations and prints the front it found.`,
		Example: "  vitdse baseline configs/digits/run.yaml --parts xczu9eg --evaluations 2000,10000\n" +
			"  vitdse baseline run.yaml --parts xck26 --command ./cost.py --costs ms,watts --evaluations 500",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := loadRun(cmd, args[0])
			if err != nil {
				return err
			}
			for _, n := range f.evaluations {
				if n < 100 {
					return fmt.Errorf("--evaluations has %d; expected at least 100 each", n)
				}
			}
			if f.seeds < 1 || f.seeds > 1000 || len(f.evaluations) == 0 {
				return fmt.Errorf("--seeds is %d, with %d --evaluations; expected 1..1000 seeds and at least one number of "+
					"evaluations", f.seeds, len(f.evaluations))
			}
			return a.baseline(cmd, run, f)
		},
	}
	addFlags(cmd.Flags(), inputKeys, sweepKeys, searchKeys, pickKeys)
	cmd.Flags().IntSliceVar(&f.evaluations, "evaluations", []int{2000, 10000, 50000}, "`numbers` of evaluations")
	cmd.Flags().IntVar(&f.seeds, "seeds", 5, "`number` of seeds; the table has their median, least and most")
	cmd.Flags().StringVar(&f.table, "table", "", "`file` to write the table to, as Markdown")
	cmd.Flags().StringVar(&f.command, "command", "", "`program` with arguments that gives the costs of a design point")
	cmd.Flags().StringSliceVar(&f.names, "costs", nil, "`names` of the costs that the program prints, two to four")
	cmd.Flags().DurationVar(&f.timeout, "timeout", time.Minute, "`time` the program may take for a point")
	return cmd
}

func (a *app) baseline(cmd *cobra.Command, run configs.Run, f baselineFlags) error {
	n, err := a.loadStudied(cmd.Context(), run)
	if err != nil {
		return err
	}
	designs, parts, err := loadSpace(run)
	if err != nil {
		return err
	}
	if f.command != "" {
		return a.searchCommand(cmd.Context(), n.model, designs, parts, run, f)
	}
	build, err := buildID()
	if err != nil {
		return err
	}
	objectives, err := limits.Objectives(run)
	if err != nil {
		return err
	}
	if len(objectives) == 0 {
		objectives = limits.DefaultObjectives
	}
	if objectives, err = metric.PredictedObjectives(objectives); err != nil {
		return err
	}
	st := a.stages()
	defer st.Drop()
	prediction, err := a.prediction(run, n.model)
	if prediction == nil && err == nil {
		prediction, err = a.sensitivities(cmd.Context(), n, run, designs, build, st)
	}
	if err != nil {
		return err
	}
	t := fronts.NewContests()
	for _, p := range parts {
		in := search.Input{Engine: engine, Model: n.model, Space: designs, Parts: []configs.Part{p}, Noise: prediction.Noise,
			Additive: prediction, Objectives: objectives,
			Options: search.Options{Workers: runtime.GOMAXPROCS(0), Seed: run.Seed, Version: build}}
		start := time.Now()
		res, err := exact.Search(cmd.Context(), in, func(q search.Progress) {
			st.Set("exact front of "+p.Name, "points", q.Done, q.Total, "")
		})
		if err != nil {
			return err
		}
		st.End()
		took := time.Since(start)
		problem, err := space.NewProblem(engine, n.model, designs, p, prediction.Noise, objectives)
		if err != nil {
			return err
		}
		whole := contest{problem: baseline.Space{Problem: problem}, seconds: took.Seconds()}
		for _, q := range res.Front.Points {
			whole.front = append(whole.front, q.Costs)
		}
		whole.box = baseline.NewBox(whole.front)
		t.Exact(p.Name, problem.Size(), whole.seconds, len(whole.front))
		if err := a.contests(cmd.Context(), t, p.Name, whole, run, f, st); err != nil {
			return err
		}
	}
	st.End()
	a.Printf("objectives: %v; hypervolume in percent of the exact front's, median of %s, least and most\n",
		objectives, number.Plural(f.seeds, "seed"))
	if err := a.Show(t.Table); err != nil {
		return err
	}
	if f.table == "" {
		return nil
	}
	return configs.WriteFile(f.table, []byte(t.Markdown()))
}

// contest is an exact front and what it takes to compare others with it.
type contest struct {
	problem baseline.Problem
	seconds float64
	front   [][]float64
	box     baseline.Box
}

// contests runs every method with every limit and seed and adds a row for each.
func (a *app) contests(ctx context.Context, t fronts.Contests, part string, c contest, run configs.Run, f baselineFlags,
	st *progress.Stages) error {
	volume := c.box.Hypervolume(c.front)
	done, total := 0, len(baseline.Methods)*(len(f.evaluations)+1)*f.seeds
	for _, limit := range append(slices.Clone(f.evaluations), 0) {
		for _, method := range baseline.Methods {
			var found []baseline.Result
			var shares []float64
			for seed := range f.seeds {
				opt := baseline.Options{Method: method, Evaluations: limit, Seed: uint64(run.Seed) + uint64(seed),
					Workers: runtime.GOMAXPROCS(0)}
				if limit == 0 {
					opt.Runtime = number.Seconds(c.seconds)
				}
				r, err := baseline.Run(ctx, c.problem, opt)
				if err != nil {
					return err
				}
				var costs [][]float64
				for _, p := range r.Front {
					costs = append(costs, p.Costs)
				}
				found, shares = append(found, r), append(shares, c.box.Hypervolume(costs)/volume)
				done++
				st.Set("baselines on "+part, "runs", int64(done), int64(total), string(method))
			}
			t.Method(part, method, limit, found, shares)
		}
	}
	return nil
}

// searchCommand searches with NSGA-II and costs that a program gives.
func (a *app) searchCommand(ctx context.Context, m configs.Model, s configs.Space, parts []configs.Part,
	run configs.Run, f baselineFlags) error {
	if len(f.names) < 2 || len(f.names) > 4 {
		return fmt.Errorf("--costs has %s; expected two to four that the program prints", number.Plural(len(f.names), "name"))
	}
	st := a.stages()
	defer st.Drop()
	for _, p := range parts {
		none := func(configs.Numerics) (float64, error) { return 0, nil }
		problem, err := space.NewProblem(engine, m, s, p, none, limits.DefaultObjectives)
		if err != nil {
			return err
		}
		r, err := baseline.Run(ctx, baseline.Command{Problem: problem, Argv: strings.Fields(f.command), Objectives: f.names,
			Timeout: f.timeout},
			baseline.Options{Method: baseline.NSGA2, Evaluations: f.evaluations[0], Seed: uint64(run.Seed),
				Workers: runtime.GOMAXPROCS(0), Population: 50,
				Progress: func(n, front int) {
					st.Set("search on "+p.Name, "evaluations", int64(n), int64(f.evaluations[0]),
						number.Plural(front, "point")+" on the front")
				}})
		if err != nil {
			return err
		}
		st.End()
		if err := fronts.Searched(a.Output, p.Name, f.names, problem.Genes(), r); err != nil {
			return err
		}
	}
	return nil
}
