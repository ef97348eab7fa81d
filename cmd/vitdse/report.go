package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/page"
	"vitdse/cmd/vitdse/progress"
	"vitdse/configs"
	"vitdse/dse"
	"vitdse/dse/front"
	"vitdse/dse/limits"
	"vitdse/dse/noise"
	"vitdse/dse/pick"
	"vitdse/dse/search"
)

// ReportFile is the page's name in a run's out.
const ReportFile = "report.html"

func newReport(a *app) *cobra.Command {
	var q asked
	var to string
	var force bool
	cmd := &cobra.Command{
		Use:   "report RUN.yaml|DIR",
		Short: "Write one HTML page that shows a search's whole outcome",
		Long: `Writes a page that opens offline and asks no network for anything: the front with limits,
filters and comparison, what binds a point and what its neighbours are, what is inside the
picked one, and what all of it rests on. The data is in the page once, as JSON
(docs/REPORT.md).

Given a run file, the page is report.html in the run's out; given the folder of a front, it is
report.html beside it.`,
		Example: "  vitdse report configs/digits/run.yaml\n  vitdse report out/digits/sweep --to front.html",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if q.run, q.dir, err = a.reported(cmd, args[0]); err != nil {
				return err
			}
			if q.arg, q.command = args[0], "vitdse report "+args[0]; to == "" {
				to, force = filepath.Join(filepath.Dir(q.dir), ReportFile), true
			}
			if err := refuseExisting(to, force); err != nil {
				return err
			}
			return a.writeReport(cmd.Context(), q, to)
		},
	}
	addFlags(cmd.Flags(), inputKeys, sweepKeys, searchKeys, pickKeys)
	cmd.Flags().BoolVar(&q.budget, "budget", false,
		"search what 10 % more and less of each resource of the picked point's part is worth, which takes minutes")
	cmd.Flags().StringArrayVar(&q.why, "why", nil, "`choices` of a point that differs from the picked one in them, "+
		"such as tm=8,multiplier=lut: say why it is not on the front")
	cmd.Flags().StringVar(&to, "to", "", "`file` to write")
	cmd.Flags().BoolVar(&force, "force", false, "replace the file that --to names")
	return cmd
}

// reported is the run and the sweep's folder that an argument means: a run file, a run's out, or
// a folder with a front.
func (a *app) reported(cmd *cobra.Command, arg string) (configs.Run, string, error) {
	if isYAML(arg) {
		run, err := loadRun(cmd, arg)
		return run, sweepDir(run), err
	}
	run, err := runOrBare(cmd, "")
	if inner := filepath.Join(arg, "sweep"); err == nil && exists(filepath.Join(inner, front.JSONFile)) {
		return run, inner, nil
	}
	return run, strings.TrimSuffix(arg, string(filepath.Separator)), err
}

