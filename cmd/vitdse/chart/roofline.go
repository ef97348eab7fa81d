package chart

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Roof is what a roofline plot shows: ceilings and the ops under them.
type Roof struct {
	Title        string
	PeakGOPS     float64 // of the array
	BandwidthGBs float64 // of the part's memory
	Ops          []RoofOp
	Measured     float64 // GOP/s that the cycle model gives the whole network; 0: not shown
}

// RoofOp is one op, or several alike: its arithmetic intensity in operations a byte and the
// share of the network's operations.
type RoofOp struct {
	Name      string
	Intensity float64
	GOPS      float64 // that the roof allows
	Total     bool    // the whole network
}

// Roofline draws attainable GOP/s over operations a byte, both logarithmic. Ops that move
// nothing have no place on it and are left out.
func Roofline(r Roof) (*plot.Plot, error) {
	p := newPlot(r.Title, "arithmetic intensity, operations a byte", "GOP/s")
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = decades{}, decades{}
	ridge := r.PeakGOPS / r.BandwidthGBs
	lo, hi := ridge, ridge
	for _, op := range r.Ops {
		if !math.IsInf(op.Intensity, 0) {
			lo, hi = math.Min(lo, op.Intensity), math.Max(hi, op.Intensity)
		}
	}
	lo, hi = math.Min(lo/3, ridge/150), math.Max(hi*4, ridge*20)
	if r.Measured > 0 { // the legend is below this line
		lo = math.Min(lo, r.Measured/r.BandwidthGBs/60)
	}
	p.X.Min, p.X.Max = lo, hi
	p.Y.Min, p.Y.Max = lo*r.BandwidthGBs, r.PeakGOPS*2.2
	grid(p)
	if _, err := line(p, black, vg.Points(1.6), nil, plotter.XY{X: lo, Y: lo * r.BandwidthGBs}, plotter.XY{X: ridge, Y: r.PeakGOPS}, plotter.XY{X: hi, Y: r.PeakGOPS}); err != nil {
		return nil, err
	}
	if r.Measured > 0 {
		l, err := line(p, green, vg.Points(1.2), []vg.Length{vg.Points(5), vg.Points(3)}, plotter.XY{X: lo, Y: r.Measured}, plotter.XY{X: hi, Y: r.Measured})
		if err != nil {
			return nil, err
		}
		p.Legend.Add(fmt.Sprintf("this engine, whole network: %.0f GOP/s", r.Measured), l)
	}
	if err := opPoints(p, r); err != nil {
		return nil, err
	}
	p.Legend.Left, p.Legend.Top = false, false
	p.Legend.YOffs = 2 * vg.Millimeter
	p.Legend.XOffs = -17 * vg.Millimeter
	return p, ceilings(p, r, lo)
}

// ceilings labels the two parts of the roof.
func ceilings(p *plot.Plot, r Roof, lo float64) error {
	ridge := r.PeakGOPS / r.BandwidthGBs
	slope := lo * math.Pow(ridge/lo, 0.12)
	labels, err := plotter.NewLabels(plotter.XYLabels{
		XYs:    plotter.XYs{{X: slope, Y: slope * r.BandwidthGBs}, {X: ridge, Y: r.PeakGOPS}},
		Labels: []string{fmt.Sprintf("memory: %.1f GB/s", r.BandwidthGBs), fmt.Sprintf("array: %.0f GOP/s", r.PeakGOPS)},
	})
	if err != nil {
		return err
	}
	style(labels, black)
	labels.TextStyle[0].XAlign, labels.TextStyle[0].YAlign = text.XLeft, text.YTop
	labels.TextStyle[1].XAlign, labels.TextStyle[1].YAlign = text.XLeft, text.YBottom
	labels.Offset = vg.Point{X: 1.5 * vg.Millimeter, Y: 2.2 * vg.Millimeter}
	p.Add(labels)
	return nil
}

// opPoints draws the ops, each with its number, and lists the names beside them in the
// legend: names at the points themselves would lie on one another, since ops have nearly the
// same intensity.
func opPoints(p *plot.Plot, r Roof) error {
	ops := slices.Clone(r.Ops)
	slices.SortStableFunc(ops, func(a, b RoofOp) int {
		if a.Total != b.Total {
			if a.Total {
				return 1
			}
			return -1
		}
		return 0
	})
	shapes := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.BoxGlyph{}, draw.PlusGlyph{}, draw.CrossGlyph{}}
	palette := []color.RGBA{blue, orange, red, purple}
	n := 0
	for _, op := range ops {
		if math.IsInf(op.Intensity, 0) {
			continue
		}
		s, err := plotter.NewScatter(plotter.XYs{{X: op.Intensity, Y: op.GOPS}})
		if err != nil {
			return err
		}
		s.GlyphStyle = draw.GlyphStyle{Color: palette[n%len(palette)], Radius: vg.Points(3.6), Shape: shapes[n%len(shapes)]}
		if op.Total {
			s.GlyphStyle = draw.GlyphStyle{Color: black, Radius: vg.Points(5), Shape: draw.CrossGlyph{}}
		}
		p.Add(s)
		p.Legend.Add(fmt.Sprintf("%s: %.0f OP/byte", op.Name, op.Intensity), s)
		n++
	}
	return nil
}
