package temporal

import (
	"vitdse/configs"
	"vitdse/hwmodel"
)

// fabric is what the resource formulas need to know of a part.
type fabric struct {
	family    configs.Fabric
	block     []configs.Geometry
	ultra     []configs.Geometry
	cells     [2]configs.LUTCell // distributed RAM: shallow and wide, deep and narrow
	dspA      int                // a hard multiplier's operands, signed
	dspB      int
	noLUTRAM  bool // LUTs cannot be memory: buffers of LUTs are of blocks instead
	noDSP     bool // there are no hard multipliers: all products are of LUTs
	registers bool // synthesis takes operand, product and accumulator registers into the DSP
	named     bool // multiplier blocks are in the RTL by name, with their registers, as vit_mult18

	fitted *coefficients
	used   *coefficients // if not nil, how much of each term was used
}

func newFabric(p configs.Part) fabric {
	f := fabric{
		family: p.Family.Basis(), block: p.Memory.Block, ultra: p.Memory.Ultra,
		dspA: max(p.DSP.ABits, p.DSP.BBits), dspB: min(p.DSP.ABits, p.DSP.BBits),
		noLUTRAM:  p.Budget.LUTRAM == 0,
		noDSP:     p.Budget.DSP == 0,
		registers: p.Family == configs.XC7, // Yosys packs them for the DSP48E1 only
		named:     p.Family == configs.ECP5 && p.Budget.DSP > 0,
	}
	if f.fitted = builtInCoefficients()[p.Family.Basis()]; len(p.Coefficients) > 0 {
		f.fitted = (*coefficients)(p.Coefficients)
	}
	c := p.Memory.LUT
	f.cells = [2]configs.LUTCell{c, c}
	if p.LUTInputs == 6 { // RAM32M for RAM64M, RAM32M16 for RAM64M8: the same LUTs
		f.cells[0].Depth, f.cells[0].Width = c.Depth/2, 2*c.Width
	}
	return f
}

// lut6 says whether the logic is LUT6 with wide multiplexers, or LUT4.
func (f fabric) lut6() bool { return f.family != configs.ECP5 }

// dsps is the number of hard multipliers of one product of a x b bits, signed; none where
// the part has none.
func (f fabric) dsps(a, b int) int {
	if f.noDSP {
		return 0
	}
	if a < b {
		a, b = b, a
	}
	part := func(bits, port int) int {
		n := hwmodel.CeilDiv(max(bits-1, 1), max(port-1, 1))
		if n > 1 && f.family == configs.ECP5 && (bits-1)%(port-1) == 1 {
			n-- // Yosys leaves a last part of one bit and a sign to LUTs there
		}
		return n
	}
	return part(a, f.dspA) * part(b, f.dspB)
}

// softProduct is the LUTs a bit of a and b of a product of a x b bits in LUT4, as Yosys builds
// it: one number for all widths, from one engine for the iCE40 HX8K (docs/RESOURCES.md).
const softProduct = 1.8

// softLUTs is the LUTs of a product of a x b bits where there are no hard multipliers.
func (f fabric) softLUTs(a, b int) float64 {
	if !f.noDSP {
		return 0
	}
	return softProduct * float64(a*b)
}

// minProduct is the width of the narrowest product that synthesis puts into a DSP by itself.
const minProduct = 9

// product is the LUTs of an a x b multiplier, signed, as Yosys builds it (compressor tree
// and final adder, mapped by abc), in LUT6. Measured widths are in the table, others are in
// between.
func product(a, b int) int {
	m, n := max(min(a, b), 2), max(a, b, 2)
	if m > 8 && n > 9 {
		return wideProductLUTs[min(n, 12)-10]
	}
	t := productLUTs[min(m, 8)-2]
	return t[min(n, 9)-2] + max(n-9, 0)*(t[7]-t[6])
}
