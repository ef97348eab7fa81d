package temporal

import (
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// SegmentKind is the buffer a part of the read stream is for.
type SegmentKind int

// Segment kinds, as the stream loader decodes them.
const (
	SegImage SegmentKind = iota
	SegPos
	SegNorm
	SegGELU
	SegTiles
	SegBias // a head's, of scores; there are two banks
)

// Segment is a part of the read stream: Tiles tiles of Params parameter words and Words
// data words, of so many bus beats each. A GELU segment's words are entries of the table. With groups, the
// multipliers of the group's channels are in front of every GroupWords data words.
type Segment struct {
	Kind                  SegmentKind
	Op                    int // op that reads it
	Tiles, Params, Words  int
	ParamBeats, WordBeats int
	Format                int   // index of the weights' bit-width
	GroupWords, MultBeats int   // data words of a group, beats of its multipliers; 0 without groups
	EntryBits             int   // of the GELU table
	Written               int64 // cycles from its last beat that a tile takes into its bank, beyond the least
}

// EntryBits is the bits of an entry of the GELU table in the stream: bytes, or fine codes.
func (s *Shape) EntryBits() int {
	if s.Dynamic {
		return configs.FineBits
	}
	return 8
}

// geluTable is the bits of a GELU table in the stream.
func (s *Shape) geluTable() int { return s.EntryBits() << s.GELUBits }

// Beats is the number of bus beats of the segment.
func (g Segment) Beats(busBits int) int {
	if g.Kind == SegGELU {
		return hwmodel.CeilDiv(g.EntryBits*g.Words, busBits)
	}
	return g.Tiles * g.tileBeats()
}

// tileBeats is the beats of one tile.
func (g Segment) tileBeats() int {
	beats := g.Params*g.ParamBeats + g.Words*g.WordBeats
	if g.GroupWords > 0 {
		beats += g.Words / g.GroupWords * g.MultBeats
	}
	return beats
}

// written is how much later than its last beat a tile of a layer is in its bank: where any layer's weights are in
// groups, words are multiplied first, which takes a cycle that only a tile of one word waits for, as its first word is
// its last.
func (s *Shape) written(inner int) int64 {
	if s.Groups && inner <= s.TK {
		return 1
	}
	return 0
}

// Segments is the read stream of one image in its order: the image, then everything the
// program reads, in the order in which it does. Of several images each but the first is read
// ahead, with the stream of the one before it (see Ahead).
func (s *Shape) Segments() []Segment {
	bus := s.Design.Engine.BusBits
	segs := []Segment{
		{Kind: SegImage, Op: 0, Tiles: 1, Words: s.ImageBeats, WordBeats: 1},
	}
	if s.Net.Positions {
		segs = append(segs, Segment{Kind: SegPos, Op: 1, Tiles: 1, Words: s.MTiles * s.Dim / s.VC,
			WordBeats: hwmodel.CeilDiv(s.VC*s.TM*configs.ResidualBits, bus)})
	}
	for _, op := range s.Net.Ops {
		switch {
		case op.Kind.IsNorm():
			segs = append(segs, Segment{Kind: SegNorm, Op: op.Index, Tiles: 1, Words: op.Cols,
				WordBeats: hwmodel.CeilDiv(normParamBits, bus)})
		case op.Kind == network.OpScores && op.Relative:
			for range op.Heads {
				segs = append(segs, Segment{Kind: SegBias, Op: op.Index, Tiles: 1, Words: s.BiasWords(),
					WordBeats: hwmodel.CeilDiv(s.biasWord(), bus)})
			}
		case op.Kind.HasWeights():
			if op.Kind == network.OpLinearGELU {
				segs = append(segs, Segment{Kind: SegGELU, Op: op.Index, Tiles: 1, Words: 1 << s.GELUBits, WordBeats: 1,
					EntryBits: s.EntryBits()})
			}
			l := s.bits[op.Layer]
			g := Segment{
				Kind: SegTiles, Op: op.Index, Tiles: hwmodel.CeilDiv(op.Cols, s.TN),
				Params: s.TN / s.ParamsPerWord(), ParamBeats: hwmodel.CeilDiv(s.ParamsPerWord()*s.ParamBits(), bus),
				Words: hwmodel.CeilDiv(op.Inner, s.TK), WordBeats: hwmodel.CeilDiv(s.TN*s.TK*l.Weights, bus),
				Format: s.format(l.Weights), Written: s.written(op.Inner),
			}
			if l.Granularity == configs.PerGroup {
				g.GroupWords, g.MultBeats = l.Group/s.TK, s.MultBeats()
			}
			segs = append(segs, g)
		}
	}
	return segs
}

// Ahead is where the next image comes in an image's stream: the segment that it is in front of,
// and the beats of the stream before it. The image buffer is free once the patches are gathered, and
// the array needs no weights, so the loader has the most time, during attention. So it
// is the last block's attention, in front of its projection.
func (s *Shape) Ahead() (segment, beats int) {
	for i, g := range s.Segments() {
		switch op := &s.Net.Ops[g.Op]; {
		case op.Role == network.RoleProj && op.Block == len(s.Net.Blocks)-1:
			return i, beats
		case g.Kind != SegImage:
			beats += g.Beats(s.Design.Engine.BusBits)
		}
	}
	panic("temporal: the stream has no projection")
}
