package temporal

import (
	"fmt"
	"math/bits"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// LayerWidths are the widths that one layer asks for.
func (Engine) LayerWidths(of network.Layer, l configs.LayerBits) hwmodel.Widths {
	a := uint8(l.Activations)
	w := hwmodel.Widths{Act: a}
	if of.Role.AfterNorm() {
		w.Norm = a
	}
	if !of.Weights {
		w.QKV = a
		return w
	}
	if of.Role == network.EmbedLayer {
		w.Image = a
	}
	w.Weights = uint8(l.OperandBits())
	w.Formats = 1 << l.Weights
	if l.Granularity == configs.PerGroup {
		w.Groups = w.Formats
	}
	w.Acc = uint8(l.Activations + l.OperandBits() + hwmodel.CeilLog2(of.Inner))
	w.NarrowProduct = uint8(24 - l.OperandBits() - l.Activations)
	return w
}

// UnitWidths are the widths that numerics ask for whatever their layers' are.
func (Engine) UnitWidths(n configs.Numerics) hwmodel.Widths {
	return hwmodel.Widths{Softmax: uint8(n.SoftmaxBits), GELU: uint8(n.GELUBits), Dynamic: dynamic(n.Quantizer)}
}

// dynamic says whether tokens find their own scales.
func dynamic(q configs.Quantizer) bool { return q.TokenScales == configs.DynamicScales }

// NumericsWidths are the widths of a whole choice of numerics, which must have every layer of the network.
func (t Engine) NumericsWidths(net *network.Network, n configs.Numerics) hwmodel.Widths {
	w := t.UnitWidths(n)
	for i, l := range n.InOrder(net) {
		w = w.Join(t.LayerWidths(net.Layers[i], l))
	}
	return w
}

// Size is the widths of a design that takes the same resources: these depend on the number of
// formats and on the widest, and on the widest with groups, not on which the others are.
func (Engine) Size(w hwmodel.Widths) hwmodel.Widths {
	if w.Formats > 0 {
		w.Formats = 1<<(bits.Len16(w.Formats)-1) | 1<<(bits.OnesCount16(w.Formats)-1) - 1
	}
	if w.Groups > 0 {
		w.Groups = 1 << (bits.Len16(w.Groups) - 1)
	}
	return w
}

// Timed is what of the widths time depends on.
func (Engine) Timed(net *network.Network, w hwmodel.Widths) hwmodel.Timed {
	t := hwmodel.Timed{Acc: uint8(wideBits(net, w)), GELU: w.GELU, Dynamic: w.Dynamic}
	if net.Blocks[0].Window > 0 {
		t.Score = uint8(biasedScoreBits(w, widestHead(net)))
	}
	t.Groups = w.Groups > 0 && mayBeOneWord(net)
	return t
}

// mayBeOneWord says whether on some array a tile of a layer has a single word of weights: tk divides a head's channels.
func mayBeOneWord(net *network.Network) bool {
	for i := range net.Ops {
		if op := &net.Ops[i]; op.Kind.HasWeights() && op.Inner <= net.Blocks[0].HeadDim() {
			return true
		}
	}
	return false
}

// widestHead is the channels of the widest head.
func widestHead(net *network.Network) int {
	widest := net.Blocks[0].HeadDim()
	if len(net.Stages) > 1 {
		for i := range net.Blocks {
			widest = max(widest, net.Blocks[i].HeadDim())
		}
	}
	return widest
}

// TimingOf is the Timing of a choice of numerics, whose layers are in the network's order.
func (t Engine) TimingOf(net *network.Network, n configs.Numerics) hwmodel.Timing {
	w := t.NumericsWidths(net, n)
	weights := make([]byte, 0, 3*len(n.Layers))
	for _, l := range n.Layers {
		stored := hwmodel.StoredOf(l)
		weights = append(weights, stored.Bits, byte(stored.Group), byte(stored.Group>>8))
	}
	return hwmodel.Timing{Timed: t.Timed(net, w), Weights: string(weights)}
}

// accBits is the width of the accumulators that widths ask for, attention's included.
func accBits(net *network.Network, w hwmodel.Widths) int {
	return max(int(w.Acc), scoreBits(w, widestHead(net)),
		int(w.Softmax)+1+int(w.QKV)+hwmodel.CeilLog2(net.Blocks[0].WindowTokens()))
}

// wideBits is the width of what widths have the requantizer take. A token's codes times its power of two are no wider
// than its fine ones.
func wideBits(net *network.Network, w hwmodel.Widths) int {
	acc := accBits(net, w)
	if !w.Dynamic {
		return acc
	}
	inner := 0
	for i := 1; i < len(net.Layers); i++ {
		inner = max(inner, net.Layers[i].Inner)
	}
	return max(acc, int(w.Weights)+configs.FineBits+hwmodel.CeilLog2(inner))
}

func scoreBits(w hwmodel.Widths, headDim int) int { return 2*int(w.QKV) + hwmodel.CeilLog2(headDim) }

// biasedScoreBits is the width of a score with a bias as large as the largest score.
func biasedScoreBits(w hwmodel.Widths, headDim int) int { return scoreBits(w, headDim) + 1 }

// setWidths sets what of the shape depends on the widths alone.
func (s *Shape) setWidths(w hwmodel.Widths) {
	s.ImageBits, s.ActBits, s.NormBits, s.QKVBits = int(w.Image), int(w.Act), int(w.Norm), int(w.QKV)
	s.CodeBits = s.ActBits
	if s.Dynamic = w.Dynamic; s.Dynamic {
		s.ActBits, s.NormBits = configs.FineBits, configs.FineBits
	}
	s.NormOut = max(s.NormBits, s.least)
	s.WBits, s.NumBits, s.GELUBits = int(w.Weights), int(w.Softmax), int(w.GELU)
	s.StoredBits, s.GroupBits = bits.Len16(w.Formats)-1, max(0, bits.Len16(w.Groups)-1)
	s.Groups = s.GroupBits > 0
	s.ExpBits = ExpIndexBits(s.NumBits)
	s.MinProductBits = 24 - int(w.NarrowProduct)
	s.ScoreBits, s.AccBits = scoreBits(w, s.HeadDim), accBits(s.Net, w)
	s.WideBits = max(wideBits(s.Net, w), s.Design.Engine.AccumulatorBits)
	if !s.Dynamic { // else biases are not the array's
		s.AccBits = s.WideBits
	}
	if s.Windowed {
		s.ScoreBits = biasedScoreBits(w, s.HeadDim)
	}
	s.ABits, s.BBits = max(s.CodeBits, s.NumBits+1), max(s.WBits, s.QKVBits)
	s.OutBits = max(configs.LogitBits, s.ScoreBits)
}

// setTimed sets what of the shape time depends on of the widths.
func (s *Shape) setTimed(t hwmodel.Timed) {
	s.WideBits, s.GELUBits, s.ScoreBits = max(int(t.Acc), s.Design.Engine.AccumulatorBits), int(t.GELU), int(t.Score)
	s.Dynamic, s.Groups = t.Dynamic, t.Groups
}

// geometry is what of the shape depends on the engine alone.
func (s *Shape) geometry() {
	e := s.Design.Engine
	s.TM, s.TN, s.TK, s.VC = e.TM, e.TN, e.TK, e.Columns()
	s.KeyBanks, s.KeySegments = max(1, e.TN/e.TM), max(1, e.TM/e.TN)
	s.MTiles = hwmodel.CeilDiv(s.Tokens, s.TM)
	s.buffers()
	s.ImageBeats = hwmodel.CeilDiv(8*s.Net.Model.Image.Pixels(), e.BusBits)
	s.ResultBeats = hwmodel.CeilDiv(32*s.Net.Model.Classes, e.BusBits)
}

// Schedule is the engine without what its schedule does not depend on: what its multipliers
// and buffers are built from, but for how long DSPs that sum in a cascade take (Shape.Late). A field that is
// not named here counts as part of the schedule.
func (Engine) Schedule(e configs.Engine) configs.Engine {
	switch {
	case late(&e) == 0:
		e.Packing = configs.PackDSP48E1 // which is never late
	case e.Packing != configs.PackDSP48E2:
		e.Packing = ""
	}
	e.Multiplier, e.LUTColumns = "", 0
	e.Activations, e.Weights, e.Residual = "", "", ""
	return e
}

// lowBits are those of an operand's low part where a product takes two multiplier blocks, in vit_multiply.
const lowBits = 17

// Multiplied says why a part's multiplier blocks do not take what is requantized, nil if two of them do.
func (s *Shape) Multiplied(part configs.Part) error {
	most := max(part.DSP.ABits, part.DSP.BBits) + lowBits
	if part.Budget.DSP == 0 || s.WideBits <= most {
		return nil
	}
	return fmt.Errorf("the requantizer multiplies sums of %d bits; two multiplier blocks of part %s take %d: "+
		"use weights of fewer bits, an engine.accumulator_bits of at most %d, or static token_scales",
		s.WideBits, part.Name, most, most)
}
