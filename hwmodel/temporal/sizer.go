package temporal

import (
	"math/bits"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// sizer counts the resources of engines. Engines of one schedule share what does not differ among them: their logic,
// and the buffers that are built from the same kind of memory are counted once for each widths.
type sizer struct {
	shape  Shape
	fabric fabric
	sizes  []hwmodel.Widths
	kinds  [3]configs.MemoryKind // of the engine: activations, weights, residual
	logic  int                   // of the engine, among the counts
	counts []hwmodel.Resources   // by what is counted, then by size
	known  []bool
	rows   map[configs.Engine]int // what is counted: an engine's logic, or buffers of one kind
	buffer [3]int                 // rows of the engine's buffers
	rest   int                    // row of the buffers that the engine does not choose
	format [16]int
}

// NewSizer makes a sizer for a network's numerics of these widths.
func (Engine) NewSizer(net *network.Network, part configs.Part, sizes []hwmodel.Widths) hwmodel.Sizer {
	return newSizer(net, part, sizes)
}

func newSizer(net *network.Network, part configs.Part, sizes []hwmodel.Widths) *sizer {
	return &sizer{fabric: newFabric(part), sizes: sizes, shape: *emptyShape(net)}
}

// sizerOf makes a sizer of one engine, for its shape.
func sizerOf(net *network.Network, part configs.Part, e configs.Engine) *sizer {
	z := newSizer(net, part, nil)
	z.shape.Design.Engine = e
	z.shape.geometry()
	return z
}

// Engine sets the engine, which must be legal for the model.
func (z *sizer) Engine(e configs.Engine) {
	s := &z.shape
	if z.rows == nil || (Engine{}).Schedule(e) != (Engine{}).Schedule(s.Design.Engine) {
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

func (z *sizer) row(what configs.Engine) int {
	n, known := z.rows[what]
	if !known {
		n = len(z.rows)
		z.rows[what] = n
		z.counts = append(z.counts, make([]hwmodel.Resources, len(z.sizes))...)
		z.known = append(z.known, make([]bool, len(z.sizes))...)
	}
	return n
}

// Resources is what the engine takes with the numerics of a size: Shape.Resources of any
// design that has both.
func (z *sizer) Resources(size int) hwmodel.Resources {
	rows := [...]int{z.logic, z.buffer[0], z.buffer[1], z.buffer[2], z.rest}
	var sum hwmodel.Resources
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
func (z *sizer) count(what int) hwmodel.Resources {
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
	bias := hwmodel.Memory{}
	if z.shape.Windowed {
		bias = z.shape.biasMemory()
	}
	z.shape.Design.Engine = e
	enter := func(m hwmodel.Memory) {
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

// widths sets what of the shape depends on the numerics.
func (z *sizer) widths(w hwmodel.Widths) {
	s := &z.shape
	s.setWidths(w)
	s.WeightFormats = z.format[:bits.OnesCount16(w.Formats)] // the formulas need their number
	bus := s.Design.Engine.BusBits
	s.AsmBeats = 1
	for _, word := range [...]int{s.ParamBits(), s.TN * s.TK * s.StoredBits, normParamBits} {
		s.AsmBeats = max(s.AsmBeats, hwmodel.CeilDiv(word, bus))
	}
	if s.Net.Positions {
		s.AsmBeats = max(s.AsmBeats, hwmodel.CeilDiv(s.VC*s.TM*configs.ResidualBits, bus))
	}
	if s.GroupBits > 0 {
		s.AsmBeats = max(s.AsmBeats, s.MultBeats())
	}
	if s.Windowed {
		s.AsmBeats = max(s.AsmBeats, hwmodel.CeilDiv(s.biasWord(), bus))
	}
}
