package temporal

import (
	"vitdse/configs"
	"vitdse/hwmodel"
)

// What attention in windows adds to an engine. The counts are of the registers that the modules have, and of a LUT for
// each bit that is added or chosen among four; no synthesis has been held against them.

// rowRegroup is the walk over the rows, the choice of a row's lane in a word, the word that comes out, and the table
// of where rows were.
func (s *Shape) rowRegroup(f fabric) hwmodel.Resources {
	lane, channels := max(1, hwmodel.CeilLog2(s.TM)), s.VC*configs.ResidualBits
	row, tile := max(1, hwmodel.CeilLog2(s.Channels/s.VC)), max(1, hwmodel.CeilLog2(s.RowTiles))
	r := f.memory(hwmodel.Memory{Depth: max(1, s.movedRows()), Width: 17 + lane, Kind: configs.MemBlock})
	r.LUT += channels*hwmodel.CeilDiv(s.TM, 3) + 16*4 + 3*row
	r.FF += channels*(s.TM+1) + 7*(5+row+tile) + 4*(lane+1) + 2*(17+lane) + 3*16 + 60
	return r
}

// biasUnit is an addition and a choice for each score, and the two cycles that it waits.
func (s *Shape) biasUnit() hwmodel.Resources {
	lanes := s.lanes()
	return hwmodel.Resources{LUT: lanes*(2*s.ScoreBits+2) + 40, FF: lanes*(3*s.ScoreBits+1) + 50}
}
