// Package rooflines shows a network's ops under the roof of a design and its part: how much of each is work, how much
// is moved, and what rate that allows, as a table and as a plot.
package rooflines

import (
	"fmt"

	"vitdse/cmd/vitdse/chart"
	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// View is what is shown of a network under the roof of a design on a part: what is counted as moved, of so many images
// that share the weights, whether every block has rows of its own, and what the design's clock rests on.
type View struct {
	Model   configs.Model
	Design  configs.Design
	Part    configs.Part
	Traffic hwmodel.Traffic
	Batch   int
	All     bool
	Clock   string // of the design, MHz, as people read it
	Plot    string // file; "" for none
}

// Show prints the op table of a network under the roof of a design, and draws it where the view says so.
func Show(o *table.Output, engine hwmodel.Engine, v View) error {
	m, d, p := v.Model, v.Design, v.Part
	net, err := network.Compile(m)
	if err != nil {
		return err
	}
	matmuls, total, err := engine.Roofline(net, d, p, v.Traffic, v.Batch)
	if err != nil {
		return err
	}
	rows := opRows(net, matmuls)
	if !v.All {
		rows = fold(rows)
	}
	t := table.New("<op", "<kind", "<shape", "times", "MFLOP", "kB", "FLOP/B", "attainable GOP/s",
		"<bound", "ideal cycles")
	for _, r := range rows {
		t.Add(r.cells()...)
	}
	t.Add("total", "", "", "", number.Mega(total.FLOPs), number.Kilo(total.Bytes), fmt.Sprintf("%.1f", total.Intensity),
		fmt.Sprintf("%.1f", total.Attainable), total.Bound, number.Count(total.IdealCycles))
	o.Printf("model %s: %d tokens of %d channels, %d blocks, %d heads; %d ops\n",
		m.Name, m.Tokens(), m.Dim, len(net.Blocks), net.Blocks[0].Heads, len(net.Ops))
	e := d.Engine
	o.Printf("roof:  array %dx%dx%d, %d MACs a cycle at %s MHz: %.1f GOP/s; %s: %.1f GB/s\n\n",
		e.TM, e.TN, e.TK, e.MACs(), v.Clock, peak(d), p.Name, p.BandwidthGBs)
	if err := o.Show(t); err != nil {
		return err
	}
	o.Printf("Matmul shapes are rows x products x columns, with heads in front; the others rows x columns.\n")
	o.Printf("Traffic: %s, batch %d.\n", v.Traffic, v.Batch)
	price, err := engine.Price(net, d, p)
	if err != nil {
		return err
	}
	o.Printf("This engine, by the cycle model: %.4g GOP/s on the whole network, array %s %% busy; estimated: %s.\n",
		achieved(price), number.Percent(price.ArrayUse), number.Power(price.Power, price.Seconds))
	if v.Plot == "" {
		return nil
	}
	if err := draw(v, fold(rows), total, achieved(price)); err != nil {
		return err
	}
	o.Printf("plot: %s\n", v.Plot)
	return nil
}

// achieved is the rate of an engine on the whole network, GOP/s, padding not counted.
func achieved(e hwmodel.Estimate) float64 { return 2 * float64(e.MACs) * e.FPS / 1e9 }

// peak is the rate of an array that is always busy, GOP/s.
func peak(d configs.Design) float64 { return 2 * float64(d.Engine.MACs()) * d.ClockMHz / 1000 }

// draw draws the matmuls, those of all blocks as one, and the whole network.
func draw(v View, rows []opRow, total hwmodel.OpRoofline, gops float64) error {
	d := v.Design
	r := chart.Roof{
		Title: fmt.Sprintf("%s on %s: array %dx%dx%d at %s MHz, traffic: %s, batch %d",
			v.Model.Name, v.Part.Name, d.Engine.TM, d.Engine.TN, d.Engine.TK, v.Clock, v.Traffic, v.Batch),
		PeakGOPS: peak(d), BandwidthGBs: v.Part.BandwidthGBs,
		Measured: gops,
	}
	for _, row := range rows {
		if row.roof != nil {
			r.Ops = append(r.Ops, chart.RoofOp{Name: row.short, Intensity: row.roof.Intensity, GOPS: row.roof.Attainable,
				Weights: row.weights})
		}
	}
	r.Ops = append(r.Ops,
		chart.RoofOp{Name: "whole network", Intensity: total.Intensity, GOPS: total.Attainable, Total: true})
	fig, err := chart.Roofline(r)
	if err != nil {
		return err
	}
	return chart.Write(fig, v.Plot)
}
