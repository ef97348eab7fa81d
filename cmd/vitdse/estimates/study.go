// Package estimates says how far the model's estimates are off what synthesis counted, static timing found, and papers
// published.
package estimates

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit/synth"
	"vitdse/hwmodel"
)

// compared is a design of a study: the model's estimate beside what synthesis made of it.
type compared struct {
	synth.Measured
	family    configs.Fabric
	by        map[string]hwmodel.Resources // estimate by module
	estimate  hwmodel.Resources
	mapped    hwmodel.Resources
	net       *network.Network
	hardWrong []string // modules whose DSPs, block RAM or UltraRAM are not exact
}

func compareStudy(engine hwmodel.Engine, file string) ([]compared, error) {
	list, err := synth.Study(file)
	if err != nil {
		return nil, err
	}
	var out []compared
	for _, m := range list {
		if len(m.Modules) == 0 {
			continue // of the clock
		}
		part, err := configs.LoadPart(m.Design.Part)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		net, err := network.Compile(m.Model)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		shape, err := engine.Machine(net, m.Design)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		c := compared{Measured: m, net: net, family: part.Family,
			by: synth.Estimates(shape, part)}
		if !m.Control {
			c.estimate = shape.Resources(part)
		}
		for _, name := range slices.Sorted(maps.Keys(m.Modules)) {
			y, e := m.Modules[name], c.by[name]
			c.mapped = c.mapped.Add(y)
			if m.Control {
				c.estimate = c.estimate.Add(e)
			}
			if e.DSP != y.DSP || e.BRAM18 != y.BRAM18 || e.URAM != y.URAM {
				c.hardWrong = append(c.hardWrong,
					fmt.Sprintf("%s: %d/%d/%d for %d/%d/%d", name, e.DSP, e.BRAM18, e.URAM, y.DSP, y.BRAM18, y.URAM))
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// spread is the error of a count over some designs.
type spread struct {
	n           int
	mean, worst float64
}

func (s *spread) see(got, want int) {
	e := math.Abs(float64(got-want)) / math.Max(1, float64(want))
	s.n++
	s.mean += (e - s.mean) / float64(s.n)
	s.worst = math.Max(s.worst, e)
}

// cells are the mean error and the worst, in percent.
func (s *spread) cells() []string { return []string{number.Percent(s.mean), number.Percent(s.worst)} }

// Study prints how far an engine's model is off the designs of a study's file, and gives all of it as Markdown, with a
// table of all designs.
func Study(o *table.Output, engine hwmodel.Engine, file string) (string, error) {
	designs, err := compareStudy(engine, file)
	if err != nil {
		return "", err
	}
	t := table.New("<family", "<designs", "number", "LUT off by %", "worst", "FF off by %",
		"worst", "DSP, BRAM, URAM exact")
	modules := table.New("<family", "<module", "designs", "LUT off by %", "worst", "FF off by %", "worst",
		"share of LUT %")
	for _, family := range []configs.Fabric{configs.XC7, configs.XCUP, configs.ECP5} {
		for _, heldOut := range []bool{false, true} {
			var lut, ff spread
			exact := 0
			for _, c := range designs {
				if c.family != family || c.HeldOut != heldOut {
					continue
				}
				lut.see(c.estimate.LUT, c.mapped.LUT)
				ff.see(c.estimate.FF, c.mapped.FF)
				if len(c.hardWrong) == 0 {
					exact++
				}
			}
			if lut.n > 0 {
				t.Add(slices.Concat([]string{string(family), heldName(heldOut), number.Count(lut.n)}, lut.cells(), ff.cells(),
					[]string{fmt.Sprintf("%d of %d", exact, lut.n)})...)
			}
		}
		moduleSpread(modules, designs, family)
	}
	if err := o.Show(t); err != nil {
		return "", err
	}
	o.Printf("\nby module, held-out designs:\n")
	if err := o.Show(modules); err != nil {
		return "", err
	}
	for _, c := range designs {
		for _, wrong := range c.hardWrong {
			o.Printf("%s on %s, DSP/BRAM/URAM of %s\n", c.Design.Name, c.Design.Part, wrong)
		}
	}
	return t.Markdown() + "\n" + modules.Markdown() + "\n" + designTable(designs).Markdown(), nil
}

func heldName(heldOut bool) string {
	if heldOut {
		return "held out"
	}
	return "fitted to"
}

// moduleSpread adds a row for every module of the held-out designs of a family.
func moduleSpread(t *table.Table, designs []compared, family configs.Fabric) {
	luts, ffs, share := map[string]*spread{}, map[string]*spread{}, map[string]float64{}
	n := 0.0
	for _, c := range designs {
		if c.family != family || !c.HeldOut {
			continue
		}
		n++
		for name, y := range c.Modules {
			if luts[name] == nil {
				luts[name], ffs[name] = &spread{}, &spread{}
			}
			luts[name].see(c.by[name].LUT, y.LUT)
			ffs[name].see(c.by[name].FF, y.FF)
			share[name] += float64(y.LUT) / float64(c.mapped.LUT)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(luts)) {
		l, f := luts[name], ffs[name]
		t.Add(slices.Concat([]string{string(family), name, number.Count(l.n)}, l.cells(), f.cells(),
			[]string{number.Percent(share[name] / n)})...)
	}
}

// designTable is a row for every design.
func designTable(designs []compared) *table.Table {
	t := table.New("<part", "<array", "<bits w/a", "<multiplier, bus, buffers", "LUT", "off by %", "FF", "off by %",
		"DSP", "BRAM18", "URAM", "<")
	for _, c := range designs {
		e := c.Design.Engine
		off := func(got, want int) string {
			return fmt.Sprintf("%+.1f", 100*(float64(got)/math.Max(1, float64(want))-1))
		}
		hard := func(got, want int) string {
			if got == want {
				return number.Count(want)
			}
			return fmt.Sprintf("%d for %d", got, want)
		}
		note := ""
		if c.HeldOut {
			note = "held out"
		}
		buffers := fmt.Sprintf("%s %s %s %s %s", e.Multiplier, number.Count(e.BusBits), e.Activations, e.Weights, e.Residual)
		t.Add(c.Design.Part, fmt.Sprintf("%dx%dx%d", e.TM, e.TN, e.TK), bitsText(c.net, c.Design.Numerics), buffers,
			number.Count(c.mapped.LUT), off(c.estimate.LUT, c.mapped.LUT),
			number.Count(c.mapped.FF), off(c.estimate.FF, c.mapped.FF), hard(c.estimate.DSP, c.mapped.DSP),
			hard(c.estimate.BRAM18, c.mapped.BRAM18), hard(c.estimate.URAM, c.mapped.URAM), note)
	}
	return t
}

// bitsText is the range of weight and activation bits of the blocks.
func bitsText(net *network.Network, n configs.Numerics) string {
	loW, hiW, loA, hiA := 8, 2, 8, 2
	for _, l := range n.Layers {
		if of, _ := net.Layer(l.Name); of.Edge {
			continue
		}
		loA, hiA = min(loA, l.Activations), max(hiA, l.Activations)
		if l.Weights > 0 {
			loW, hiW = min(loW, l.Weights), max(hiW, l.Weights)
		}
	}
	span := func(lo, hi int) string {
		if lo == hi {
			return fmt.Sprint(lo)
		}
		return fmt.Sprintf("%d-%d", lo, hi)
	}
	return span(loW, hiW) + "/" + span(loA, hiA)
}
