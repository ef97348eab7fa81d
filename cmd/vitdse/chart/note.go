package chart

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// note is a text beside a point, its middle at the point's height. Unlike plotter.Labels it
// takes no room from the axes: the axes' ranges must leave it.
type note struct {
	at     plotter.XY
	words  string
	color  color.Color
	align  text.XAlignment
	offset vg.Point
}

// Plot draws the text.
func (n *note) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := text.Style{Color: n.color, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: 9},
		XAlign: n.align, YAlign: text.YCenter, Handler: p.TextHandler}
	c.FillText(style, vg.Point{X: x(n.at.X) + n.offset.X, Y: y(n.at.Y) + n.offset.Y}, n.words)
}
