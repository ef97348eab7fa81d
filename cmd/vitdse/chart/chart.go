// Package chart draws the tool's figures with gonum/plot, as SVG or PNG: the same bytes for
// the same data.
package chart

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"vitdse/configs"
)

// Colours that people who do not tell red from green can tell apart (Okabe and Ito, 2008).
var (
	blue  = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	green = color.RGBA{0x00, 0x9e, 0x73, 0xff}
	red   = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
	grey  = color.RGBA{0x99, 0x99, 0x99, 0xff}
	faint = color.RGBA{0xdd, 0xdd, 0xdd, 0xff}
	black = color.RGBA{0x22, 0x22, 0x22, 0xff}
)

const (
	width  = 16 * vg.Centimeter
	height = 10 * vg.Centimeter
	dpi    = 200
)

// newPlot is an empty figure in the style of them all.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	sans := font.Font{Typeface: "Liberation", Variant: "Sans"}
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.TextStyle.Font, p.Title.TextStyle.Font.Size = sans, 11
	p.Title.Padding = 3 * vg.Millimeter
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font, a.Label.TextStyle.Font.Size = sans, 10
		a.Tick.Label.Font, a.Tick.Label.Font.Size = sans, 9
		a.Label.TextStyle.Color, a.Tick.Label.Color, a.LineStyle.Color, a.Tick.LineStyle.Color = black, black, black, black
		a.Label.Padding = 1.5 * vg.Millimeter
		a.Padding = 0
	}
	p.Legend.TextStyle.Font, p.Legend.TextStyle.Font.Size = sans, 9
	p.Legend.Padding = 1 * vg.Millimeter
	p.Legend.ThumbnailWidth = 5 * vg.Millimeter
	return p
}

// Write draws the figure to a file, SVG or PNG by its name, whole or not at all.
func Write(p *plot.Plot, path string) error {
	data, err := encode(p, strings.ToLower(filepath.Ext(path)))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return configs.WriteFile(path, data)
}

// CheckName says whether a file's name is of a kind that Write can draw.
func CheckName(path string) error {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".svg", ".png":
		return nil
	}
	return fmt.Errorf("plot file is %q; expected a name that ends in .svg or .png", path)
}

func encode(p *plot.Plot, ext string) ([]byte, error) {
	var buf bytes.Buffer
	switch ext {
	case ".svg":
		c := vgsvg.New(width, height)
		drawPlot(p, margin(draw.New(c)))
		if _, err := c.WriteTo(&buf); err != nil {
			return nil, err
		}
	case ".png":
		c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))}
		drawPlot(p, margin(draw.New(c)))
		if _, err := c.WriteTo(&buf); err != nil {
			return nil, err
		}
	default:
		return nil, CheckName("x" + ext)
	}
	return buf.Bytes(), nil
}

// drawPlot draws the figure with the axes' names in their middles. Drawn by gonum/plot they
// take room at the far end of a logarithmic axis: it keeps it for a name at the middle of the
// values, which is not the middle of such an axis.
func drawPlot(p *plot.Plot, c draw.Canvas) {
	x, y := p.X.Label, p.Y.Label
	p.X.Label.Text, p.Y.Label.Text = "", ""
	defer func() { p.X.Label, p.Y.Label = x, y }()
	x.TextStyle.XAlign, x.TextStyle.YAlign = text.XCenter, text.YBottom
	y.TextStyle.XAlign, y.TextStyle.YAlign, y.TextStyle.Rotation = text.XCenter, text.YTop, math.Pi/2
	inner := draw.Crop(c, y.TextStyle.Height(y.Text)+y.Padding, 0, x.TextStyle.Height(x.Text)+x.Padding, 0)
	p.Draw(inner)
	data := p.DataCanvas(inner)
	c.FillText(x.TextStyle, vg.Point{X: (data.Min.X + data.Max.X) / 2, Y: c.Min.Y}, x.Text)
	c.FillText(y.TextStyle, vg.Point{X: c.Min.X, Y: (data.Min.Y + data.Max.Y) / 2}, y.Text)
}

// margin keeps the figure off the edge.
func margin(c draw.Canvas) draw.Canvas {
	return draw.Crop(c, 3*vg.Millimeter, -5*vg.Millimeter, 3*vg.Millimeter, -3*vg.Millimeter)
}

// decades are the ticks of a logarithmic axis: every power of ten, and 2 and 5 between where
// the axis is short; SI prefixes are left to the axis' unit.
type decades struct{}

func (decades) Ticks(lo, hi float64) []plot.Tick {
	var ticks []plot.Tick
	short := math.Log10(hi/lo) < 2.2
	for e := math.Floor(math.Log10(lo)); e <= math.Ceil(math.Log10(hi)); e++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow(10, e)
			if v < lo*0.999999 || v > hi*1.000001 {
				continue
			}
			label := ""
			if m == 1 || short && (m == 2 || m == 5) {
				label = number(v)
			}
			ticks = append(ticks, plot.Tick{Value: v, Label: label})
		}
	}
	return ticks
}

// number prints a tick without needless digits.
func number(v float64) string {
	if v >= 1e6 || v < 1e-3 {
		return fmt.Sprintf("%.3g", v)
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", v), "0"), ".")
}

// grid adds faint lines at the labelled ticks.
func grid(p *plot.Plot) {
	g := plotter.NewGrid()
	g.Horizontal.Color, g.Vertical.Color = faint, faint
	g.Horizontal.Width, g.Vertical.Width = vg.Points(0.4), vg.Points(0.4)
	p.Add(g)
}

// line adds a line in a colour; dashes nil for a whole one.
func line(p *plot.Plot, c color.Color, w vg.Length, dashes []vg.Length, xys ...plotter.XY) (*plotter.Line, error) {
	l, err := plotter.NewLine(plotter.XYs(xys))
	if err != nil {
		return nil, err
	}
	l.Color, l.Width, l.Dashes = c, w, dashes
	p.Add(l)
	return l, nil
}
