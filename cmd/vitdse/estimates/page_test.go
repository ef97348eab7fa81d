package estimates

import (
	"testing"

	"vitdse/emit/synth"
	"vitdse/emit/timing"
)

// Of what is known of a clock the best evidence counts: Vivado's, then place and route, then static timing.
func TestClockEvidence(t *testing.T) {
	path := timing.Path{From: "a", FromModule: "vit_a", To: "b", ToModule: "vit_b", NS: 4, LUTs: 3, Carry: 1, Wires: 4}
	model := func(ns float64) timing.Model { return timing.Model{PeriodNS: ns, Paths: []timing.Path{path}} }
	r := &synth.Report{}
	if ClockOf(r) != nil {
		t.Error("a clock without evidence")
	}
	for _, c := range []struct {
		name           string
		add            func()
		low, high      float64
		evidence, path string
	}{
		{"static", func() { r.Timing = &timing.Report{Grade: "2", Models: []timing.Model{model(2), model(4), model(5)}} },
			200, 500, "static timing of Yosys' netlist at speed grade 2, not placed and routed (docs/CLOCK.md)",
			"from a (vit_a) to b (vit_b), 4.00 ns: 3 LUTs, 1 carry, 4 wires"},
		{"routed", func() { r.Routes = []synth.Route{{MHz: 90}, {MHz: 85.5}, {MHz: 95}} },
			85.5, 95, "placed and routed by nextpnr with 3 seeds", "0.0 ns of logic, 0.0 ns of routing"},
		{"vivado", func() {
			r.Vivado = &timing.Routed{MHz: 210, State: "Routed", Tool: "Vivado 2024.1", Device: "xczu9eg-2"}
		},
			210, 210, "Routed by Vivado 2024.1 for xczu9eg-2", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.add()
			got := ClockOf(r)
			if float64(*got.LowMHz) != c.low || float64(*got.HighMHz) != c.high || got.MHz != *got.LowMHz ||
				got.Evidence != c.evidence || got.Path != c.path {
				t.Errorf("%g to %g MHz, %s, %s; expected %g to %g, %s, %s",
					*got.LowMHz, *got.HighMHz, got.Evidence, got.Path, c.low, c.high, c.evidence, c.path)
			}
		})
	}
}
