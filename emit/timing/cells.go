package timing

import (
	"fmt"
	"strings"
)

// kind of a step that a path takes, for counting its levels.
type step int

const (
	stepNone step = iota
	stepLUT
	stepCarry
	stepMux
	stepDSP
	stepMemory
)

// arc is a way through a cell: every output moves delay after the last input.
type arc struct {
	cell  int
	ins   []int
	outs  []int
	near  []bool // of an input: next to the cell, no routed wire; nil for none
	delay float64
	step  step
}

// start is a bit that moves a while after the clock, end one that must be there before it.
type start struct {
	bit, cell int
	delay     float64
	step      step
}

type end struct {
	bit, cell int
	near      bool
	setup     float64
}

// graph is what the cells mean.
type graph struct {
	net    *netlist
	d      delays
	arcs   []arc
	starts []start
	ends   []end
	inside []end // shortest periods of the cells themselves, as the setup of bit 0
	driver []int // the cell that drives a bit, or -1
	fanOut []int
}

// meaning sorts out every cell, or names one that it does not know.
func meaning(net *netlist, d delays) (*graph, error) {
	g := &graph{net: net, d: d, driver: make([]int, net.bits), fanOut: make([]int, net.bits)}
	for i := range g.driver {
		g.driver[i] = -1
	}
	for i := range net.cells {
		for port, bits := range net.cells[i].ports {
			for _, b := range bits {
				if net.cells[i].drives[port] {
					g.driver[b] = i
				} else {
					g.fanOut[b]++
				}
			}
		}
	}
	for i := range net.cells {
		if err := g.cell(i); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *graph) cell(i int) error {
	c := &g.net.cells[i]
	switch kind := c.kind; {
	case strings.HasPrefix(kind, "LUT"):
		g.comb(i, c.inputs(""), c.ports["O"], g.d.lut, stepLUT, false)
	case kind == "INV" || kind == "BUFG" || kind == "IBUF" || kind == "OBUF":
		g.comb(i, c.ports["I"], c.ports["O"], 0, stepNone, true)
	case kind == "MUXF7", kind == "MUXF8", kind == "MUXF9":
		delay := g.d.mux8
		if kind == "MUXF7" {
			delay = g.d.mux7
		}
		g.comb(i, c.join("I0", "I1"), c.ports["O"], delay, stepMux, true)
		g.comb(i, c.ports["S"], c.ports["O"], delay, stepMux, false)
	case kind == "CARRY4", kind == "CARRY8":
		g.carry(i)
	case strings.HasPrefix(kind, "FD"):
		g.flipFlop(i)
	case strings.HasPrefix(kind, "SRL"):
		g.starting(i, c.join("Q", "Q15", "Q31"), g.d.shiftClock, stepMemory)
		g.comb(i, c.inputs("A"), c.ports["Q"], g.d.memAddress, stepLUT, false)
		g.ending(i, c.join("D", "CE"), g.d.memSetup)
	case strings.HasPrefix(kind, "RAMB"):
		g.block(i)
	case strings.HasPrefix(kind, "RAM"):
		g.lutMemory(i)
	case strings.HasPrefix(kind, "URAM"):
		g.starting(i, c.outputs(), g.d.ultraClock, stepMemory)
		g.ending(i, c.inputs("ADDR", "DIN", "BWE", "EN", "RDB"), g.d.ultraSetup)
	case strings.HasPrefix(kind, "DSP48"):
		g.dsp(i)
	case kind == "GND" || kind == "VCC":
	case c.black:
	default:
		return fmt.Errorf("yosys netlist: %s is a %s, of which no delays are known", c.path, kind)
	}
	return nil
}

// inputs are the bits of the input ports whose names start with one of the prefixes, clocks left out.
func (c *cell) inputs(prefixes ...string) []int {
	var bits []int
	for _, port := range sorted(c.ports) {
		clock := strings.HasSuffix(port, "CLK") || strings.HasSuffix(port, "CLKARDCLK") || port == "C" && c.kind[0] == 'F'
		for _, p := range prefixes {
			if !c.drives[port] && !clock && strings.HasPrefix(port, p) {
				bits = append(bits, c.ports[port]...)
				break
			}
		}
	}
	return bits
}

func (c *cell) outputs() []int {
	var bits []int
	for _, port := range sorted(c.ports) {
		if c.drives[port] {
			bits = append(bits, c.ports[port]...)
		}
	}
	return bits
}

func (c *cell) join(ports ...string) []int {
	var bits []int
	for _, p := range ports {
		bits = append(bits, c.ports[p]...)
	}
	return bits
}

func (g *graph) comb(i int, ins, outs []int, delay float64, s step, near bool) {
	a := arc{cell: i, ins: ins, outs: outs, delay: delay, step: s}
	if near {
		a.near = make([]bool, len(ins))
		for j := range a.near {
			a.near[j] = true
		}
	}
	g.arcs = append(g.arcs, a)
}

func (g *graph) starting(i int, bits []int, delay float64, s step) {
	for _, b := range bits {
		g.starts = append(g.starts, start{b, i, delay, s})
	}
}

func (g *graph) ending(i int, bits []int, setup float64) {
	for _, b := range bits {
		if b > 1 {
			g.ends = append(g.ends, end{bit: b, cell: i, setup: setup})
		}
	}
}

// alone says whether a bit comes from logic that goes nowhere else, which is placed in the same slice.
func (g *graph) alone(bit int) bool {
	if bit < 2 || g.driver[bit] < 0 || g.fanOut[bit] > 1 {
		return false
	}
	kind := g.net.cells[g.driver[bit]].kind
	return strings.HasPrefix(kind, "LUT") || strings.HasPrefix(kind, "CARRY") || strings.HasPrefix(kind, "MUXF")
}

func (g *graph) flipFlop(i int) {
	c := &g.net.cells[i]
	g.starting(i, c.ports["Q"], g.d.clockToQ, stepNone)
	for _, b := range c.ports["D"] {
		if b > 1 {
			g.ends = append(g.ends, end{b, i, g.alone(b), g.d.setup})
		}
	}
	g.ending(i, c.ports["CE"], g.d.enable)
	g.ending(i, c.join("R", "S", "CLR", "PRE"), g.d.reset)
}

// carry is a chain's cell. An operand's LUT that feeds it alone is in the same slice.
func (g *graph) carry(i int) {
	c := &g.net.cells[i]
	operands := c.join("S", "DI")
	near := make([]bool, len(operands))
	for j, b := range operands {
		near[j] = g.alone(b)
	}
	out, sum := c.ports["CO"], c.ports["O"]
	g.arcs = append(g.arcs,
		arc{i, operands, out, near, g.d.operandCarry, stepCarry},
		arc{i, operands, sum, near, g.d.operandSum, stepCarry})
	g.comb(i, c.ports["CI"], out, g.d.carryCarry, stepCarry, true)
	g.comb(i, c.ports["CI"], sum, g.d.carrySum, stepCarry, true)
	g.comb(i, c.ports["CYINIT"], append(append([]int{}, out...), sum...), g.d.operandSum, stepCarry, false)
}

// lutMemory is a RAM of LUTs: read as a LUT, written at the clock.
func (g *graph) lutMemory(i int) {
	c := &g.net.cells[i]
	g.starting(i, c.outputs(), g.d.memClock, stepMemory)
	for _, port := range sorted(c.ports) {
		switch {
		case !c.drives[port]:
		case port == "DPO":
			g.comb(i, c.inputs("DPRA"), c.ports[port], g.d.memAddress, stepLUT, false)
		case port == "SPO" || port == "O":
			g.comb(i, c.inputs("A"), c.ports[port], g.d.memAddress, stepLUT, false)
		default: // DOA is read at ADDRA
			g.comb(i, c.inputs("ADDR"+strings.TrimPrefix(port, "DO")), c.ports[port], g.d.memAddress, stepLUT, false)
		}
	}
	g.ending(i, c.inputs("D", "WE"), g.d.memSetup)
}

func (g *graph) block(i int) {
	c := &g.net.cells[i]
	for _, port := range sorted(c.ports) {
		if !c.drives[port] {
			continue
		}
		register := "DOA_REG"
		if strings.Contains(port, "B") && !strings.HasSuffix(port, "A") && !strings.Contains(port, "ADO") {
			register = "DOB_REG"
		}
		delay := g.d.blockClock
		if c.param(register, 0) > 0 {
			delay = g.d.blockRegister
		}
		g.starting(i, c.ports[port], delay, stepMemory)
	}
	g.ending(i, c.inputs("ADDR"), g.d.blockAddress)
	g.ending(i, c.inputs("D", "WE", "EN", "REGCE", "RST"), g.d.blockData)
}

// dsp follows UG479 and UG579: registers of A and B, of the product, of C and of the sum, each there or not.
func (g *graph) dsp(i int) {
	c := &g.net.cells[i]
	d := g.d
	m, p := c.param("MREG", 1) > 0, c.param("PREG", 1) > 0
	multiplies := !strings.Contains(c.params["USE_MULT"], "NONE")
	sums := c.join("P", "PCOUT")
	toSum := func(port string, near bool, throughM, plain, comb float64) {
		bits := c.ports[port]
		if near {
			g.comb(i, bits, sums, comb, stepDSP, true)
			if p {
				g.arcs = g.arcs[:len(g.arcs)-1]
				for _, b := range bits {
					if b > 1 {
						g.ends = append(g.ends, end{b, i, true, plain})
					}
				}
			}
			return
		}
		switch {
		case throughM > 0 && m:
			g.ending(i, bits, throughM)
		case p:
			g.ending(i, bits, plain)
		default:
			g.comb(i, bits, sums, comb, stepDSP, false)
		}
	}
	operands := false // of the multiplier, registered
	for _, in := range []struct{ port, register string }{{"A", "AREG"}, {"B", "BREG"}} {
		switch registered := c.param(in.register, 1) > 0; {
		case registered:
			operands = true
			g.ending(i, c.ports[in.port], d.dspSetup)
		case multiplies:
			toSum(in.port, false, d.productRegister, d.productAddRegister, d.productAdd)
		default:
			toSum(in.port, false, 0, d.addRegister, d.add)
		}
	}
	if c.param("CREG", 1) > 0 {
		g.ending(i, c.ports["C"], d.dspSetup)
	} else {
		toSum("C", false, 0, d.addRegister, d.add)
	}
	toSum("PCIN", true, 0, d.addRegister, d.add)
	g.ending(i, c.inputs("CE", "RST", "OPMODE", "ALUMODE", "INMODE", "CARRYIN"), d.dspSetup)
	g.starting(i, c.join("ACOUT", "BCOUT"), d.dspClock, stepDSP)
	switch {
	case p:
		g.starting(i, sums, d.dspClock, stepDSP)
	case m:
		g.starting(i, sums, d.mToP, stepDSP)
	case operands:
		g.starting(i, sums, d.abToP, stepDSP)
	}
	period := d.dspNoRegister
	switch {
	case m && p && operands:
		period = d.dspFull
	case operands && p && multiplies:
		period = d.dspNoM
	case !operands || !p:
		return // its paths are the netlist's
	}
	g.inside = append(g.inside, end{cell: i, setup: period})
}
