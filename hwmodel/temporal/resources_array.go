package temporal

import (
	"vitdse/configs"
	"vitdse/hwmodel"
)

// peArray is the array: products, their sum, accumulators, result registers that shift
// towards the drain, and registers for the columns that leave.
func (s *Shape) peArray(f fabric) hwmodel.Resources {
	if p := s.Packed(); p.Tokens > 0 {
		return s.packedArray(f, p)
	}
	pes, tk := s.TM*s.TN, s.TK
	wide := s.ABits + s.BBits
	r := hwmodel.Resources{LUT: (s.TN-s.VC)*s.TM*s.AccBits + 6, FF: pes*s.AccBits + s.VC*s.TM*s.AccBits + 8}
	dsp := s.Design.Engine.Multiplier == configs.MulDSP && wide >= minProduct
	if dsp {
		r.DSP = pes * tk
	} else {
		if s.booth {
			r.LUT += pes * tk * boothProduct(s.ABits, s.BBits)
		} else {
			r.LUT += whole(f.luts(arrayProduct, float64(pes*tk*product(s.ABits, s.BBits))))
		}
	}
	if dsp && f.registers && tk == 1 {
		return r // the accumulator is the DSP's
	}
	named := dsp && f.named // blocks by name, with their registers
	step := s.SumStep(f.family)
	wait := s.Late()
	switch {
	case step > 0:
		wait -= tk/step - 1
		r.DSP = 0 // vit_dsp_cascade's
	case named && wait > 0:
		wait-- // a register of the block's
	case s.booth && wait > 0 && s.BBits > 2:
		wait--
		r.FF += s.boothHalves()
	}
	r = r.Add(s.wait(f, wait, tk*(s.TM*s.ABits+s.TN*s.BBits), step > 0 || named))
	r.FF += 2 * s.Late()
	r.LUT += pes * s.AccBits
	r.FF += pes * s.AccBits
	if !f.lut6() {
		r.LUT += pes * s.AccBits // the first product of a sum does not fit the carry cell
	}
	if tk > 1 {
		r.LUT += 3
		if f.lut6() {
			r.LUTRAM++ // a shift register for first_q
		} else {
			r.FF += 3 + s.Late()
		}
	}
	if step > 0 {
		return r // products and their sum are in the DSPs
	}
	if !named {
		r.FF += pes*tk*wide + tk*(s.TM*s.ABits+s.TN*s.BBits)
	}
	if tk > 1 {
		r.LUT += pes * adderTree(tk, wide)
		r.FF += pes * (wide + hwmodel.CeilLog2(tk))
	}
	return r
}

// boothHalves are the registers between the halves of a Booth product, which take what the lower half of b's digits has
// done and left, and the operands for the upper half: a digit reads the bit below its own.
func (s *Shape) boothHalves() int {
	lower := hwmodel.CeilDiv(hwmodel.CeilDiv(s.BBits, 2), 2)
	return s.TK * (s.TM*s.TN*(2*lower+s.ABits-1) + s.TM*s.ABits + s.TN*(s.BBits-2*lower+1))
}

// adderTree is the LUTs of the sum of n products, a power of two, level by level: a LUT a bit of the
// operands, and inverters between levels.
func adderTree(n, bits int) int {
	luts := 0
	for ; n > 1; n, bits = n/2, bits+1 {
		luts += n / 2 * bits
		if n > 2 {
			luts += n / 4
		}
	}
	return luts
}

// part is some columns of a mixed array.
func (s *Shape) part(columns int, kind configs.Multiplier) *Shape {
	part := *s
	part.TN = columns
	part.Design.Engine.LUTColumns, part.Design.Engine.Multiplier = 0, kind
	part.booth = kind == configs.MulLUT
	return &part
}

// mixedArray is what joins the two parts of a mixed array: the count of groups of columns that
// have left the first, and from which part a column leaves.
func (s *Shape) mixedArray() hwmodel.Resources {
	count := hwmodel.CeilLog2((s.TN-s.Design.Engine.LUTColumns)/s.VC + 1)
	return hwmodel.Resources{LUT: s.VC*s.TM*s.AccBits + 3*count, FF: count + 1}
}

