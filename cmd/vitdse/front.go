package main

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/dse"
	"vitdse/hwmodel"
)

// choose gives a point of the front: by its number or name, or by the run's policy.
func (a *app) choose(f *dse.Front, run configs.Run, id string) (dse.Point, error) {
	if id == "" {
		p, why, err := f.Pick(run.Pick, dse.Query{Parts: run.PickParts(), Limits: dse.LimitsOf(run)})
		if err == nil {
			a.printPick(p, why)
		}
		return p, err
	}
	if n, err := strconv.Atoi(id); err == nil {
		if n < 1 || n > len(f.Points) {
			return dse.Point{}, fmt.Errorf("--point is %d; the front has points 1 to %d", n, len(f.Points))
		}
		return f.Points[n-1], nil
	}
	for _, p := range f.Points {
		if p.Name == id {
			return p, nil
		}
	}
	return dse.Point{}, fmt.Errorf("--point is %q; the front has no point of this name, see vitdse pareto", id)
}

// printPick says which point was picked and why, a reason a line.
func (a *app) printPick(p dse.Point, why string) {
	policy, reasons, _ := strings.Cut(why, ": ")
	a.Printf("picked (>) %s, %s:\n", p.Name, policy)
	for reason := range strings.SplitSeq(reasons, "; ") {
		a.Printf("  - %s\n", reason)
	}
}

// spreadRows is how many points of a front are shown unasked.
const spreadRows = 12

// printSpread shows points spread over the front from the fastest to the slowest, the
// picked one among them.
func (a *app) printSpread(run configs.Run, f *dse.Front, picked *dse.Point) error {
	points, cut, err := f.Select(dse.Query{Parts: run.Parts})
	if err != nil {
		return err
	}
	var shown []dse.Point
	for i, p := range points {
		n := min(spreadRows, len(points))
		at := 0
		if n > 1 {
			at = int(math.Round(float64(len(shown)*(len(points)-1)) / float64(n-1)))
		}
		isPicked := picked != nil && p.Name == picked.Name
		if i >= at && len(shown) < n || isPicked {
			shown = append(shown, p)
		}
	}
	if err := a.printPoints(f, shown, picked); err != nil {
		return err
	}
	csv := filepath.Join(sweepDir(run), dse.FrontCSV)
	if left := len(points) - len(shown); left > 0 {
		a.Printf("%s of %s of the %s front, spread by latency, %s left out; ", number.Count(len(shown)), number.Plural(len(points), "point"), cut, number.Count(left))
	} else {
		a.Printf("All %s of the %s front; ", number.Plural(len(points), "point"), cut)
	}
	a.Printf("%s are in %s\n", f.Held(), csv)
	if f.Correction != nil {
		a.Printf("Noise: %s.\n", f.Correction)
	}
	if f.Near != nil {
		a.Printf("Near: %s.\n", f.Near)
	}
	return nil
}

// printPoints prints a table of points. Choices that are the same in all are left out.
func (a *app) printPoints(f *dse.Front, points []dse.Point, picked *dse.Point) error {
	places := map[string]string{}
	for i, p := range f.Points {
		places[p.Name] = strconv.Itoa(i + 1)
	}
	unit, scale := "us", 1e6
	for _, p := range points {
		if p.Seconds > 0.1 {
			unit, scale = "ms", 1e3
		}
	}
	header := []string{"point", "<part", "latency " + unit, "images/s", "use %", "<of", "predicted dB", "measured dB", "loss dB", "top-1 %"}
	near := slices.ContainsFunc(points, func(p dse.Point) bool { return p.Near })
	if near {
		header = append(header, "<front as predicted")
	}
	modelled := dse.Modelled(points)
	if modelled {
		header = append(header, "<clock MHz (bracket)")
	}
	choices := choicesOf(f, points, false)
	for _, c := range choices {
		header = append(header, "<"+c.name)
	}
	t := table.New(header...)
	for i, p := range points {
		id := places[p.Name]
		if picked != nil && p.Name == picked.Name {
			id = "> " + id
		}
		row := []string{id, p.Part, fmt.Sprintf("%.1f", p.Seconds*scale), number.Count(int64(p.FPS)), number.Percent(p.Use), p.UseOf, fmt.Sprintf("%.1f", p.SQNRDB)}
		if m := p.Measured; m != nil {
			row = append(row, fmt.Sprintf("%.1f", m.SQNRDB), fmt.Sprintf("%.1f", m.LossDB), m.Top1Text())
		} else {
			row = append(row, "-", fmt.Sprintf("%.1f", p.LossDB), "-")
		}
		if near {
			row = append(row, p.Place())
		}
		if modelled {
			row = append(row, p.Clock.String())
		}
		for _, c := range choices {
			row = append(row, c.values[i])
		}
		t.Add(row...)
	}
	return a.Show(t)
}