// asked is what a page is to be of.
type asked struct {
	run          configs.Run
	dir          string // of the front
	arg, command string
	budget       bool
	why          []string
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// writeReport writes the page of the front in a folder.
func (a *app) writeReport(ctx context.Context, q asked, to string) error {
	front, err := a.readFront(ctx, q.dir)
	if err != nil {
		return err
	}
	r, err := a.buildReport(ctx, q, front)
	if err != nil {
		return err
	}
	return a.putReport(r, to)
}

// putReport writes a page, whole or not at all.
func (a *app) putReport(r *page.Report, to string) error {
	var buf bytes.Buffer
	if err := page.Write(&buf, r, ""); err != nil {
		return err
	}
	if err := configs.WriteFile(to, buf.Bytes()); err != nil {
		return err
	}
	if n := r.Points.Of - len(r.Points.Name); n > 0 {
		a.Printf("report: %s of the front's %s are in the page, %s left out: every part's best by each objective stays, "+
			"the others are taken evenly\n",
			number.Count(len(r.Points.Name)), number.Plural(r.Points.Of, "point"), number.Count(n))
	}
	a.Printf("report: %s, %s kB\n", to, number.Kilo(int64(buf.Len())))
	return nil
}

// buildReport gathers what there is to say of a front. What needs the trained network is said where
// the run names it.
func (a *app) buildReport(ctx context.Context, q asked, front *front.Front) (*page.Report, error) {
	r, err := page.Of(front, page.MostPoints)
	if err != nil {
		return nil, err
	}
	r.Command = q.command
	r.Emit = "vitdse emit RUN.yaml"
	if isYAML(q.arg) {
		r.Emit = "vitdse emit " + q.arg
	}
	verdicts, err := loadVerdicts(filepath.Join(filepath.Dir(q.dir), "design"))
	if err != nil {
		a.log.Warn("the page is without a verification", "why", err)
	}
	r.Verified = append(r.Verified, verdicts...)
	if len(front.Points) == 0 {
		return r, nil
	}
	p, why, err := pick.Pick(front, q.run.Pick, pick.Query{Parts: q.run.PickParts(), Limits: limits.Of(q.run)})
	if err != nil {
		a.log.Warn("no point is picked", "why", fmt.Sprint(err))
		return r, nil
	}
	policy, reasons, _ := strings.Cut(why, ": ")
	r.Picked = &page.Picked{Name: p.Name, Policy: policy, Why: reasons}
	in, err := a.inside(ctx, q, front, p)
	if err != nil {
		return nil, err
	}
	r.Inside = append(r.Inside, in)
	if q.budget {
		r.Budgets, err = a.budgetsOf(ctx, q.run, p.Part)
	}
	return r, err
}

// insideImages is how many test images the layers of a design are measured on.
const insideImages = 360

// inside says what the picked design is made of; with a checkpoint also what its layers do.
func (a *app) inside(ctx context.Context, q asked, front *front.Front, p front.Point) (page.Inside, error) {
	d, err := front.Design(engine, p)
	if err != nil {
		return page.Inside{}, err
	}
	s, err := front.Summary(p.Part)
	if err != nil {
		return page.Inside{}, err
	}
	in, err := page.InsideOf(front.Model, d, s.Part)
	if err != nil {
		return in, err
	}
	var noise noise.Func
	if q.run.Checkpoint != "" && q.run.Checkpoint != "-" {
		prediction, err := a.measureInside(ctx, q.run, d, s.Part, &in)
		if err != nil {
			return in, err
		}
		if prediction != nil {
			noise = prediction.Noise
		}
	}
	why, err := page.NewWhy(front, p.Part, noise)
	if err != nil {
		return in, err
	}
	for _, text := range q.why {
		changes, err := page.ParseChanges(text)
		if err != nil {
			return in, fmt.Errorf("--why: %w", err)
		}
		v, err := why.Not(p, changes)
		if err != nil {
			return in, fmt.Errorf("--why: %w", err)
		}
		a.Printf("%s: %s: %s\n", text, v.Fate, v.Why)
		in.Variants = append(in.Variants, v)
	}
	st := a.stages()
	defer st.Drop()
	single, err := why.Variants(ctx, p, st.Task("single changes of the point", "changes"))
	in.Variants = append(in.Variants, single...)
	return in, err
}

// budgetShare is how much larger and smaller budgets are made.
const budgetShare = 0.1

// budgetsOf searches what more of each resource of a part would be worth.
func (a *app) budgetsOf(ctx context.Context, run configs.Run, part string) ([]page.Budget, error) {
	if run.Space == "-" || run.Space == "" {
		return nil, errors.New("--budget searches the space: give the run file")
	}
	run.Parts = []string{part}
	n, err := a.loadStudied(ctx, run)
	if err != nil {
		return nil, err
	}
	space, parts, err := loadSpace(run)
	if err != nil {
		return nil, err
	}
	st := a.stages()
	defer st.Drop()
	prediction, err := a.keptOrMeasured(ctx, n, run, st)
	if err != nil {
		return nil, err
	}
	in := search.Input{Engine: engine, Model: n.model, Space: space, Parts: parts, Additive: prediction,
		Limits: limits.Of(run), Options: search.Options{Workers: runtime.GOMAXPROCS(0), Seed: run.Seed}}
	best, effects, err := dse.Budgets(ctx, in, budgetShare,
		func(done, total int) { st.Set("budgets of "+part, "searches", int64(done), int64(total), "") })
	if err != nil {
		return nil, err
	}
	st.End()
	b := page.Budget{Part: part, Point: best.Name, FPS: page.Number(best.FPS), Share: budgetShare}
	for _, e := range effects {
		b.Effects = append(b.Effects, page.Effect{Resource: e.Resource, Used: page.Number(e.Used), More: page.Number(e.More),
			Less: page.Number(e.Less)})
	}
	return []page.Budget{b}, nil
}

// keptOrMeasured is the run's prediction of noise, measured where there is none yet.
func (a *app) keptOrMeasured(ctx context.Context, n *trained, run configs.Run,
	st *progress.Stages) (*noise.Prediction, error) {
	prediction, err := a.prediction(run, n.model)
	if prediction == nil && err == nil {
		prediction, err = a.measuredPrediction(ctx, n, run, st)
	}
	return prediction, err
}

// measureInside adds what the golden model finds, and gives the prediction of noise.
func (a *app) measureInside(ctx context.Context, run configs.Run, d configs.Design, part configs.Part,
	in *page.Inside) (*noise.Prediction, error) {
	n, err := a.loadNetwork(ctx, run)
	if err != nil {
		return nil, err
	}
	st := a.stages()
	defer st.Drop()
	net, err := n.quantize(d.Numerics, a.cacheOf(run), st.Of)
	if err != nil {
		return nil, err
	}
	plan, err := engine.Plan(d, net, part)
	if err != nil {
		return nil, err
	}
	in.Hash = configs.ShortHash(plan.Hash())
	synthesis, err := loadSynthesis(designDir(run))
	if err != nil {
		a.log.Warn("the page is without a synthesis", "why", err)
	}
	if synthesis != nil && synthesis.Design == in.Hash {
		in.Synthesis = synthesis
	}
	calibration, err := n.calibration(d.Numerics)
	if err != nil {
		return nil, err
	}
	prediction, err := a.keptOrMeasured(ctx, n, run, st)
	if err != nil {
		return nil, err
	}
	err = in.Measure(ctx, page.Golden{Model: n.model, Weights: n.weights, Calibration: calibration,
		Images:   n.test.Slice(0, min(insideImages, n.test.N)),
		Numerics: d.Numerics, Prediction: prediction, Workers: runtime.GOMAXPROCS(0),
		Progress: func(done, total int) { st.Set("noise of layers", "layers", int64(done), int64(total), "") }})
	if err == nil {
		st.End()
	}
	return prediction, err
}

// measuredPrediction is the prediction of noise that the run's search used, from the cache if it is
// there.
func (a *app) measuredPrediction(ctx context.Context, n *trained, run configs.Run,
	st *progress.Stages) (*noise.Prediction, error) {
	space, _, err := loadSpace(run)
	if err != nil {
		return nil, err
	}
	build, err := buildID()
	if err != nil {
		return nil, err
	}
	return a.sensitivities(ctx, n, run, space, build, st)
}
