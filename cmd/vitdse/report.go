package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/page"
	"vitdse/configs"
	"vitdse/dse"
)

// ReportFile is the page's name in a run's out.
const ReportFile = "report.html"

func newReport(a *app) *cobra.Command {
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
			run, dir, err := a.reported(cmd, args[0])
			if err != nil {
				return err
			}
			if to == "" {
				to, force = filepath.Join(filepath.Dir(dir), ReportFile), true
			}
			if err := refuseExisting(to, force); err != nil {
				return err
			}
			return a.writeReport(run, dir, args[0], to)
		},
	}
	addFlags(cmd.Flags(), []string{"parts", "out"}, pickKeys)
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
	if inner := filepath.Join(arg, "sweep"); err == nil && exists(filepath.Join(inner, dse.FrontJSON)) {
		return run, inner, nil
	}
	return run, strings.TrimSuffix(arg, string(filepath.Separator)), err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// writeReport writes the page of the front in a folder, whole or not at all.
func (a *app) writeReport(run configs.Run, dir, arg, to string) error {
	front, err := dse.LoadFront(dir)
	if err != nil {
		return err
	}
	r, err := a.buildReport(run, front, arg)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	if err := page.Write(&buf, r, ""); err != nil {
		return err
	}
	if err := configs.WriteFile(to, buf.Bytes()); err != nil {
		return err
	}
	if n := r.Points.Of - len(r.Points.Name); n > 0 {
		a.printf("report: %s of the front's %s are in the page, %s left out: every part's best by each objective stays, the others are taken evenly\n",
			count(len(r.Points.Name)), plural(r.Points.Of, "point"), count(n))
	}
	a.printf("report: %s, %s kB\n", to, kilo(int64(buf.Len())))
	return nil
}

// buildReport gathers what there is to say of a front.
func (a *app) buildReport(run configs.Run, front *dse.Front, arg string) (*page.Report, error) {
	r, err := page.Of(front, page.MostPoints)
	if err != nil {
		return nil, err
	}
	r.Command = "vitdse report " + arg
	r.Emit = "vitdse emit RUN.yaml"
	if isYAML(arg) {
		r.Emit = "vitdse emit " + arg
	}
	if len(front.Points) == 0 {
		return r, nil
	}
	p, why, err := front.Pick(run.Pick, dse.Query{Parts: run.PickParts(), Limits: dse.LimitsOf(run)})
	if err == nil {
		policy, reasons, _ := strings.Cut(why, ": ")
		r.Picked = &page.Picked{Name: p.Name, Policy: policy, Why: reasons}
	} else {
		a.log.Warn("no point is picked", "why", fmt.Sprint(err))
	}
	return r, nil
}
