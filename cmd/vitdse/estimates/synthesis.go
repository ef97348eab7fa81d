package estimates

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/emit/synth"
	"vitdse/emit/timing"
	"vitdse/hwmodel"
)

// Synthesis prints estimate against synthesis, then place and route.
func Synthesis(o *table.Output, engine hwmodel.Engine, r *synth.Report, s hwmodel.Machine, d configs.Design,
	part configs.Part) error {
	from := ""
	if r.Cached {
		from = ", the counts of an earlier run"
	}
	o.Printf("design %s on %s: estimate / Yosys%s\n", configs.ShortHash(r.Hash), part.Name, from)
	if err := modules(o, r, s, part, true); err != nil {
		return err
	}
	switch v := r.Vivado; {
	case v != nil:
		o.Printf("\nclock: %.1f MHz, %s by %s for %s: %g ns asked for, worst slack %g ns\n",
			v.MHz, strings.ToLower(v.State), v.Tool, v.Device, v.PeriodNS, v.SlackNS)
	case r.Timing == nil && len(r.Routes) == 0:
		o.Printf("\nclock: %g MHz, assumed: nothing here times family %s without place and route\n",
			d.ClockMHz, part.Family)
	}
	if r.Timing != nil && r.Vivado == nil {
		if err := longestPaths(o, r.Timing); err != nil {
			return err
		}
	}
	if m, err := hwmodel.NewClockModel(engine, part); err == nil && m != nil && r.Vivado == nil {
		c := m.Timing(d.Engine)
		o.Printf("clock model: %.0f, %.0f, %.0f MHz, %s\n", c.Kind, c.MHz, c.Harsh, c.Evidence)
	}
	for _, route := range r.Routes {
		logic, wires := route.Split()
		o.Printf("seed %d: placed and routed, %.1f MHz (%.0f asked for); "+
			"the critical path is %.1f ns of logic and %.1f ns of routing\n",
			route.Seed, route.MHz, route.AskedMHz, logic, wires)
	}
	if r.Bitfile != "" {
		o.Printf("bitstream: %s\n", r.Bitfile)
	}
	return nil
}

// modules prints what every module takes, and the whole design.
func modules(o *table.Output, r *synth.Report, s hwmodel.Machine, part configs.Part, whole bool) error {
	t := table.New("<module", "LUT", "FF", "DSP", "BRAM 18Kb", "URAM", "LUT off by %")
	pair := func(estimate, mapped int) string { return number.Count(estimate) + " / " + number.Count(mapped) }
	row := func(name string, e, m hwmodel.Resources) {
		off := "-"
		if m.LUT > 0 {
			off = fmt.Sprintf("%+.1f", 100*(float64(e.LUT)/float64(m.LUT)-1))
		}
		t.Add(name, pair(e.LUT, m.LUT), pair(e.FF, m.FF), pair(e.DSP, m.DSP), pair(e.BRAM18, m.BRAM18),
			pair(e.URAM, m.URAM), off)
	}
	by, mapped := synth.Estimates(s, part), synth.ByName(r.Modules)
	for _, name := range slices.Sorted(maps.Keys(mapped)) {
		row(name, by[name], mapped[name])
	}
	if whole {
		row("total", s.Resources(part), synth.Total(r.Modules))
	}
	return o.Show(t)
}

// Module prints what a module takes that was mapped by itself, and its longest paths.
func Module(o *table.Output, module string, r *synth.Report, s hwmodel.Machine, part configs.Part) error {
	o.Printf("%s of design %s on %s by itself: estimate / Yosys\n", module, configs.ShortHash(r.Hash), part.Name)
	if err := modules(o, r, s, part, false); err != nil || r.Timing == nil {
		return err
	}
	return longestPaths(o, r.Timing)
}

// longestPaths prints the bracket of the clock, and the longest paths of the middle model.
func longestPaths(o *table.Output, r *timing.Report) error {
	bracket := make([]string, len(r.Models))
	for i, m := range r.Models {
		bracket[i] = fmt.Sprintf("%.0f MHz with %s wires", m.MHz(), m.Name)
	}
	o.Printf("\nclock of %s, speed grade %s: %s; "+
		"static timing of Yosys' netlist, not placed and routed (docs/CLOCK.md)\n",
		r.Part, r.Grade, strings.Join(bracket, ", "))
	t := table.New("ns", "logic ns", "LUTs", "carries", "DSPs", "memories", "wires", "<from", "<at", "<to", "<at")
	for _, p := range r.Models[1].Paths {
		t.Add(fmt.Sprintf("%.2f", p.NS), fmt.Sprintf("%.2f", p.LogicNS), number.Count(p.LUTs), number.Count(p.Carry),
			number.Count(p.DSPs), number.Count(p.Memories), number.Count(p.Wires),
			p.From, p.FromModule+" "+p.FromSource, p.To, p.ToModule+" "+p.ToSource)
	}
	return o.Show(t)
}

// Alone prints how fast each module is by itself, and which is the slowest.
func Alone(o *table.Output, list []synth.Lone) error {
	t := table.New("<module", "MHz", "logic ns", "routing ns", "cells")
	least := synth.Lone{Route: synth.Route{MHz: math.Inf(1)}}
	for _, l := range list {
		if !l.Fits {
			t.Add(l.Module, "too large", "-", "-", "-")
			continue
		}
		logic, wires := l.Route.Split()
		t.Add(l.Module, fmt.Sprintf("%.1f", l.Route.MHz), fmt.Sprintf("%.1f", logic), fmt.Sprintf("%.1f", wires),
			number.Count(l.Route.Cells()))
		if l.Route.MHz < least.Route.MHz {
			least = l
		}
	}
	if err := o.Show(t); err != nil {
		return err
	}
	o.Printf("Each module by itself, between registers; cells include these. The slowest is %s, %.1f MHz: "+
		"more than that an engine reaches by luck of its placement only.\n", least.Module, least.Route.MHz)
	return nil
}
