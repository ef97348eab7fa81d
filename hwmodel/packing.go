package hwmodel

// PackShift is the bits between the two b operands that share a DSP: what its wide port has
// beside the upper operand and a carry; 0 if every product has a DSP of its own.
func (s *Shape) PackShift() int {
	port := s.Design.Engine.Packing.Port()
	if port == 0 {
		return 0
	}
	return port - s.BBits - 1
}

// PackGroup is how many packed products may be summed before they are taken apart: the
// largest power of two up to TK whose sum fits the lower PackShift bits for any operands,
// signed codes as well as unsigned numerators; 0 if not even one does, or without packing.
func (s *Shape) PackGroup() int {
	shift := s.PackShift()
	if shift < 1 {
		return 0
	}
	code, num, b := 1<<(s.ActBits-1), 1<<s.NumBits-1, 1<<(s.BBits-1)
	most := max(code*b, num*(b-1)) // greatest and least product
	least := max(code*(b-1), num*b)
	group := 0
	for n := 1; n <= s.TK && n*most < 1<<(shift-1) && n*least <= 1<<(shift-1); n *= 2 {
		group = n
	}
	return group
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
