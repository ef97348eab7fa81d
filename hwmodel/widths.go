package hwmodel

import (
	"math/bits"

	"vitdse/configs"
)

// Widths is all of a design's numerics that an engine's resources depend on. Every number
// is the largest of what the layers ask for, so that the widths of a network are the Join of
// its layers'; MinProduct is the least, kept as its complement so that it joins alike.
//
// Two designs whose numerics have the same widths take the same resources on the same engine.
type Widths struct {
	Image, Act, Norm, QKV uint8  // bits of codes
	Weights               uint8  // bits
	Acc                   uint8  // bits of the accumulators of layers with weights
	NarrowProduct         uint8  // 16 less the bits of the narrowest product
	Softmax, GELU         uint8  // bits
	Formats               uint16 // bit w is set for weights of w bits
}

// LayerWidths are the widths that one layer asks for.
func LayerWidths(m configs.Model, l configs.LayerBits) Widths {
	a := uint8(l.Activations)
	w := Widths{Act: a}
	if isNormOutput(l.Name) {
		w.Norm = a
	}
	if !configs.HasWeights(l.Name) {
		w.QKV = a
		return w
	}
	if l.Name == configs.LayerPatchEmbed {
		w.Image = a
	}
	w.Weights = uint8(l.Weights)
	w.Formats = 1 << l.Weights
	w.Acc = uint8(l.Activations + l.Weights + CeilLog2(innerOf(m, l.Name)))
	w.NarrowProduct = uint8(16 - l.Weights - l.Activations)
	return w
}

// UnitWidths are the widths that the non-linear units ask for.
func UnitWidths(softmaxBits, geluBits int) Widths {
	return Widths{Softmax: uint8(softmaxBits), GELU: uint8(geluBits)}
}

// NumericsWidths are the widths of a whole choice of numerics.
func NumericsWidths(m configs.Model, n configs.Numerics) Widths {
	w := UnitWidths(n.SoftmaxBits, n.GELUBits)
	for _, l := range n.Layers {
		w = w.Join(LayerWidths(m, l))
	}
	return w
}

// Join is the widths that hold both.
func (w Widths) Join(o Widths) Widths {
	return Widths{
		Image: max(w.Image, o.Image), Act: max(w.Act, o.Act), Norm: max(w.Norm, o.Norm), QKV: max(w.QKV, o.QKV),
		Weights: max(w.Weights, o.Weights), Acc: max(w.Acc, o.Acc), NarrowProduct: max(w.NarrowProduct, o.NarrowProduct),
		Softmax: max(w.Softmax, o.Softmax), GELU: max(w.GELU, o.GELU), Formats: w.Formats | o.Formats,
	}
}

// Within says whether numerics of widths w ask for nothing that o does not.
func (w Widths) Within(o Widths) bool { return w.Join(o) == o }

// AccBits is the width of the accumulators, attention's included.
func (w Widths) AccBits(m configs.Model) int {
	return max(int(w.Acc), w.scoreBits(m), int(w.Softmax)+1+int(w.QKV)+CeilLog2(m.Tokens()))
}

func (w Widths) scoreBits(m configs.Model) int { return 2*int(w.QKV) + CeilLog2(m.HeadDim()) }

// innerOf is the number of products of a layer's matmul.
func innerOf(m configs.Model, layer string) int {
	return (&Shape{Model: m, HeadDim: m.HeadDim(), Hidden: m.Hidden(), Dim: m.Dim}).inner(layer)
}

// Sizer counts the resources of engines for one model on one part, for any widths: what a
// search asks for millions of times. It belongs to one goroutine.
type Sizer struct {
	shape   Shape
	fabric  fabric
	formats [16]int
}

// NewSizer makes a Sizer.
func NewSizer(m configs.Model, part configs.Part) *Sizer {
	z := &Sizer{fabric: newFabric(part)}
	z.shape = Shape{Model: m, Tokens: m.Tokens(), Dim: m.Dim, HeadDim: m.HeadDim(), Hidden: m.Hidden()}
	return z
}

// Engine sets the engine, which must be legal for the model.
func (z *Sizer) Engine(e configs.Engine) {
	s := &z.shape
	s.Design.Engine = e
	s.TM, s.TN, s.TK = e.TM, e.TN, e.TK
	s.KeyBanks, s.KeySegments = max(1, e.TN/e.TM), max(1, e.TM/e.TN)
	s.MTiles = CeilDiv(s.Tokens, s.TM)
	s.buffers()
	s.ImageBeats = CeilDiv(8*s.Model.Image.Pixels(), e.BusBits)
	s.ResultBeats = CeilDiv(32*s.Model.Classes, e.BusBits)
}

// Resources is what the engine takes with numerics of these widths: Shape.Resources of any
// design that has both.
func (z *Sizer) Resources(w Widths) Resources {
	s := &z.shape
	s.ImageBits, s.ActBits, s.NormBits, s.QKVBits = int(w.Image), int(w.Act), int(w.Norm), int(w.QKV)
	s.WBits, s.NumBits, s.GELUBits = int(w.Weights), int(w.Softmax), int(w.GELU)
	s.ExpBits = ExpIndexBits(s.NumBits)
	s.MinProductBits = 16 - int(w.NarrowProduct)
	s.ScoreBits, s.AccBits = w.scoreBits(s.Model), w.AccBits(s.Model)
	s.ABits, s.BBits = max(s.ActBits, s.NumBits+1), max(s.WBits, s.QKVBits)
	s.OutBits = max(configs.LogitBits, s.ScoreBits)
	s.WeightFormats = z.formats[:bits.OnesCount16(w.Formats)] // the formulas need their number
	bus := s.Design.Engine.BusBits
	s.AsmBeats = 1
	for _, word := range [...]int{s.TM * configs.ResidualBits, s.ParamBits(), s.TN * s.TK * s.WBits, normParamBits} {
		s.AsmBeats = max(s.AsmBeats, CeilDiv(word, bus))
	}
	l := ledger{}
	s.charge(&l, z.fabric)
	return l.sum
}

// Use is the share of a budget that resources take.
func (r Resources) Use(b configs.Budget) Utilisation { return r.of(b) }
