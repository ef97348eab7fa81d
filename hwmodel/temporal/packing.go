package temporal

import "vitdse/configs"

// narrowPort is the width of the narrow operand of both DSP48s.
const narrowPort = 18

// maxPackGroup is how many packed products are summed at most: taking eight apart once costs
// Yosys more than taking four apart twice.
const maxPackGroup = 4

// Packed is how the products of neighbouring PEs share a DSP.
type Packed struct {
	Tokens int // whose operands a share the narrow port: 2, so that a DSP makes four products, or 1
	Shift  int // bits from one product to the next
	Group  int // packed products that are summed before they are taken apart: 1, 2 or 4, up to TK

	Cascade bool // the DSPs themselves sum a group, each handing the sum on to the next
}

// Packed is how a DSP makes two or four products, as many as fit it; zero if each has its own:
// without packing, and where not even two products of this width fit.
func (s *Shape) Packed() Packed {
	port := s.Design.Engine.Packing.Port()
	if port == 0 || s.booth {
		return Packed{}
	}
	wide := port - s.BBits - 1 // bits that are left beside the upper operand b and a carry
	if s.TM > 1 {
		four := Packed{Tokens: 2, Shift: min(wide/2, narrowPort-s.ABits-1)}
		if four.Group = s.packGroup(four.Shift, true); four.Group > 0 {
			return four.cascaded(s)
		}
	}
	two := Packed{Tokens: 1, Shift: wide}
	if two.Group = s.packGroup(two.Shift, false); two.Group > 0 {
		return two.cascaded(s)
	}
	return Packed{}
}

// cascaded says how groups are summed. The DSP48E2 is named in the RTL, because synthesis would
// leave the sums to LUTs; for the DSP48E1 it finds some of the cascade by itself.
func (p Packed) cascaded(s *Shape) Packed {
	p.Cascade = p.Group > 1 && s.Design.Engine.Packing == configs.PackDSP48E2
	return p
}

// Late is how many cycles later than without registers between DSPs the array has its sums: those of one DSP
// and one for each that a cascade of packed products may have, or one for each two products behind the first two. It is
// the engine's alone, whatever the part's DSPs and the widths allow, so that time depends on neither.
func (s *Shape) Late() int {
	e := s.Design.Engine
	if e.TK = s.TK; s.booth {
		e.Multiplier = configs.MulDSP // of the other part of a mixed array, which it waits for
	}
	return late(&e)
}

func late(e *configs.Engine) int {
	switch {
	case e.TK == 1 || e.Multiplier == configs.MulLUT || e.Packing == configs.PackDSP48E1:
		return 0
	case e.Packing == configs.PackDSP48E2:
		return min(e.TK, maxPackGroup) + 1
	}
	return e.TK/sumStep - 1
}

// sumStep is how many products are summed in DSPs from register to register, where Late allows.
const sumStep = 2

// Cascades says whether DSPs of a family hand a sum on from one to the next.
func Cascades(family configs.Fabric) bool {
	return family.Basis() == configs.XC7 || family.Basis() == configs.XCUP
}

// SumStep is how many products the DSPs sum from register to register of a cascade that hands on a PE's sum; 0
// where LUTs add up: products that share a DSP, too narrow for one, or one a PE, and families without cascades.
func (s *Shape) SumStep(family configs.Fabric) int {
	if s.TK == 1 || s.Design.Engine.Multiplier != configs.MulDSP || s.ABits+s.BBits < minProduct || !Cascades(family) ||
		s.Packed().Tokens > 0 {
		return 0
	}
	step := sumStep
	for s.TK/step-1 > s.Late() {
		step *= 2
	}
	return step
}

// packGroup is how many products, up to maxPackGroup, fit a field of so many bits when they are summed, for any
// operands, signed codes as well as unsigned numerators; 0 if not even one does. A field that
// has two below it may not be as low as it gets: what they borrow would not show in its sign.
func (s *Shape) packGroup(bits int, between bool) int {
	if bits < 2 {
		return 0
	}
	code, num, b := 1<<(s.CodeBits-1), 1<<s.NumBits-1, 1<<(s.BBits-1)
	most := max(code*b, num*(b-1)) // greatest and least product
	least := max(code*(b-1), num*b)
	if between {
		least++
	}
	group := 0
	for n := 1; n <= min(s.TK, maxPackGroup) && n*most < 1<<(bits-1) && n*least <= 1<<(bits-1); n *= 2 {
		group = n
	}
	return group
}

// Products is how many products a DSP makes, at least 1.
func (p Packed) Products() int { return max(1, 2*p.Tokens) }
