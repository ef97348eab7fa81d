package timing

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"vitdse/configs"
)

// Report is the clock that a mapped netlist supports, by each model of the wires.
type Report struct {
	Part, Grade string
	Models      []Model // kind, middle, harsh
}

// Model is the result with one model of the wires.
type Model struct {
	Name     string
	PeriodNS float64 // of the longest path
	Paths    []Path  // the longest first, one for each pair of registers

	Ends map[string]float64 // the longest path, in ns, that ends in a module
}

// MHz is the highest clock.
func (m Model) MHz() float64 { return 1000 / m.PeriodNS }

// Path is a way from a register to a register.
type Path struct {
	From, To         string // names of the signals, by instance; a vector counts once
	FromSource       string // file:line of the registers
	ToSource         string
	FromModule       string
	ToModule         string
	NS, LogicNS      float64 // in all, and in primitives; the rest is wires
	LUTs, Carry      int     // levels: LUTs, carry chains
	DSPs, Memories   int     // products and memories that are passed through or started from
	Muxes, Wires     int     // wide multiplexers, routed nets
	InsidePrimitives bool    // the shortest period of a DSP itself
}

// paths is how many are kept of each model.
const paths = 10

// Analyze reads Yosys' write_json of a mapped design and times the way between its registers. The clock
// network is ideal: no skew, no jitter. Ports are not timed: AXI wants registers on both sides of them.
func Analyze(r io.Reader, top string, part configs.Part) (*Report, error) {
	d, speed, share, err := grade(part)
	if err != nil {
		return nil, err
	}
	net, err := read(r, top)
	if err != nil {
		return nil, err
	}
	g, err := meaning(net, d)
	if err != nil {
		return nil, err
	}
	order, err := g.order()
	if err != nil {
		return nil, err
	}
	rep := &Report{Part: part.Name, Grade: "-" + speed}
	for _, w := range d.wires {
		rep.Models = append(rep.Models, g.longest(order, w, share))
	}
	return rep, nil
}

// order sorts the arcs so that each comes after those that drive its inputs.
func (g *graph) order() ([]int, error) {
	pending := make([]int, g.net.bits) // arcs that still have to say when a bit moves
	readers := make([][]int32, g.net.bits)
	for k := range g.arcs {
		for _, b := range g.arcs[k].outs {
			pending[b]++
		}
	}
	missing := make([]int, len(g.arcs))
	var order []int
	for k, a := range g.arcs {
		for _, b := range a.ins {
			if b > 1 && pending[b] > 0 {
				missing[k]++
				readers[b] = append(readers[b], int32(k))
			}
		}
		if missing[k] == 0 {
			order = append(order, k)
		}
	}
	for at := 0; at < len(order); at++ {
		for _, b := range g.arcs[order[at]].outs {
			if pending[b]--; pending[b] > 0 {
				continue
			}
			for _, k := range readers[b] {
				if missing[k]--; missing[k] == 0 {
					order = append(order, int(k))
				}
			}
		}
	}
	for k := range g.arcs {
		if missing[k] > 0 {
			return nil, fmt.Errorf("yosys netlist: %s is in a loop without a register", g.net.cells[g.arcs[k].cell].path)
		}
	}
	return order, nil
}

// moment is when a bit moves at the latest, and through what.
type moment struct {
	at   float64
	arc  int // -1: start
	from int // bit before the arc, or the start's number
}