// packedArray is the array with two or four products a DSP: packed products, their sums, what takes
// them apart, accumulators and result registers. Its LUTs are by adders; what a group of
// packed products beyond the first adds for each of its fields is Yosys' of the module alone
// (docs/RESOURCES.md).
func (s *Shape) packedArray(f fabric, p Packed) hwmodel.Resources {
	pes, pairs, rows, tk, acc := s.TM*s.TN, s.TN/2, s.TM/p.Tokens, s.TK, s.AccBits
	units, fields, groups := pairs*rows, 2*p.Tokens, tk/p.Group
	r := hwmodel.Resources{
		LUT: (s.TN-s.VC)*s.TM*acc + 6 + pes*acc,
		FF:  2*pes*acc + s.VC*s.TM*acc + 8,
	}
	if tk > 1 {
		r.FF += pes * (s.ABits + s.BBits + hwmodel.CeilLog2(tk))
		if f.lut6() {
			r.LUTRAM++ // a shift register for first_q
		}
	}
	if p.Cascade {
		r.LUT += 12 + units*(fields-1) + units*fields*(groups-1)*(95+11*(s.ABits+s.BBits))/10
		if spare := s.ABits + s.BBits + hwmodel.CeilLog2(tk) - p.Shift - hwmodel.CeilLog2(groups); spare > 0 && groups <= 2 {
			r.FF -= units * (fields - 1) * spare // copies of a lower field's sign
		}
		return r.Add(s.late(0)) // the rest is vit_packed_cascades
	}
	r = r.Add(s.packedDSPs(p))
	sum := s.ABits + s.BBits + 1 + (fields-1)*p.Shift // bits of a sum of two packed products
	adders := [...]int{1: 0, 2: sum, 4: 3 * sum}[p.Group]
	if f.registers {
		adders = [...]int{1: 0, 2: 0, 4: sum}[p.Group] // the DSPs add the first two
	}
	r.LUT += units * (groups*adders + fields*(groups-1)*(80+11*(s.ABits+s.BBits))/10)
	if p.Tokens == 2 {
		r.LUT += tk * rows * (s.ABits + 2) // the upper of two a operands less the lower's sign
	}
	if !f.registers { // operands and products outside the DSP
		r.LUT += tk * pairs * (s.BBits + 1)
		operand := s.ABits
		if p.Tokens == 2 {
			operand = 2*s.ABits + 1
		}
		r.FF += tk * (units*sum + rows*operand + pairs*(2*s.BBits+1))
	}
	if s.Late() > 0 { // operands that no adder keeps from their register share its shift register
		kept := s.TM * s.ABits
		if p.Tokens == 2 {
			kept = rows * (s.ABits - 1)
		}
		r.FF -= tk * (kept + pairs*(s.BBits-1))
	}
	return r.Add(s.late(tk * (s.TM*s.ABits + s.TN*s.BBits)))
}

// packedDSPs are the DSPs of packed products.
func (s *Shape) packedDSPs(p Packed) hwmodel.Resources {
	return hwmodel.Resources{DSP: s.TM * s.TN * s.TK / p.Products()}
}

// wait is what so many bits of operands take that wait so many cycles. Behind the last stands one register more, if
// not in a block; three in a row are a shift register, where LUTs can be such.
func (s *Shape) wait(f fabric, cycles, bits int, inBlock bool) hwmodel.Resources {
	behind := 1
	if inBlock {
		behind = 0
	}
	if cycles == 0 || !f.lut6() || cycles+behind < minShiftRegister {
		return hwmodel.Resources{FF: cycles * bits}
	}
	return hwmodel.Resources{LUT: bits, LUTRAM: bits, FF: -behind * bits}
}

// minShiftRegister is how many registers in a row Yosys makes a shift register of.
const minShiftRegister = 3

// productCascades is vit_product_cascades: operands of a stage behind the first wait a cycle for each before it.
func (s *Shape) productCascades(f fabric) hwmodel.Resources {
	step, r := s.SumStep(f.family), hwmodel.Resources{}
	for stage := range s.TK / step {
		r = r.Add(s.wait(f, stage, step*(s.TM*s.ABits+s.TN*s.BBits), true))
	}
	return r
}

// late is what the array takes to be as late as a cascade: registers of its control, and for
// so many bits of operands shift registers.
func (s *Shape) late(bits int) hwmodel.Resources {
	if s.Late() == 0 {
		return hwmodel.Resources{}
	}
	return hwmodel.Resources{LUT: bits, LUTRAM: bits, FF: 2 * s.Late()}
}

// cascades is vit_packed_cascades: packed operands, of which those of the n-th DSP wait n cycles. What
// waits for two cycles and the operand's own register is in a shift register; an adder before that register
// keeps the two apart.
func (s *Shape) cascades(p Packed) hwmodel.Resources {
	rows, pairs := s.TM/p.Tokens, s.TN/2
	rawA, rawB := s.TM*s.ABits, s.TN*s.BBits
	packedA, packedB := rawA, pairs*(2*s.BBits+1)
	addedA, addedB := 0, pairs*(s.BBits+2) // bits behind an adder: the upper operand, less the lower one's sign
	waitA, waitB := 0, rawB-pairs*(s.BBits-1)
	if p.Tokens == 2 {
		packedA, addedA, waitA = rows*(2*s.ABits+1), rows*(s.ABits+2), rawA-rows*(s.ABits-1)
	}
	var r hwmodel.Resources
	for k := range s.TK {
		switch k % p.Group {
		case 0:
			r.FF += packedA + packedB
		case 1:
			r.FF += rawA + packedA + rawB + packedB
		case 2: // the rest of the bits: three registers, no adder
			r.FF += 2*(waitA+waitB) + addedA + addedB
			r.LUTRAM += rawA - waitA + rawB - waitB
		default:
			r.FF += addedA + addedB
			r.LUTRAM += rawA + rawB
		}
	}
	r.LUT = r.LUTRAM + s.TK*pairs*s.BBits
	if p.Tokens == 2 {
		r.LUT += s.TK * rows * s.ABits
	}
	return r
}
