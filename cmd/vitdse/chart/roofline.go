package chart

import (
	"cmp"
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
// rate that the roof allows.
type RoofOp struct {
	Name      string
	Intensity float64
	GOPS      float64
	Weights   bool // one operand is weights; otherwise both are activations
	Total     bool // the whole network
}

// roofHeight is the least range of intensities below the roof's ridge, as a factor.
const roofHeight = 200

// Roofline draws attainable GOP/s over operations a byte, both logarithmic. Ops that move
// nothing have no place on it and are left out.
//
// Ops of one network have nearly the same intensity, and lie on the flat part of the roof one
// on another. So the names of those that touch are one list, and lists hang below the roof on
// lines: the rightmost highest, every one to the right of its line, so that no line crosses a
// name.
func Roofline(r Roof) (*plot.Plot, error) {
	p := newPlot(r.Title, "arithmetic intensity, operations a byte", "attainable GOP/s")
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = decades{}, decades{}
	ridge := r.PeakGOPS / r.BandwidthGBs
	marks := cluster(r.Ops)
	lo, hi := ridge/roofHeight, ridge
	for _, m := range marks {
		lo, hi = math.Min(lo, m.ops[0].Intensity/3), math.Max(hi, m.ops[0].Intensity)
	}
	hi = math.Max(hi*40, ridge*60) // room for names
	p.X.Min, p.X.Max = lo, hi
	p.Y.Min, p.Y.Max = lo*r.BandwidthGBs, r.PeakGOPS*2
	grid(p)
	if _, err := line(p, black, vg.Points(1.6), nil, plotter.XY{X: lo, Y: lo * r.BandwidthGBs},
		plotter.XY{X: ridge, Y: r.PeakGOPS}, plotter.XY{X: hi, Y: r.PeakGOPS}); err != nil {
		return nil, err
	}
	row := math.Pow(p.Y.Max/p.Y.Min, 0.052) // the height of a line of text, as a factor
	top := r.PeakGOPS / row
	if r.Measured > 0 {
		if err := measured(p, r, lo, hi, row); err != nil {
			return nil, err
		}
		top = math.Min(top, r.Measured/row)
		if r.Measured > r.PeakGOPS/row/row {
			top /= row
		}
	}
	ceilings(p, r, lo, hi)
	for _, m := range marks {
		at, err := m.hang(p, top, row)
		if err != nil {
			return nil, err
		}
		top = at / row
	}
	return p, glyphs(p, r.Ops)
}

// measured draws the rate of the engine itself, named above the line, or below it where the
// roof is near.
func measured(p *plot.Plot, r Roof, lo, hi, row float64) error {
	if _, err := line(p, green, vg.Points(1.2), []vg.Length{vg.Points(5), vg.Points(3)}, plotter.XY{X: lo, Y: r.Measured},
		plotter.XY{X: hi, Y: r.Measured}); err != nil {
		return err
	}
	offset := vg.Point{Y: 2 * vg.Millimeter}
	if r.Measured > r.PeakGOPS/row/row {
		offset.Y = -offset.Y
	}
	p.Add(&note{plotter.XY{X: hi, Y: r.Measured}, fmt.Sprintf("this engine: %.4g GOP/s", r.Measured), green,
		text.XRight, offset})
	return nil
}

// ceilings names the two parts of the roof, the slope near its foot and the array at its end.
func ceilings(p *plot.Plot, r Roof, lo, hi float64) {
	slope := lo * math.Pow(r.PeakGOPS/r.BandwidthGBs/lo, 0.1)
	p.Add(&note{plotter.XY{X: slope, Y: slope * r.BandwidthGBs}, fmt.Sprintf("memory: %.4g GB/s", r.BandwidthGBs),
		black, text.XLeft,
		vg.Point{X: 2.5 * vg.Millimeter, Y: -1 * vg.Millimeter}},
		&note{plotter.XY{X: hi, Y: r.PeakGOPS}, fmt.Sprintf("array: %.4g GOP/s", r.PeakGOPS), black, text.XRight,
			vg.Point{Y: 2.2 * vg.Millimeter}})
}

// kind is the colour and shape of an op's mark.
func (op RoofOp) kind() (color.RGBA, draw.GlyphDrawer) {
	switch {
	case op.Total:
		return black, draw.BoxGlyph{}
	case op.Weights:
		return blue, draw.CircleGlyph{}
	}
	return red, draw.PyramidGlyph{}
}

// glyphs draws the ops' marks, the whole network's on top.
func glyphs(p *plot.Plot, ops []RoofOp) error {
	for _, total := range []bool{false, true} {
		for _, op := range ops {
			if op.Total != total || math.IsInf(op.Intensity, 0) {
				continue
			}
			s, err := plotter.NewScatter(plotter.XYs{{X: op.Intensity, Y: op.GOPS}})
			if err != nil {
				return err
			}
			c, shape := op.kind()
			s.GlyphStyle = draw.GlyphStyle{Color: c, Radius: vg.Points(3.4), Shape: shape}
			if total {
				s.GlyphStyle.Radius = vg.Points(2.4)
			}
			p.Add(s)
		}
	}
	return nil
}

// roofMark is ops whose marks touch; those of one name, of several blocks, are one, with the
// range of their intensities.
type roofMark struct {
	ops []opRange
}

type opRange struct {
	RoofOp         // the op of the highest intensity
	lo     float64 // the lowest intensity
}

func (s opRange) String() string {
	lo, hi := fmt.Sprintf("%.3g", s.lo), fmt.Sprintf("%.3g", s.Intensity)
	if lo == hi {
		return s.Name + ": " + hi
	}
	return s.Name + ": " + lo + " to " + hi
}

// touching is the ratio of two intensities below which marks touch.
const touching = 1.15

// cluster makes the marks, from the highest intensity down.
func cluster(ops []RoofOp) []roofMark {
	sorted := slices.DeleteFunc(slices.Clone(ops), func(op RoofOp) bool { return math.IsInf(op.Intensity, 0) })
	slices.SortStableFunc(sorted, func(a, b RoofOp) int { return cmp.Compare(b.Intensity, a.Intensity) })
	var marks []roofMark
	for _, op := range sorted {
		if n := len(marks); n == 0 || marks[n-1].ops[0].Intensity/op.Intensity >= touching {
			marks = append(marks, roofMark{})
		}
		m := &marks[len(marks)-1]
		if i := slices.IndexFunc(m.ops, func(o opRange) bool { return o.Name == op.Name }); i >= 0 {
			m.ops[i].lo = op.Intensity
			continue
		}
		m.ops = append(m.ops, opRange{op, op.Intensity})
	}
	return marks
}

// hang writes the names below the roof from a height on, and draws the line to them. It
// returns the height of the last one.
func (m roofMark) hang(p *plot.Plot, at, row float64) (float64, error) {
	x, roof := m.ops[0].Intensity, m.ops[0].GOPS
	gap := vg.Point{X: 1 * vg.Millimeter}
	if at >= roof { // on the slope: beside the mark
		at, gap.X = roof, 2.4*vg.Millimeter
	}
	for i, op := range m.ops {
		if i > 0 {
			at /= row
		}
		c, _ := op.kind()
		p.Add(&note{plotter.XY{X: x, Y: at}, op.String(), c, text.XLeft, gap})
	}
	if at < roof {
		if _, err := line(p, grey, vg.Points(0.6), nil, plotter.XY{X: x, Y: roof}, plotter.XY{X: x, Y: at}); err != nil {
			return 0, err
		}
	}
	return at, nil
}
