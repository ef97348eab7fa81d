package hwmodel

import (
	"vitdse/configs"
	"vitdse/configs/network"
)

// idealCycles is Cycles(IdealMemory) without the program: what a sweep asks for every point.
// It walks the network layer by layer; a test holds it equal to Timeline.
func (s *Shape) idealCycles() int64 {
	if !IdealMemory.prompt(s.Design.Engine.ReadFIFO) {
		return s.Cycles(IdealMemory)
	}
	var k Walk
	k.init(s)
	var c Clocks
	for i, l := range s.Net.Layers {
		if !l.Weights {
			continue
		}
		if kind := KindOf(l); kind == FirstKind {
			c = k.Start(StoredOf(s.bits[i]))
		} else {
			c = k.Advance(c, kind, StoredOf(s.bits[i]))
		}
	}
	return c[clkNow]
}

// normParamBits is the width of a channel's LayerNorm parameters in the stream: gamma, beta.
const normParamBits = 64

// tileBeats is the length of a tile column in the stream: parameters, then weights.
func (s *Shape) tileBeats(inner int, w Stored) int {
	bus := s.Design.Engine.BusBits
	beats := s.TN/s.ParamsPerWord()*CeilDiv(s.ParamsPerWord()*s.ParamBits(), bus) +
		CeilDiv(inner, s.TK)*CeilDiv(s.TN*s.TK*int(w.Bits), bus)
	if w.Group > 0 {
		beats += inner / int(w.Group) * s.MultBeats()
	}
	return beats
}

// streamBeats is the length of the read stream of an image, the image left out, and of its
// widest word. It counts Segments without listing them.
func (s *Shape) streamBeats() (total, widest int) {
	bus := s.Design.Engine.BusBits
	words := func(n, bits int) int {
		widest = max(widest, CeilDiv(bits, bus))
		return n * CeilDiv(bits, bus)
	}
	tiles := func(cols, inner int, w Stored) int {
		words(1, s.ParamBits())
		words(1, s.TN*s.TK*int(w.Bits))
		if w.Group > 0 {
			widest = max(widest, s.MultBeats())
		}
		return CeilDiv(cols, s.TN) * s.tileBeats(inner, w)
	}
	if s.Net.Positions {
		total = words(s.MTiles*s.Dim/s.VC, s.VC*s.TM*configs.ResidualBits)
	}
	for i := range s.Net.Ops {
		switch op := &s.Net.Ops[i]; {
		case op.Kind.IsNorm():
			total += words(op.Cols, normParamBits)
		case op.Kind == network.OpScores && op.Relative:
			total += words(op.Heads*s.BiasWords(), s.biasWord())
		case op.Kind.HasWeights():
			if op.Kind == network.OpLinearGELU {
				total += CeilDiv(8<<s.GELUBits, bus)
			}
			total += tiles(op.Cols, op.Inner, StoredOf(s.bits[op.Layer]))
		}
	}
	return total, widest
}

// Stored is all of a layer's weights that time and bytes depend on: their bits in the stream,
// and how many of them share a multiplier, 0 for none.
type Stored struct {
	Bits  uint8
	Group uint16
}

// StoredOf is how the weights of a layer are stored.
func StoredOf(l configs.LayerBits) Stored { return Stored{uint8(l.Weights), uint16(l.Group)} }