// longest is the result with one model of the wires; delays are multiplied by share.
func (g *graph) longest(order []int, w Wire, share float64) Model {
	moments := make([]moment, g.net.bits)
	for i := range moments {
		moments[i].at = -1
	}
	for i, s := range g.starts {
		if m := &moments[s.bit]; s.delay > m.at {
			*m = moment{s.delay, -1, i}
		}
	}
	for _, k := range order {
		a := &g.arcs[k]
		last, from := -1.0, -1
		for j, b := range a.ins {
			if b < 2 || moments[b].at < 0 {
				continue
			}
			t := moments[b].at
			if a.near == nil || !a.near[j] {
				t += w.Net(g.fanOut[b])
			}
			if t > last {
				last, from = t, b
			}
		}
		if from < 0 {
			continue
		}
		for _, b := range a.outs {
			if t := last + a.delay; b > 1 && t > moments[b].at {
				moments[b] = moment{t, k, from}
			}
		}
	}
	type arrival struct {
		ns float64
		e  end
	}
	var all []arrival
	for _, e := range g.ends {
		if m := moments[e.bit]; m.at >= 0 {
			ns := m.at + e.setup
			if !e.near {
				ns += w.Net(g.fanOut[e.bit])
			}
			all = append(all, arrival{ns, e})
		}
	}
	for _, e := range g.inside {
		all = append(all, arrival{e.setup, e})
	}
	slices.SortStableFunc(all, func(a, b arrival) int {
		switch {
		case a.ns > b.ns:
			return -1
		case a.ns < b.ns:
			return 1
		}
		return 0
	})
	model := Model{Name: w.Name, Ends: map[string]float64{}}
	for _, a := range all {
		if at := &g.net.cells[a.e.cell]; model.Ends[at.module] == 0 {
			model.Ends[at.module] = a.ns * share
		}
	}
	if len(all) > 0 {
		model.PeriodNS = all[0].ns * share
	}
	seen := map[string]bool{}
	for _, a := range all {
		p := g.trace(a.e, moments, w)
		key := p.From + " " + p.To
		if seen[key] {
			continue
		}
		seen[key] = true
		p.NS, p.LogicNS = a.ns*share, p.LogicNS*share
		if model.Paths = append(model.Paths, p); len(model.Paths) == paths {
			break
		}
	}
	return model
}

// trace walks a path back from its end.
func (g *graph) trace(e end, moments []moment, w Wire) Path {
	last := &g.net.cells[e.cell]
	p := Path{ToModule: last.module}
	p.To, p.ToSource = g.name(last)
	if e.bit == 0 {
		p.From, p.FromSource, p.FromModule, p.LogicNS, p.InsidePrimitives, p.DSPs = p.To, p.ToSource,
			last.module, e.setup, true, 1
		return p
	}
	p.LogicNS = e.setup
	if !e.near {
		p.Wires++
	}
	bit, chain := e.bit, false
	for {
		m := moments[bit]
		if m.arc < 0 {
			s := g.starts[m.from]
			first := &g.net.cells[s.cell]
			p.From, p.FromSource = g.name(first)
			p.FromModule = first.module
			p.LogicNS += s.delay
			p.count(s.step, false)
			return p
		}
		a := &g.arcs[m.arc]
		p.LogicNS += a.delay
		p.count(a.step, chain)
		chain = a.step == stepCarry
		if at := slices.Index(a.ins, m.from); a.near == nil || !a.near[at] {
			p.Wires++
			chain = false
		}
		bit = m.from
	}
}

// count adds a step; the cells of a carry chain are one.
func (p *Path) count(s step, chain bool) {
	switch {
	case s == stepLUT:
		p.LUTs++
	case s == stepCarry && !chain:
		p.Carry++
	case s == stepMux:
		p.Muxes++
	case s == stepDSP:
		p.DSPs++
	case s == stepMemory:
		p.Memories++
	}
}

// name is what people call a register, and where: the signal it drives and its declaration, or the cell's
// path where that has none.
func (g *graph) name(c *cell) (name, src string) {
	for _, b := range c.outputs() {
		if l := g.net.names[b]; b > 1 && l.name != "" {
			return strings.TrimRight(strings.TrimRight(l.name, "0123456789]"), "["), cmp.Or(l.src, c.src)
		}
	}
	path, _, _ := strings.Cut(c.path, ".$")
	return path, c.src
}
