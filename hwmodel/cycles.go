package hwmodel

import (
	"strings"

	"vitdse/configs"
)

// idealCycles is Cycles(IdealMemory) without the program: what a sweep asks for every point.
// It walks the network layer by layer; a test holds it equal to Timeline.
func (s *Shape) idealCycles() int64 {
	if !IdealMemory.prompt(s.Design.Engine.ReadFIFO) {
		return s.Cycles(IdealMemory)
	}
	var store [maxFastLayers]Stored
	w := s.layerWeights(store[:0])
	var k Walk
	k.init(s)
	c := k.Start(w[0])
	for b := range s.Model.Depth {
		for i, kind := range [...]LayerKind{WalkQKV, WalkProj, WalkFC1, WalkFC2} {
			c = k.Advance(c, kind, w[1+4*b+i])
		}
	}
	return k.Advance(c, WalkHead, w[len(w)-1])[clkNow]
}

// normParamBits is the width of a channel's LayerNorm parameters in the stream: gamma, beta.
const normParamBits = 64

// tileBeats is the length of a tile column in the stream: parameters, then weights.
func (s *Shape) tileBeats(inner int, w Stored) int {
	bus := s.Design.Engine.BusBits
	beats := s.TN/s.ParamsPerWord()*CeilDiv(s.ParamsPerWord()*s.ParamBits(), bus) + CeilDiv(inner, s.TK)*CeilDiv(s.TN*s.TK*int(w.Bits), bus)
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
	var store [maxFastLayers]Stored
	w := s.layerWeights(store[:0])
	total = words(s.MTiles*s.Dim/s.VC, s.VC*s.TM*configs.ResidualBits)
	total += tiles(s.Dim, s.Model.PatchInner(), w[0])
	for b := range s.Model.Depth {
		lw := w[1+4*b : 5+4*b]
		total += 2*words(s.Dim, normParamBits) + CeilDiv(8<<s.GELUBits, bus)
		total += 3*tiles(s.Dim, s.Dim, lw[0]) + tiles(s.Dim, s.Dim, lw[1])
		total += tiles(s.Hidden, s.Dim, lw[2]) + tiles(s.Dim, s.Hidden, lw[3])
	}
	return total + words(s.Dim, normParamBits) + tiles(s.Model.Classes, s.Dim, w[len(w)-1]), widest
}

// maxFastLayers is the number of layers for which layerWeights needs no allocation.
const maxFastLayers = 4*64 + 2

// Stored is all of a layer's weights that time and bytes depend on: their bits in the stream,
// and how many of them share a multiplier, 0 for none.
type Stored struct {
	Bits  uint8
	Group uint16
}

// StoredOf is how the weights of a layer are stored.
func StoredOf(l configs.LayerBits) Stored { return Stored{uint8(l.Weights), uint16(l.Group)} }

// layerWeights appends how the layers that have weights store them, in network order:
// patch embedding, then qkv, proj, fc1 and fc2 of every block, then the head.
func (s *Shape) layerWeights(buf []Stored) []Stored {
	n := 4*s.Model.Depth + 2
	if cap(buf) < n {
		buf = make([]Stored, n)
	}
	buf = buf[:n]
	for _, l := range s.Design.Numerics.Layers {
		if i := weightIndex(l.Name, s.Model.Depth); i >= 0 {
			buf[i] = StoredOf(l)
		}
	}
	return buf
}

// weightIndex is the place of a layer in layerWeights, -1 for attn.matmul.
func weightIndex(name string, depth int) int {
	rest, ok := strings.CutPrefix(name, "blocks.")
	if !ok {
		if name == configs.LayerHead {
			return 4*depth + 1
		}
		return 0
	}
	block, i := 0, 0
	for ; i < len(rest) && rest[i] != '.'; i++ {
		block = 10*block + int(rest[i]-'0')
	}
	for k, suffix := range [...]string{".attn.qkv", ".attn.proj", ".mlp.fc1", ".mlp.fc2"} {
		if rest[i:] == suffix {
			return 1 + 4*block + k
		}
	}
	return -1
}
