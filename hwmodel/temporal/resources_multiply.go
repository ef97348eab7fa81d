package temporal

import (
	"vitdse/configs"
	"vitdse/hwmodel"
)

// multiplier is a product of vit_multiply, of a x b bits, signed, in three cycles. An operand a that is wider than the
// block's wide port takes two blocks, whose products are added in the third, where the RTL knows the family's blocks.
// Synthesis takes the registers into a DSP48E1; an ECP5's blocks are given by name with theirs; others have all of
// them outside.
func (f fabric) multiplier(a, b int) hwmodel.Resources {
	const low = 17 // bits of a's low part
	outside, split, upper := hwmodel.Resources{FF: 3 * (a + b)}, a > f.dspA, a-low+b
	switch {
	case f.noDSP:
		outside.LUT = whole(f.softLUTs(a, b))
		return outside
	case f.family == configs.ECP5 && !f.named: // a family that the ECP5 stands for
		outside.DSP = f.dsps(a, b)
		return outside
	case !split && (f.named || f.registers):
		return hwmodel.Resources{DSP: 1}
	case !split:
		outside.DSP = 1
		return outside
	case f.named:
		return hwmodel.Resources{DSP: 2, FF: a + b, LUT: 2 * hwmodel.CeilDiv(upper, 2)} // two bits a carry cell
	case f.registers:
		return hwmodel.Resources{DSP: 2, FF: a + b, LUT: upper}
	}
	return hwmodel.Resources{DSP: 2, FF: a + 1 + b + low + 1 + b + upper + a + b, LUT: upper}
}

// multipliers are those of all units: row sums, requantization, LayerNorm's two and softmax's, a lane each.
func (s *Shape) multipliers(f fabric) hwmodel.Resources {
	difference := configs.ResidualBits + hwmodel.CeilLog2(s.Dim) + 1 // bits of C*x - s1
	r := f.multiplier(configs.ResidualBits, configs.ResidualBits)
	r = r.Add(f.multiplier(s.WideBits, 18)).Add(f.multiplier(difference, 18)).Add(f.multiplier(18,
		16)).Add(f.multiplier(s.ScoreBits+1, 17))
	return r.Times(s.lanes())
}

// square is that of a row's sum, of more than 18 bits always, in partial products of 17 bits.
func (s *Shape) square(f fabric) hwmodel.Resources {
	a, _ := s.sumBits()
	switch {
	case f.noDSP:
		return hwmodel.Resources{LUT: whole(f.softLUTs(a, a)), FF: 6*a + 1}
	case f.named:
		return hwmodel.Resources{DSP: 3, FF: 2 * a, LUT: 2*a - 18}
	}
	r := hwmodel.Resources{DSP: f.dsps(a, 18) + f.dsps(a, a-17)}
	if f.registers {
		r.FF = 17
		return r
	}
	r.LUT, r.FF = 2*a-17, a+a+18+2*a-17+2*a
	return r
}
