package temporal

import (
	"vitdse/configs"
	"vitdse/hwmodel"
)

// powerBits hold the logarithm of a token's power of two.
const powerBits = 4

// tokenScales enters what scales of each token's own add as modules of their own: the magnitudes of rows in X and Q,
// and the powers of two. What shifts fine codes and sums is the core's.
func (s *Shape) tokenScales(l *ledger, f fabric) {
	if !s.Dynamic {
		return
	}
	word, lanes := s.TM*configs.FineBits, s.lanes()*configs.FineBits
	rows := hwmodel.Resources{FF: lanes + word + s.rowBits() + 2}
	if f.noLUTRAM { // it is read in the cycle in which it is written
		rows.FF += s.RowTiles * word
		rows.LUT += s.RowTiles * word
	} else {
		rows = rows.Add(f.lutram(s.RowTiles, word).Times(2)) // two read ports
	}
	rows.LUT += lanes + word*hwmodel.CeilDiv(s.VC+1, 5) // magnitudes, and their OR
	l.add("vit_row_magnitudes", rows.Times(2))
	tiles := hwmodel.CeilLog2(s.TilesInArray())
	r := f.lutram(1<<tiles, s.TM*powerBits)
	r.LUT += lanes + s.TM*tokenPower + 20 // columns of LayerNorm or of a value product; powers; where rows are
	r.FF += 2*s.TM*powerBits + 2*s.rowBits() + 2*tiles + 8
	l.add("vit_token_scales", r)
}

// tokenPower is the LUTs of a power: the length of a magnitude of X or Q.
const tokenPower = 53

// TilesInArray is more than there can be tiles between the last beat of one and its columns.
func (s *Shape) TilesInArray() int { return hwmodel.CeilDiv(int(s.arrayLatency()), minSlot) + 2 }

// tokenShifts is what they add to the core: shifters of fine codes and of sums, a register for each, and what else
// meets them as much later. A shifter chooses twice among four, of all bits and of those that are left; of codes Yosys
// 0.23 makes two choices among two of each.
func (s *Shape) tokenShifts(f fabric) hwmodel.Resources {
	if !s.Dynamic {
		return hwmodel.Resources{}
	}
	a := s.TK * s.TM
	code := 2*(configs.FineBits+s.CodeBits+1) + 2*s.ABits
	sum := f.selections(2) * (s.AccBits + 3 + s.WideBits)
	return hwmodel.Resources{
		LUT: a*code + s.lanes()*sum,
		FF:  a*(2*s.ABits+1) + s.lanes()*s.WideBits + TokenCodes*(16+4) + s.CodeBits + 8 + 39,
	}
}
