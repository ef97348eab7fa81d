package chart

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func rgba(r, g, b uint8) color.RGBA { return color.RGBA{r, g, b, 0xff} }

// style sets the font and colour of labels.
func style(l *plotter.Labels, c color.Color) {
	for i := range l.TextStyle {
		l.TextStyle[i].Font.Typeface, l.TextStyle[i].Font.Variant, l.TextStyle[i].Font.Size = "Liberation", "Sans", 9
		l.TextStyle[i].Color = c
	}
}

// Axis is one quantity of a front plot.
type Axis struct {
	Label string // with its unit
	Log   bool
}

// Front is what a front plot shows.
type Front struct {
	Title  string
	X, Y   Axis
	Colour string // what the colour says, with its unit; "" if nothing
	Points []FrontPoint
}

// FrontPoint is one point of a front.
type FrontPoint struct {
	X, Y, Colour float64
	Group        string // points of a group have a mark of their own
	Picked       string // if not "", the point is ringed and this is written beside it
}

// viridis is a part of the colour map of that name, which reads the same in grey.
var viridis = []color.RGBA{rgba(0x44, 0x01, 0x54), rgba(0x3b, 0x52, 0x8b), rgba(0x21, 0x91, 0x8c),
	rgba(0x5e, 0xc9, 0x62), rgba(0xd8, 0xc8, 0x20)}

// shade is the colour of a value between lo and hi.
func shade(v, lo, hi float64) color.RGBA {
	if !(hi > lo) {
		return viridis[2]
	}
	at := (v - lo) / (hi - lo) * float64(len(viridis)-1)
	i := min(int(at), len(viridis)-2)
	f := at - float64(i)
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + f*(float64(b)-float64(a)) + 0.5) }
	a, b := viridis[i], viridis[i+1]
	return rgba(mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B))
}

// FrontPlot draws a front: a mark for each group, the third quantity as colour, the picked
// point ringed.
func FrontPlot(f Front) (*plot.Plot, error) {
	p := newPlot(f.Title, f.X.Label, f.Y.Label)
	for _, a := range []struct {
		axis *plot.Axis
		of   Axis
	}{{&p.X, f.X}, {&p.Y, f.Y}} {
		if a.of.Log {
			a.axis.Scale, a.axis.Tick.Marker = plot.LogScale{}, decades{}
		}
	}
	grid(p)
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, q := range f.Points {
		lo, hi = math.Min(lo, q.Colour), math.Max(hi, q.Colour)
	}
	if err := groups(p, f, lo, hi); err != nil {
		return nil, err
	}
	if err := picked(p, f); err != nil {
		return nil, err
	}
	spread(p, f, legendRows(f))
	if f.Colour != "" && hi > lo {
		for i := range 3 {
			v := lo + (hi-lo)*float64(i)/2
			s, err := plotter.NewScatter(plotter.XYs{})
			if err == nil {
				s.GlyphStyle = draw.GlyphStyle{Color: shade(v, lo, hi), Radius: vg.Points(4), Shape: draw.BoxGlyph{}}
				p.Legend.Add(fmt.Sprintf("%s %.3g", f.Colour, v), fill{s.GlyphStyle})
			}
		}
	}
	p.Legend.Top = true
	p.Legend.XOffs, p.Legend.YOffs = -2*vg.Millimeter, -vg.Millimeter
	return p, nil
}

// fill is a legend's mark of a colour.
type fill struct{ draw.GlyphStyle }

// Thumbnail draws the mark.
func (f fill) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(f.Color, []vg.Point{{X: c.Min.X, Y: c.Min.Y}, {X: c.Max.X, Y: c.Min.Y}, {X: c.Max.X, Y: c.Max.Y},
		{X: c.Min.X, Y: c.Max.Y}})
}

// groups draws the points, group by group in the order of their first points.
func groups(p *plot.Plot, f Front, lo, hi float64) error {
	shapes := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.PyramidGlyph{},
		draw.CrossGlyph{}}
	var order []string
	by := map[string][]FrontPoint{}
	for _, q := range f.Points {
		if _, seen := by[q.Group]; !seen {
			order = append(order, q.Group)
		}
		by[q.Group] = append(by[q.Group], q)
	}
	for n, name := range order {
		var xys plotter.XYs
		for _, q := range by[name] {
			xys = append(xys, plotter.XY{X: q.X, Y: q.Y})
		}
		s, err := plotter.NewScatter(xys)
		if err != nil {
			return err
		}
		mark := draw.GlyphStyle{Color: blue, Radius: vg.Points(2.8), Shape: shapes[n%len(shapes)]}
		points := by[name]
		s.GlyphStyleFunc = func(i int) draw.GlyphStyle {
			g := mark
			if f.Colour != "" {
				g.Color = shade(points[i].Colour, lo, hi)
			}
			return g
		}
		p.Add(s)
		if name != "" && len(order) > 1 {
			mark.Color = black
			p.Legend.Add(name, &plotter.Scatter{GlyphStyle: mark})
		}
	}
	return nil
}

// picked rings the picked point and writes its name.
func picked(p *plot.Plot, f Front) error {
	for _, q := range f.Points {
		if q.Picked == "" {
			continue
		}
		s, err := plotter.NewScatter(plotter.XYs{{X: q.X, Y: q.Y}})
		if err != nil {
			return err
		}
		s.GlyphStyle = draw.GlyphStyle{Color: red, Radius: vg.Points(6.5), Shape: draw.RingGlyph{}}
		l, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: q.X, Y: q.Y}}, Labels: []string{q.Picked}})
		if err != nil {
			return err
		}
		style(l, red)
		l.TextStyle[0].XAlign, l.TextStyle[0].YAlign = text.XLeft, text.YBottom
		l.Offset = vg.Point{X: 2.2 * vg.Millimeter, Y: 1.2 * vg.Millimeter}
		p.Add(s, l)
	}
	return nil
}

// spread leaves room around the points, and more on the right for labels.
func spread(p *plot.Plot, f Front, entries int) {
	widen := func(a *plot.Axis, log bool, below, above float64) {
		if log {
			r := math.Max(a.Max/a.Min, 1.1)
			a.Min, a.Max = a.Min/math.Pow(r, below), a.Max*math.Pow(r, above)
			return
		}
		r := math.Max(a.Max-a.Min, 1e-9)
		a.Min, a.Max = a.Min-r*below, a.Max+r*above
	}
	widen(&p.X, f.X.Log, 0.05, 0.08)
	widen(&p.Y, f.Y.Log, 0.06, 0.12+0.055*float64(entries)) // the legend is above the points
}

// legendRows is how many rows the legend takes.
func legendRows(f Front) int {
	seen := map[string]bool{}
	for _, q := range f.Points {
		seen[q.Group] = true
	}
	rows := 0
	if len(seen) > 1 {
		rows = len(seen)
	}
	if f.Colour != "" {
		rows += 3
	}
	return rows
}
