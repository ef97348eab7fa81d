package hwmodel

import (
	"math/bits"

	"vitdse/configs"
	"vitdse/configs/network"
)

// Widths is all of a design's numerics that an engine's resources depend on. Every number
// is the largest of what the layers ask for, so that the widths of a network are the Join of
// its layers'; MinProduct is the least, kept as its complement so that it joins alike.
//
// Two designs whose numerics have the same widths take the same resources on the same engine.
type Widths struct {
	Image, Act, Norm, QKV uint8  // bits of codes
	Weights               uint8  // bits, with their group's multiplier
	Acc                   uint8  // bits of the accumulators of layers with weights
	NarrowProduct         uint8  // 24 less the bits of the narrowest product
	Softmax, GELU         uint8  // bits
	Formats               uint16 // bit w is set for weights stored in w bits
	Groups                uint16 // bit w is set for weights stored in w bits with multipliers of groups
}

// LayerWidths are the widths that one layer asks for.
func LayerWidths(of network.Layer, l configs.LayerBits) Widths {
	a := uint8(l.Activations)
	w := Widths{Act: a}
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
	w.Acc = uint8(l.Activations + l.OperandBits() + CeilLog2(of.Inner))
	w.NarrowProduct = uint8(24 - l.OperandBits() - l.Activations)
	return w
}

// UnitWidths are the widths that the non-linear units ask for.
func UnitWidths(softmaxBits, geluBits int) Widths {
	return Widths{Softmax: uint8(softmaxBits), GELU: uint8(geluBits)}
}

// NumericsWidths are the widths of a whole choice of numerics, which must have every layer of the network.
func NumericsWidths(net *network.Network, n configs.Numerics) Widths {
	w := UnitWidths(n.SoftmaxBits, n.GELUBits)
	for i, l := range n.InOrder(net) {
		w = w.Join(LayerWidths(net.Layers[i], l))
	}
	return w
}

// Join is the widths that hold both.
func (w Widths) Join(o Widths) Widths {
	return Widths{
		Image: max(w.Image, o.Image), Act: max(w.Act, o.Act), Norm: max(w.Norm, o.Norm), QKV: max(w.QKV, o.QKV),
		Weights: max(w.Weights, o.Weights), Acc: max(w.Acc, o.Acc), NarrowProduct: max(w.NarrowProduct, o.NarrowProduct),
		Softmax: max(w.Softmax, o.Softmax), GELU: max(w.GELU, o.GELU),
		Formats: w.Formats | o.Formats, Groups: w.Groups | o.Groups,
	}
}

// Size is the widths of a design that takes the same resources: they depend on the number of
// formats and on the widest, and on the widest with groups, not on which the others are.
func (w Widths) Size() Widths {
	if w.Formats > 0 {
		w.Formats = 1<<(bits.Len16(w.Formats)-1) | 1<<(bits.OnesCount16(w.Formats)-1) - 1
	}
	if w.Groups > 0 {
		w.Groups = 1 << (bits.Len16(w.Groups) - 1)
	}
	return w
}

// Timed is all of the widths of a design's numerics that an engine's cycles depend on, in bits.
type Timed struct {
	Acc   uint8 // of the accumulators that the numerics ask for
	GELU  uint8 // of the GELU table's index
	Score uint8 // of a score with its bias, 0 where scores have none
}

