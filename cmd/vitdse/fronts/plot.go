package fronts

import (
	"cmp"
	"fmt"
	"slices"

	"vitdse/cmd/vitdse/chart"
	"vitdse/cmd/vitdse/number"
	"vitdse/dse/accuracy"
	"vitdse/dse/front"
	"vitdse/dse/pick"
)

// Plot draws points of a front with the picked one ringed; their colour is the ratio of
// signal to noise, their mark the part.
func Plot(f *front.Front, points []front.Point, cut accuracy.Cut, picked, file, x, y string) error {
	title := fmt.Sprintf("%s, model %s: %s front, %s",
		f.Space.Name, f.Model.Name, cut, number.Plural(len(points), "point"))
	fig := chart.Front{Title: title, Colour: "SQNR in dB:"}
	for _, p := range points {
		vx, ux, err := pick.Quantity(p, x, cut)
		if err != nil {
			return fmt.Errorf("--x: %w", err)
		}
		vy, uy, err := pick.Quantity(p, y, cut)
		if err != nil {
			return fmt.Errorf("--y: %w", err)
		}
		colour, _, err := pick.Quantity(p, "sqnr", cut)
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
	fig.X.Log = wide(fig.Points, func(q chart.FrontPoint) float64 { return q.X })
	fig.Y.Log = wide(fig.Points, func(q chart.FrontPoint) float64 { return q.Y })
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
