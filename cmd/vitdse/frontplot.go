package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"vitdse/cmd/vitdse/chart"
	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/dse"
	"vitdse/dse/baseline"
)

// plotFront draws points of a front with the picked one ringed; their colour is the ratio of
// signal to noise, their mark the part.
func plotFront(f *dse.Front, points []dse.Point, cut dse.Cut, picked, file, x, y string) error {
	fig := chart.Front{Title: fmt.Sprintf("%s, model %s: %s front, %s", f.Space.Name, f.Model.Name, cut, number.Plural(len(points), "point")), Colour: "SQNR in dB:"}
	for _, p := range points {
		vx, ux, err := p.Quantity(x, cut)
		if err != nil {
			return fmt.Errorf("--x: %w", err)
		}
		vy, uy, err := p.Quantity(y, cut)
		if err != nil {
			return fmt.Errorf("--y: %w", err)
		}
		colour, _, err := p.Quantity("sqnr", cut)
		if err != nil {
			return err
		}
		q := chart.FrontPoint{X: vx, Y: vy, Colour: colour, Group: p.Part}
		if p.Name == picked {
			q.Picked = "picked"
		}
		fig.Points = append(fig.Points, q)
		fig.X.Label, fig.Y.Label = x+", "+ux, y+", "+uy
	}
	if len(points) == 0 {
		return fmt.Errorf("no point to draw: none meets the limits")
	}
	fig.X.Log, fig.Y.Log = wide(fig.Points, func(q chart.FrontPoint) float64 { return q.X }), wide(fig.Points, func(q chart.FrontPoint) float64 { return q.Y })
	p, err := chart.FrontPlot(fig)
	if err != nil {
		return err
	}
	return chart.Write(p, file)
}

// wide says that values span more than a decade, so that an axis is better logarithmic.
func wide(points []chart.FrontPoint, of func(chart.FrontPoint) float64) bool {
	least := slices.MinFunc(points, func(a, b chart.FrontPoint) int { return cmp.Compare(of(a), of(b)) })
	most := slices.MaxFunc(points, func(a, b chart.FrontPoint) int { return cmp.Compare(of(a), of(b)) })
	return of(least) > 0 && of(most) > 10*of(least)
}

// compareFronts says which points of two fronts dominate which, by latency, largest share of
// the part, and noise.
func (a *app) compareFronts(ctx context.Context, dir string, points []dse.Point, cut dse.Cut, f paretoFlags) error {
	other, err := a.loadFront(ctx, f.compare)
	if err != nil {
		return err
	}
	q := f.query
	q.Cut, q.Top = cut, 0
	theirs, _, err := other.Select(q)
	if err != nil {
		return fmt.Errorf("%s: %w", f.compare, err)
	}
	c := dse.Compare(points, theirs, cut)
	t := table.New("<front", "points", "dominated by the other", "also in the other", "only here")
	t.Add(dir, number.Count(c.A), number.Count(c.ABeaten), number.Count(c.Equal), number.Count(c.OnlyA))
	t.Add(f.compare, number.Count(c.B), number.Count(c.BBeaten), number.Count(c.B-c.BBeaten-c.OnlyB), number.Count(c.OnlyB))
	if err := a.Show(t); err != nil {
		return err
	}
	a.Printf("by latency, largest share of the part and noise, %s\n", cut)
	ours, others := costsByPart(points, cut), costsByPart(theirs, cut)
	for _, part := range sortedKeys(ours) {
		if len(others[part]) == 0 {
			continue
		}
		box := baseline.NewBox(ours[part], others[part])
		joint := box.Hypervolume(slices.Concat(ours[part], others[part]))
		a.Printf("hypervolume on %s, of that of both fronts together: %s %s %%, %s %s %%\n", part,
			dir, number.Percent(box.Hypervolume(ours[part])/joint), f.compare, number.Percent(box.Hypervolume(others[part])/joint))
	}
	return nil
}

// costsByPart is what the points of each part are compared by.
func costsByPart(points []dse.Point, cut dse.Cut) map[string][][]float64 {
	costs := map[string][][]float64{}
	for _, p := range points {
		x := p.Compared(cut)
		costs[p.Part] = append(costs[p.Part], x[:])
	}
	return costs
}

// drawFront draws a run's front beside it, the picked point ringed.
func (a *app) drawFront(run configs.Run, f *dse.Front, picked dse.Point) error {
	points, cut, err := f.Select(dse.Query{Parts: run.Parts})
	if err != nil {
		return err
	}
	file := filepath.Join(sweepDir(run), "front.svg")
	if err := plotFront(f, points, cut, picked.Name, file, "latency", "use"); err != nil {
		return err
	}
	a.Printf("plot of the front: %s\n", file)
	return nil
}