// Timed is what of the widths time depends on.
func (w Widths) Timed(net *network.Network) Timed {
	t := Timed{Acc: uint8(w.AccBits(net)), GELU: w.GELU}
	if net.Blocks[0].Window > 0 {
		t.Score = uint8(w.biasedScoreBits(widestHead(net)))
	}
	return t
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

// Timing is all of a design's numerics that an engine's cycles depend on: two designs of one
// Schedule and one Timing take the same.
type Timing struct {
	Timed
	Weights string
}

// TimingOf is the Timing of a choice of numerics, whose layers are in the network's order.
func TimingOf(net *network.Network, n configs.Numerics) Timing {
	w := NumericsWidths(net, n)
	weights := make([]byte, 0, 3*len(n.Layers))
	for _, l := range n.Layers {
		stored := StoredOf(l)
		weights = append(weights, stored.Bits, byte(stored.Group), byte(stored.Group>>8))
	}
	return Timing{w.Timed(net), string(weights)}
}

// Within says whether numerics of widths w ask for nothing that o does not.
func (w Widths) Within(o Widths) bool { return w.Join(o) == o }

// AccBits is the width of the accumulators, attention's included.
func (w Widths) AccBits(net *network.Network) int {
	return max(int(w.Acc), w.scoreBits(widestHead(net)),
		int(w.Softmax)+1+int(w.QKV)+CeilLog2(net.Blocks[0].WindowTokens()))
}

// accumulator is the width of an engine's accumulators.
func (w Widths) accumulator(net *network.Network, e *configs.Engine) int {
	return max(w.AccBits(net), e.AccumulatorBits)
}

func (w Widths) scoreBits(headDim int) int { return 2*int(w.QKV) + CeilLog2(headDim) }

// biasedScoreBits is the width of a score with a bias as large as the largest score.
func (w Widths) biasedScoreBits(headDim int) int { return w.scoreBits(headDim) + 1 }

// Sizer counts the resources of engines for one model on one part with numerics of given
// widths: what a search asks for millions of times. Engines of one schedule share what does
// not differ among them: their logic, and the buffers that are built from the same kind of
// memory are counted once for each widths. It belongs to one goroutine.
type Sizer struct {
	shape  Shape
	fabric fabric
	sizes  []Widths
	kinds  [3]configs.MemoryKind // of the engine: activations, weights, residual
	logic  int                   // of the engine, among the counts
	counts []Resources           // by what is counted, then by size
	known  []bool
	rows   map[configs.Engine]int // what is counted: an engine's logic, or buffers of one kind
	buffer [3]int                 // rows of the engine's buffers
	rest   int                    // row of the buffers that the engine does not choose
	format [16]int
}

// Schedule is the engine without what its schedule does not depend on: what its multipliers
// and buffers are built from, but for how long DSPs that sum in a cascade take (Shape.Late). A field that is
// not named here counts as part of the schedule.
func Schedule(e configs.Engine) configs.Engine {
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

// NewSizer makes a Sizer for a network's numerics of these widths.
func NewSizer(net *network.Network, part configs.Part, sizes []Widths) *Sizer {
	return &Sizer{fabric: newFabric(part), sizes: sizes, shape: *emptyShape(net)}
}

// sizerOf makes a Sizer of one engine, for its shape.
func sizerOf(net *network.Network, part configs.Part, e configs.Engine) *Sizer {
	z := NewSizer(net, part, nil)
	z.shape.Design.Engine = e
	z.shape.geometry()
	return z
}

// Engine sets the engine, which must be legal for the model.
func (z *Sizer) Engine(e configs.Engine) {
	s := &z.shape
	if z.rows == nil || Schedule(e) != Schedule(s.Design.Engine) {
		z.rows, z.counts, z.known = map[configs.Engine]int{}, z.counts[:0], z.known[:0]
	}
	s.Design.Engine = e
	s.geometry()
	z.kinds = [3]configs.MemoryKind{e.Activations, e.Weights, e.Residual}
	logic := e
	logic.Activations, logic.Weights, logic.Residual = "", "", ""
	z.logic = z.row(logic)
	z.buffer = [3]int{z.row(configs.Engine{Activations: e.Activations}), z.row(configs.Engine{Weights: e.Weights}),
		z.row(configs.Engine{Residual: e.Residual})}
	z.rest = z.row(configs.Engine{})
}

func (z *Sizer) row(what configs.Engine) int {
	n, known := z.rows[what]
	if !known {
		n = len(z.rows)
		z.rows[what] = n
		z.counts = append(z.counts, make([]Resources, len(z.sizes))...)
		z.known = append(z.known, make([]bool, len(z.sizes))...)
	}
	return n
}

// geometry is what of the shape depends on the engine alone.
func (s *Shape) geometry() {
	e := s.Design.Engine
	s.TM, s.TN, s.TK, s.VC = e.TM, e.TN, e.TK, e.Columns()
	s.KeyBanks, s.KeySegments = max(1, e.TN/e.TM), max(1, e.TM/e.TN)
	s.MTiles = CeilDiv(s.Tokens, s.TM)
	s.buffers()
	s.ImageBeats = CeilDiv(8*s.Net.Model.Image.Pixels(), e.BusBits)
	s.ResultBeats = CeilDiv(32*s.Net.Model.Classes, e.BusBits)
}

// Resources is what the engine takes with the numerics of a size: Shape.Resources of any
// design that has both.
func (z *Sizer) Resources(size int) Resources {
	rows := [...]int{z.logic, z.buffer[0], z.buffer[1], z.buffer[2], z.rest}
	var sum Resources
	set := false
	for i, row := range rows {
		at := row*len(z.sizes) + size
		if !z.known[at] {
			if !set {
				z.widths(z.sizes[size])
				set = true
			}
			z.counts[at], z.known[at] = z.count(i-1), true
		}
		sum = sum.Add(z.counts[at])
	}
	return sum
}

// count counts the logic for -1, the buffers of one of the three kinds the engine chooses,
// or for 3 the others.
func (z *Sizer) count(what int) Resources {
	var l ledger
	if what < 0 {
		z.shape.logic(&l, z.fabric)
		return l.sum
	}
	// Which buffers follow which choice is read off a list with marks for kinds.
	e := z.shape.Design.Engine
	marks := [3]configs.MemoryKind{"activations", "weights", "residual"}
	marked := &z.shape.Design.Engine
	marked.Activations, marked.Weights, marked.Residual = marks[0], marks[1], marks[2]
	list := z.shape.memories()
	bias := Memory{}
	if z.shape.Windowed {
		bias = z.shape.biasMemory()
	}
	z.shape.Design.Engine = e
	enter := func(m Memory) {
		class := 3
		for i, mark := range marks {
			if m.Kind == mark {
				class, m.Kind = i, z.kinds[i]
			}
		}
		if class == what {
			l.add(m.Name, z.fabric.memory(m))
		}
	}
	for _, m := range list {
		enter(m)
	}
	if z.shape.Windowed {
		enter(bias)
	}
	return l.sum
}

// setWidths sets what of the shape depends on the widths alone.
func (s *Shape) setWidths(w Widths) {
	s.ImageBits, s.ActBits, s.NormBits, s.QKVBits = int(w.Image), int(w.Act), int(w.Norm), int(w.QKV)
	s.NormOut = max(s.NormBits, s.least)
	s.WBits, s.NumBits, s.GELUBits = int(w.Weights), int(w.Softmax), int(w.GELU)
	s.StoredBits, s.GroupBits = bits.Len16(w.Formats)-1, max(0, bits.Len16(w.Groups)-1)
	s.ExpBits = ExpIndexBits(s.NumBits)
	s.MinProductBits = 24 - int(w.NarrowProduct)
	s.ScoreBits, s.AccBits = w.scoreBits(s.HeadDim), w.accumulator(s.Net, &s.Design.Engine)
	if s.Windowed {
		s.ScoreBits = w.biasedScoreBits(s.HeadDim)
	}
	s.ABits, s.BBits = max(s.ActBits, s.NumBits+1), max(s.WBits, s.QKVBits)
	s.OutBits = max(configs.LogitBits, s.ScoreBits)
}

// setTimed sets what of the shape time depends on of the widths.
func (s *Shape) setTimed(t Timed) {
	s.AccBits, s.GELUBits, s.ScoreBits = max(int(t.Acc), s.Design.Engine.AccumulatorBits), int(t.GELU), int(t.Score)
}

// widths sets what of the shape depends on the numerics.
func (z *Sizer) widths(w Widths) {
	s := &z.shape
	s.setWidths(w)
	s.WeightFormats = z.format[:bits.OnesCount16(w.Formats)] // the formulas need their number
	bus := s.Design.Engine.BusBits
	s.AsmBeats = 1
	for _, word := range [...]int{s.ParamBits(), s.TN * s.TK * s.StoredBits, normParamBits} {
		s.AsmBeats = max(s.AsmBeats, CeilDiv(word, bus))
	}
	if s.Net.Positions {
		s.AsmBeats = max(s.AsmBeats, CeilDiv(s.VC*s.TM*configs.ResidualBits, bus))
	}
	if s.GroupBits > 0 {
		s.AsmBeats = max(s.AsmBeats, s.MultBeats())
	}
	if s.Windowed {
		s.AsmBeats = max(s.AsmBeats, CeilDiv(s.biasWord(), bus))
	}
}

// Use is the share of a budget that resources take.
func (r Resources) Use(b configs.Budget) Utilisation { return r.of(b) }
