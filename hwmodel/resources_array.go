package hwmodel

import "vitdse/configs"

// peArray is the array: products, their sum, accumulators, result registers that shift
// towards the drain, and registers for the columns that leave.
func (s *Shape) peArray(f fabric) Resources {
	if s.PackShift() > 0 {
		return s.packedArray(f)
	}
	pes, tk := s.TM*s.TN, s.TK
	wide := s.ABits + s.BBits
	r := Resources{LUT: (s.TN-s.VC)*s.TM*s.AccBits + 6, FF: pes*s.AccBits + s.VC*s.TM*s.AccBits + 8}
	dsp := s.Design.Engine.Multiplier == configs.MulDSP && wide >= minProduct
	if dsp {
		r.DSP = pes * tk
	} else {
		r.LUT += whole(f.luts(arrayProduct, float64(pes*tk*product(s.ABits, s.BBits))))
	}
	packed := dsp && f.registers
	if packed && tk == 1 {
		return r // the accumulator is the DSP's
	}
	r.LUT += pes * s.AccBits
	r.FF += pes * s.AccBits
	if !f.lut6() {
		r.LUT += pes * s.AccBits // the first product of a sum does not fit the carry cell
	}
	if tk > 1 {
		r.LUT += 3
		if f.lut6() {
			r.LUTRAM++ // a shift register for first_q
		}
	}
	if packed {
		return r // products and their sum are in the DSPs
	}
	r.FF += pes*tk*wide + tk*(s.TM*s.ABits+s.TN*s.BBits)
	if tk > 1 {
		r.LUT += pes * ((tk-1)*wide + (tk-2)*3)
		r.FF += pes * (wide + CeilLog2(tk))
	}
	return r
}

// packedArray is the array with two products a DSP: packed products, their sums, what takes
// them apart, accumulators and result registers. Its LUTs are by adders, with what Yosys adds
// for sums of several operands measured on the module alone (docs/RESOURCES.md).
func (s *Shape) packedArray(f fabric) Resources {
	pes, pairs, tk, acc := s.TM*s.TN, s.TN/2, s.TK, s.AccBits
	port := s.PackShift() + s.BBits + 1
	group := min(s.PackGroup(), tk)
	groups := CeilDiv(tk, group)
	packed, apart := 0, (groups-1)*55
	if group > 1 {
		packed = (group-1)*(s.ABits+port) + (group-1)*2 + (group-2)*30
	}
	r := Resources{
		LUT: (s.TN-s.VC)*s.TM*acc + 6 + pes*acc + pairs*s.TM*(groups*packed+apart),
		FF:  2*pes*acc + s.VC*s.TM*acc + 8,
		DSP: pes * tk / 2,
	}
	if tk > 1 {
		r.FF += pes * (s.ABits + s.BBits + CeilLog2(tk))
		if f.lut6() {
			r.LUTRAM++ // a shift register for first_q
		}
	}
	if !f.registers { // operands and products outside the DSP
		r.LUT += tk * pairs * (s.BBits + 1)
		r.FF += tk * (pairs*s.TM*(s.ABits+port) + s.TM*s.ABits + pairs*(2*s.BBits+1))
	}
	return r
}
