package temporal

import (
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// idealCycles is Cycles(IdealMemory) without the program: what a sweep asks for every point.
// It walks the network layer by layer; a test holds it equal to Timeline.
func (s *Shape) idealCycles() int64 {
	if !prompt(hwmodel.IdealMemory, s.Design.Engine.ReadFIFO) {
		return s.Cycles(hwmodel.IdealMemory)
	}
	var k walk
	k.init(s)
	var c hwmodel.Clocks
	for i, l := range s.Net.Layers {
		if !l.Weights {
			continue
		}
		if kind := hwmodel.KindOf(l); kind == hwmodel.FirstKind {
			c = k.Start(hwmodel.StoredOf(s.bits[i]))
		} else {
			c = k.Advance(c, kind, hwmodel.StoredOf(s.bits[i]))
		}
	}
	return c[clkNow]
}

// normParamBits is the width of a channel's LayerNorm parameters in the stream: gamma, beta.
const normParamBits = 64

// tileBeats is the length of a tile column in the stream: parameters, then weights.
func (s *Shape) tileBeats(inner int, w hwmodel.Stored) int {
	bus := s.Design.Engine.BusBits
	beats := s.TN/s.ParamsPerWord()*hwmodel.CeilDiv(s.ParamsPerWord()*s.ParamBits(), bus) +
		hwmodel.CeilDiv(inner, s.TK)*hwmodel.CeilDiv(s.TN*s.TK*int(w.Bits), bus)
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
		widest = max(widest, hwmodel.CeilDiv(bits, bus))
		return n * hwmodel.CeilDiv(bits, bus)
	}
	tiles := func(cols, inner int, w hwmodel.Stored) int {
		words(1, s.ParamBits())
		words(1, s.TN*s.TK*int(w.Bits))
		if w.Group > 0 {
			widest = max(widest, s.MultBeats())
		}
		return hwmodel.CeilDiv(cols, s.TN) * s.tileBeats(inner, w)
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
				total += hwmodel.CeilDiv(s.geluTable(), bus)
			}
			total += tiles(op.Cols, op.Inner, hwmodel.StoredOf(s.bits[op.Layer]))
		}
	}
	return total, widest
}
