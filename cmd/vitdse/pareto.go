package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/chart"
	"vitdse/cmd/vitdse/fronts"
	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/dse/accuracy"
	"vitdse/dse/front"
	"vitdse/dse/limits"
	"vitdse/dse/pick"
)

// paretoFlags are what of a front is shown, and how.
type paretoFlags struct {
	query                  pick.Query
	cut, sort, format, out string
	where, plot, x, y      string
	compare                string
	maxUse, maxMS          float64
	force                  bool
}

func newPareto(a *app) *cobra.Command {
	var f paretoFlags
	cmd := &cobra.Command{
		Use:   "pareto DIR|RUN.yaml",
		Short: "Show, filter, sort and export the front of a finished sweep",
		Long: `Reads the front of a finished sweep, from its folder or the run's out, and prints the
points that the flags ask for.

Predicted noise is the sum of what each layer's bits add alone; measured is the integer
network on the test images. --cut measured, the default where there are measurements,
is of the predicted front and the points near it, without those that are dominated as measured.

--where takes conditions between commas on latency (ms), fps, use (%), loss and sqnr (dB),
top1 (%, measured), lut, ff, dsp, bram18, uram, lutram, bytes and array (% busy); --sort and the axes of --plot
take the same names. The plot rings the point that the run's pick chooses. --compare says
which points of two fronts dominate which.`,
		Example: "  vitdse pareto configs/digits/run.yaml --where 'fps>=2000,dsp<=150' --sort lut\n" +
			"  vitdse pareto out/digits/sweep --plot front.svg --x latency --y use\n" +
			"  vitdse pareto out/a/sweep --compare out/b/sweep\n  vitdse pareto configs/digits/run.yaml --sort use --top 5\n" +
			"  vitdse pareto out/digits/sweep --max-use 50 --format csv --to small.csv",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			file := ""
			if isYAML(dir) {
				file = dir
			}
			run, err := runOrBare(cmd, file)
			if err != nil {
				return err
			}
			if file != "" {
				dir = sweepDir(run)
			}
			f.query.Parts, f.query.Limits = run.Parts, limits.Of(run)
			return a.pareto(cmd.Context(), dir, run.Pick, f)
		},
	}
	addFlags(cmd.Flags(), []string{"parts", "out", "pick", "max_loss_db", "max_top1_loss", "min_sqnr_db"})
	cmd.Flags().StringVar(&f.cut, "cut", "", "`which` noise counts: predicted or measured")
	cmd.Flags().StringVar(&f.sort, "sort", "latency", "`quantity` to sort by, the best first")
	cmd.Flags().StringVar(&f.where, "where", "", "`conditions` that points must meet, such as 'fps>=60,dsp<=800'")
	cmd.Flags().StringVar(&f.plot, "plot", "", "draw the points to this .svg or .png `file`")
	cmd.Flags().StringVar(&f.x, "x", "latency", "`quantity` of the plot's horizontal axis")
	cmd.Flags().StringVar(&f.y, "y", "use", "`quantity` of the plot's vertical axis; the colour is the sqnr")
	cmd.Flags().StringVar(&f.compare, "compare", "", "`folder` of another sweep to compare with")
	cmd.Flags().IntVar(&f.query.Top, "top", 20, "most `rows` of the table; 0 for all")
	cmd.Flags().Float64Var(&f.maxUse, "max-use", 0, "most `percent` of a resource that a point may use; 0 for no limit")
	cmd.Flags().Float64Var(&f.maxMS, "max-ms", 0, "most `milliseconds` an image; 0 for no limit")
	cmd.Flags().StringVar(&f.format, "format", "table",
		"`form` of the output: table, csv, json or markdown; all but the table have all rows unless --top is given")
	cmd.Flags().StringVar(&f.out, "to", "", "`file` to write instead of standard output")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace the file that --to names")
	cmd.PreRun = func(cmd *cobra.Command, _ []string) {
		if a.JSON() {
			f.format = "json"
		}
		if f.format != "table" && !cmd.Flags().Changed("top") {
			f.query.Top = 0
		}
	}
	return cmd
}

func (a *app) pareto(ctx context.Context, dir string, policy configs.Pick, f paretoFlags) error {
	if !slices.Contains([]string{"table", "csv", "json", "markdown"}, f.format) {
		return fmt.Errorf("--format is %q; expected table, csv, json or markdown", f.format)
	}
	if f.plot != "" {
		if err := chart.CheckName(f.plot); err != nil {
			return err
		}
	}
	if f.where != "" {
		var err error
		if f.query.Where, err = pick.ParseConditions(f.where); err != nil {
			return fmt.Errorf("--where: %w", err)
		}
	}
	loaded, err := a.loadFront(ctx, dir)
	if err != nil {
		return err
	}
	q := f.query
	q.Cut, q.Sort, q.MaxUse, q.MaxSeconds, q.Top = accuracy.Cut(f.cut), pick.Objective(f.sort), f.maxUse/100,
		f.maxMS/1e3, 0
	points, cut, err := pick.Select(loaded, q)
	if err != nil {
		return err
	}
	all := len(points)
	if f.compare != "" {
		return a.compare(ctx, dir, points, cut, f)
	}
	if f.plot != "" {
		var picked string
		if p, _, err := pick.Pick(loaded, policy, f.query); err == nil {
			picked = p.Name
		}
		if err := fronts.Plot(loaded, points, cut, picked, f.plot, f.x, f.y); err != nil {
			return err
		}
		defer a.Printf("plot: %s\n", f.plot)
	}
	if f.query.Top > 0 {
		points = points[:min(all, f.query.Top)]
	}
	if f.out != "" {
		if err := refuseExisting(f.out, f.force); err != nil {
			return err
		}
		file, err := os.Create(f.out)
		if err != nil {
			return err
		}
		defer file.Close()
		a = &app{Output: table.To(file), stderr: a.stderr, log: a.log}
	}
	switch f.format {
	case "csv":
		_, err := a.Writer().Write(loaded.CSV(points))
		return err
	case "markdown":
		_, err := io.WriteString(a.Writer(), loaded.Markdown(points))
		return err
	case "json":
		text, err := loaded.JSON(points)
		if err != nil {
			return err
		}
		return a.Only(text)
	}
	if len(points) > 0 {
		if err := fronts.Points(a.Output, loaded, points, nil); err != nil {
			return err
		}
	}
	csv := filepath.Join(dir, front.CSVFile)
	if filepath.Ext(dir) == ".json" {
		csv = filepath.Join(filepath.Dir(dir), front.CSVFile)
	}
	a.Printf("%s of %s of the %s front that meet the limits, %s left out; %s are in %s\n",
		number.Count(len(points)), number.Plural(all, "point"), cut, number.Count(all-len(points)), loaded.Held(), csv)
	return nil
}

// compare says how the points of a front stand to those of another sweep that meet the same limits.
func (a *app) compare(ctx context.Context, dir string, points []front.Point, cut accuracy.Cut, f paretoFlags) error {
	other, err := a.loadFront(ctx, f.compare)
	if err != nil {
		return err
	}
	q := f.query
	q.Cut, q.Top = cut, 0
	theirs, _, err := pick.Select(other, q)
	if err != nil {
		return fmt.Errorf("%s: %w", f.compare, err)
	}
	return fronts.Compare(a.Output, fronts.Named{Folder: dir, Points: points},
		fronts.Named{Folder: f.compare, Points: theirs}, cut)
}
