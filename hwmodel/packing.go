package hwmodel

// PackShift is the bits between the two b operands that share a DSP: what its wide port has
// beside the upper operand and a carry; 0 if every product has a DSP of its own. That is so
// without packing, and where two products of this width do not fit.
func (s *Shape) PackShift() int {
	if s.PackGroup() == 0 {
		return 0
	}
	return s.packShift()
}

func (s *Shape) packShift() int { return s.Design.Engine.Packing.Port() - s.BBits - 1 }

// PackGroup is how many packed products may be summed before they are taken apart: the
// largest power of two up to TK whose sum fits the lower PackShift bits for any operands,
// signed codes as well as unsigned numerators; 0 if not even one does, or without packing.
func (s *Shape) PackGroup() int {
	shift := s.packShift()
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
