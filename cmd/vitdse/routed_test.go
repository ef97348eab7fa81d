package main

import (
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit/synth"
	"vitdse/golden/checkpoint"
	"vitdse/golden/quant"
)

// leastRoutedMHz is what nextpnr makes at least of the engine below: 15 % less than the 101.9 of today with seed 1
// (docs/CLOCK.md), as placements' luck is worth 5 %.
const leastRoutedMHz = 86

// A small engine, placed and routed on an ECP5, keeps its clock: a way through the control that became longer shows
// here.
func TestRoutedFloor(t *testing.T) {
	if testing.Short() {
		t.Skip("places and routes an engine, which takes minutes; run without -short")
	}
	t.Parallel()
	m := configs.Model{Name: "least", Family: configs.ViT, Image: network.ImageShape{Height: 8, Width: 8, Channels: 1},
		Patch: 4, Dim: 16, Depth: 1, Heads: 2, MLPRatio: 2, Classes: 4, LayerNormEps: 1e-6, Mean: []float64{0.5},
		Std: []float64{0.5}}
	d := configs.Design{Name: "least", Model: m.Name, Part: "lfe5u-85f", ClockMHz: 100, Numerics: configs.Uniform(m, 4, 4),
		Engine: configs.Engine{TM: 2, TN: 2, TK: 1, Multiplier: configs.MulDSP, BusBits: 32, ReadFIFO: 32, WeightBuffers: 2,
			Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}
	n := &trained{model: m, weights: checkpoint.Seeded(m, 1), train: quant.Synthetic(m, 2, 1)}
	of := synth.Measured{Model: m, Design: d}
	if err := synthesizeOne(t.Context(), n, &of, synth.Options{RouteOnly: true, Seeds: []int{1}}); err != nil {
		t.Fatal(err)
	}
	r := of.Routes[0]
	t.Logf("%s: %d cells, %.1f MHz; %.1f ns of logic and %.1f of routing from %s to %s", r.Router, r.Cells, r.MHz,
		r.LogicNS, r.WiresNS, r.From, r.To)
	if r.MHz < leastRoutedMHz {
		t.Errorf("%.1f MHz; expected at least %d", r.MHz, leastRoutedMHz)
	}
}
