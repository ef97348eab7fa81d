package estimates

import (
	"fmt"
	"slices"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/page"
	"vitdse/configs"
	"vitdse/emit/synth"
	"vitdse/emit/timing"
)

// PageOf is a synthesis as a page has it.
func PageOf(r *synth.Report) page.Synthesis {
	all := synth.Total(r.Modules)
	return page.Synthesis{Design: configs.ShortHash(r.Hash), Tool: "Yosys", Clock: ClockOf(r),
		Counts: map[string]int{"lut": all.LUT, "ff": all.FF, "dsp": all.DSP, "bram18": all.BRAM18, "uram": all.URAM}}
}

// ClockOf is what a synthesis says of the clock: Vivado's word before that of place and route, and that
// before static timing of what is not placed. It is nil where nothing was timed.
func ClockOf(r *synth.Report) *page.Clock {
	bracket := func(low, high float64, evidence, path string) *page.Clock {
		l, h := page.Number(low), page.Number(high)
		return &page.Clock{MHz: l, LowMHz: &l, HighMHz: &h, Evidence: evidence, Path: path}
	}
	switch {
	case r.Vivado != nil:
		evidence := fmt.Sprintf("%s by %s for %s", r.Vivado.State, r.Vivado.Tool, r.Vivado.Device)
		return bracket(r.Vivado.MHz, r.Vivado.MHz, evidence, "")
	case len(r.Routes) > 0:
		by := func(a, b synth.Route) int { return int(a.MHz*1e3) - int(b.MHz*1e3) }
		low, high := slices.MinFunc(r.Routes, by), slices.MaxFunc(r.Routes, by)
		logic, wires := low.Split()
		evidence := fmt.Sprintf("placed and routed by nextpnr with %s", number.Plural(len(r.Routes), "seed"))
		return bracket(low.MHz, high.MHz, evidence,
			fmt.Sprintf("%.1f ns of logic, %.1f ns of routing", logic, wires))
	case r.Timing != nil:
		m := r.Timing.Models
		p := m[len(m)/2].Paths[0]
		const evidence = "static timing of Yosys' netlist at speed grade %s, not placed and routed (docs/CLOCK.md)"
		return bracket(m[len(m)-1].MHz(), m[0].MHz(), fmt.Sprintf(evidence, r.Timing.Grade), pathWords(p))
	}
	return nil
}

func pathWords(p timing.Path) string {
	return fmt.Sprintf("from %s (%s) to %s (%s), %.2f ns: %s, %s, %s", p.From, p.FromModule, p.To, p.ToModule, p.NS,
		number.Plural(p.LUTs, "LUT"), number.Plural(p.Carry, "carry"), number.Plural(p.Wires, "wire"))
}
