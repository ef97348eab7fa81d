package temporal

import (
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// arrayLatency is from the address of a tile's last beat to its first column: two cycles of the buffers, then the
// array's, with what scales of tokens take between them.
func (s *Shape) arrayLatency() int64 {
	cycles := 6
	if s.TK > 1 {
		cycles = 7 + s.Late()
	}
	if s.Dynamic {
		cycles += TokenCodes
	}
	return int64(cycles)
}

// rows is when a unit makes the row tiles of an op: the first so long after its start, then
// one a period.
type rows struct {
	first, period int64
	tail          int64 // of first, behind the reads
}

func (r rows) made(start int64, m int) int64 { return start + r.first + int64(m)*r.period }

// rest is the last cycle in which the unit runs that makes so many row tiles: the last one's, or the end of its
// period, whichever is later. LayerNorm makes the roots of the next row tile in a period, a token a cycle, and waits as
// long behind the last.
func (r rows) rest(start int64, tiles int) int64 {
	return max(r.made(start, tiles-1), start+r.first-r.tail+int64(tiles)*r.period-1)
}

// patchRows are the row tiles of the patch gather.
func (s *Shape) patchRows() rows {
	words := max(1, s.Chunk/s.TK) // of a chunk
	lead := 4 + words
	if s.TK > s.Chunk {
		lead = 4
	}
	reads := s.TM / s.Design.Engine.GatherTokens() // of a chunk, for all tokens
	period := max(reads, words)
	all := s.PatchInner / s.Chunk * period
	return rows{int64(all - period + reads + lead), int64(all), int64(all)}
}

// normRows are the row tiles of LayerNorm.
func (s *Shape) normRows(channels int) rows {
	groups := channels / s.VC
	tail := int64(groups - 1 + normTail)
	return rows{int64(s.TM+s.normHead()) + tail, int64(max(groups, s.TM+NormGap)), tail}
}

// regroupCycles is the time of a move of rows in front of a LayerNorm: a word of a row is read in a cycle.
func (s *Shape) regroupCycles(norm *network.Op) int64 {
	return int64(s.normTiles(*norm)*s.TM*norm.Cols/s.VC) + RegroupHead
}

// softmaxSpare is how many cycles before the last numerator is written the value product could start for all that its
// first columns need of the reciprocals: they leave the array when it has been fed. Negative: cycles after it.
func (s *Shape) softmaxSpare() int {
	return s.NumDepth + int(s.arrayLatency()) - softmaxDivide - hwmodel.CeilLog2(s.VC)
}

// SoftmaxEarly says whether the value product and the next softmax may start while the
// division is going on. Where several row tiles are at softmax their reciprocals wait for the value product.
func (s *Shape) SoftmaxEarly() bool { return s.Windowed || s.softmaxSpare() >= 0 }

// softmaxCycles is from the start of a row tile's softmax to its end, which the next one waits for.
func (s *Shape) softmaxCycles() int64 {
	switch {
	case s.Windowed:
		return int64(max(s.ScoreDepth+softmaxPass, softmaxApart-1))
	case s.SoftmaxEarly():
		return int64(s.ScoreDepth) + softmaxPass
	}
	return int64(s.ScoreDepth + softmaxPass + softmaxDivide + hwmodel.CeilLog2(s.VC))
}

// SoftmaxReady is from the start of a row tile's softmax to when the value product may start. It reads a word of
// numerators a cycle, as fast as they are written at most, so that it need not wait for the last.
func (s *Shape) SoftmaxReady() int64 {
	if !s.SoftmaxEarly() {
		return s.softmaxCycles()
	}
	return int64(s.ScoreDepth + softmaxPass - min(s.NumDepth, s.softmaxSpare()))
}

// storeCycles is the time of the bursts of an image's result: data, with the address beside them, and the
// response. Results follow one another from the start of a page of 4 KiB, and no burst crosses one.
func (s *Shape) storeCycles(mem hwmodel.MemoryTiming, image int) int64 {
	cycles, left, page := int64(0), s.ResultBeats, 4096/(s.Design.Engine.BusBits/8)
	for left > 0 {
		at := (image+1)*s.ResultBeats - left
		n := min(left, BurstBeats, page-at%page)
		data := int64(float64(n)/(1-mem.Stall) + 0.5)
		cycles += data + int64(mem.Latency) + 1
		left -= n
	}
	return cycles
}