// printPoint says what a point is made of and what it takes of its part.
func (a *app) printPoint(f *dse.Front, p dse.Point) error {
	i := slices.IndexFunc(f.Parts, func(s dse.PartSummary) bool { return s.Part.Name == p.Part })
	if i < 0 {
		return fmt.Errorf("point %s is for part %s, which the front does not have", p.Name, p.Part)
	}
	var words []string
	for _, c := range choicesOf(f, []dse.Point{p}, true) {
		words = append(words, c.name+" "+c.values[0])
	}
	a.Printf("%s\n", strings.Join(words, ", "))
	e, use := p.Estimate, f.Parts[i].Part.Usable()
	t := table.New("<resource", "needed", "may be used", "%")
	for _, r := range []struct {
		name       string
		need, have int
	}{{"LUT", e.LUT, use.LUT}, {"FF", e.FF, use.FF}, {"DSP", e.DSP, use.DSP}, {"BRAM 18Kb", e.BRAM18, use.BRAM18},
		{"URAM", e.URAM, use.URAM}, {"LUTRAM", e.LUTRAM, use.LUTRAM}} {
		share := "-"
		if r.have > 0 {
			share = number.Percent(float64(r.need) / float64(r.have))
		}
		t.Add(r.name, number.Count(r.need), number.Count(r.have), share)
	}
	if err := a.Show(t); err != nil {
		return err
	}
	a.Printf("estimated: %s cycles an image with an ideal memory, array %s %% busy; %s bytes read and %s written an image\n",
		number.Count(e.Cycles), number.Percent(e.ArrayUse), number.Count(e.BytesRead), number.Count(e.BytesWritten))
	if c := p.Clock; c != nil {
		a.Printf("clock in MHz, %s: speed grade %s, %s\n", c, c.SpeedGrade, c.Evidence)
	}
	r := hwmodel.Resources{LUT: e.LUT, FF: e.FF, DSP: e.DSP, BRAM18: e.BRAM18, URAM: e.URAM, LUTRAM: e.LUTRAM}
	mhz := float64(e.Cycles) / p.Seconds / 1e6
	power := hwmodel.PowerOf(r, f.Parts[i].Part, mhz, float64(e.BytesRead+e.BytesWritten)/p.Seconds)
	a.Printf("estimated: %s\n", number.Power(power, p.Seconds))
	return nil
}

// choice is one column of what points were chosen to be.
type choice struct {
	name   string
	values []string // one a point
}

// shortAxes names axes shorter than the space does.
var shortAxes = strings.NewReplacer("memories.activations", "act mem", "memories.weights", "w mem", "memories.residual", "res mem",
	"multiplier", "mult", "bus_bits", "bus", "weight_buffers", "w buf", "lut_columns", "lut cols", "patch_tokens", "patch tok", "granularity", "scales", "softmax_bits", "softmax",
	"gelu_bits", "gelu", "ln_fold", "fold", "read_fifo", "fifo")

// choicesOf makes columns of the axes: tm, tn and tk are one, bits of weights and
// activations of the same layers too. Those that are the same in all points are left
// out unless all is set.
func choicesOf(f *dse.Front, points []dse.Point, all bool) []choice {
	var columns []choice
	free := freeAxes(f)
	for _, kind := range []string{"weights", "activations", "granularity"} {
		if c, ok := summary(f, points, free, kind); ok {
			columns = append(columns, c)
		}
	}
	for a := 0; a < len(f.Axes); a++ {
		if free[a] {
			continue
		}
		axes, name := 1, shortAxes.Replace(f.Axes[a])
		sep := "x"
		switch group, weights := strings.CutSuffix(f.Axes[a], ".weights"); {
		case slices.Equal(f.Axes[a:min(a+3, len(f.Axes))], []string{"tm", "tn", "tk"}):
			axes, name = 3, "array"
		case weights && group != "memories" && a+1 < len(f.Axes) && f.Axes[a+1] == group+".activations":
			axes, name, sep = 2, group+" w/a", "/"
		}
		c := choice{name: name}
		for _, p := range points {
			c.values = append(c.values, strings.Join(p.Choice[a:a+axes], sep))
		}
		a += axes - 1
		if all || len(slices.Compact(slices.Clone(c.values))) > 1 {
			columns = append(columns, c)
		}
	}
	return columns
}

// manyAxes is the number of axes of blocks from which on they are summed up.
const manyAxes = 8

// freeAxes marks the axes that single blocks and layers have, where there are too many of
// them for a column each.
func freeAxes(f *dse.Front) map[int]bool {
	free := map[int]bool{}
	for i, name := range f.Axes {
		if strings.HasPrefix(name, "blocks.") && strings.Count(name, ".") > 1 {
			free[i] = true
		}
	}
	if len(free) < manyAxes {
		return nil
	}
	return free
}

// summary is the mean of the free axes that choose bits, or the shares of the choices.
func summary(f *dse.Front, points []dse.Point, free map[int]bool, kind string) (choice, bool) {
	c := choice{name: "mean " + kind}
	if kind == "granularity" {
		c.name = "scales"
	}
	found := false
	for _, p := range points {
		sum, n := 0.0, 0
		shares := map[string]int{}
		for i := range f.Axes {
			if free[i] && strings.HasSuffix(f.Axes[i], "."+kind) {
				v, _ := strconv.ParseFloat(p.Choice[i], 64) // not of granularity
				sum, n = sum+v, n+1
				shares[p.Choice[i]]++
			}
		}
		found = found || n > 0
		text := fmt.Sprintf("%.2f", sum/float64(max(1, n)))
		if kind == "granularity" {
			var words []string
			for _, name := range slices.Sorted(maps.Keys(shares)) {
				words = append(words, fmt.Sprintf("%d %s", shares[name], name))
			}
			text = strings.Join(words, ", ")
		}
		c.values = append(c.values, text)
	}
	return c, found
}
