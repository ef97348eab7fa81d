package hwmodel

import (
	"vitdse/configs"
)

// Clocks is the state of the engine between two layers: what the rest of an image's time
// depends on, in cycles. Clocks[0] is the end of the last op. Every later time is a maximum
// of sums of these and constants, so that
//
//   - clocks that are nowhere later end nowhere later, whatever layers follow, and
//   - clocks that are all later by n end later by n.
//
// A clock that can no longer hold anything up stands at the value from which it could, so
// that engines in the same situation have the same differences between their clocks.
type Clocks [6]int64

// Clocks by name.
const (
	clkNow    = iota // end of the last op
	clkLoader        // the loader may claim the next buffer two cycles later
	clkFree0         // the last tile column was drained
	clkFree1         // the one before it was
	clkNorm          // the LayerNorm parameters were given back
	clkGELU          // the GELU table was given back
)

// LayerKind is a layer with weights, with what runs before it since the last one.
type LayerKind int

// The layers of a walk: PatchEmbed once; then QKV, Proj, FC1 and FC2 a block; then Head.
const (
	WalkPatchEmbed LayerKind = iota // loading the image, patches, embedding
	WalkQKV                         // norm1, q, k, v and attention's own matmuls
	WalkProj
	WalkFC1 // norm2, fc1 and GELU
	WalkFC2
	WalkHead // the last norm, the head, and the store of the result
	walkKinds
)

// Walk is the schedule of one engine for one model as a machine that is advanced layer by
// layer. The memory is ideal, and the read FIFO never runs dry (see Walkable). What depends
// on the numerics is the number of bits of each layer's weights, which Advance is told, and
// the accumulators and GELU table, which the walk is made for. It is read-only.
type Walk struct {
	banks             int
	first             int64 // arrival of the stream's first beat
	imageBeats        int64
	patches           int64 // cycles from the start of the op to its end
	pos               int64 // beats
	norm, gelu        int64 // beats
	normRows, normOne int64 // cycles of LayerNorm on all rows, and on one tile of rows
	attention         int64
	store             int64
	passes            [walkKinds][3]pass // the matmuls of a layer in their order
	count             [walkKinds]int
	column            [walkKinds][maxWeightBits + 1]int64 // beats of a tile column by weight bits
	readBeats         [walkKinds][maxWeightBits + 1]int64 // of the whole layer
	fixedBeats        int64                               // read whatever the bits
	depth             int
	busBytes          int64
	resultBeats       int64
}

// maxWeightBits bounds the bits of a stored weight.
const maxWeightBits = 8

// pass is one matmul by weights: its tile columns' constants.
type pass struct {
	columns            int
	full, last         int64 // cycles of all tiles of a column, of a full one and of the last
	drainFull, drainTo int64 // from the end of these to the column drained
}

// Walkable says whether a walk gives the engine's time on a part: not if the part's memory
// is slower than the bus, or a FIFO too short even for an ideal one.
func Walkable(e configs.Engine, clockMHz float64, part configs.Part) bool {
	return IdealMemory.prompt(e.ReadFIFO) && part.BandwidthGBs*1e9 >= float64(e.BusBits)/8*clockMHz*1e6
}

// NewWalk makes the walk of an engine with numerics that have these widths, of which only
// those of accumulators and GELU table matter.
func NewWalk(m configs.Model, e configs.Engine, w Widths) *Walk {
	s := &NewSizer(m, configs.Part{}, nil).shape
	s.Design.Engine = e
	s.geometry()
	s.AccBits, s.GELUBits = w.AccBits(m), int(w.GELU)
	bus := e.BusBits
	rows := func(tiles int) int64 { return int64(tiles*(2*s.Dim+s.TM+normTile)) + 1 }
	k := &Walk{
		banks: e.WeightBuffers, first: int64(IdealMemory.Latency) + 3, depth: m.Depth,
		imageBeats: int64(CeilDiv(8*m.Image.Pixels(), bus)), patches: int64(s.MTiles*s.TM*m.PatchInner()) + patchTail,
		pos:  int64(s.MTiles * s.Dim * CeilDiv(s.TM*configs.ResidualBits, bus)),
		norm: int64(s.Dim * CeilDiv(normParamBits, bus)), gelu: int64(1) << s.GELUBits,
		normRows: rows(s.MTiles), normOne: rows(1), attention: s.attentionCycles(),
		busBytes: int64(bus / 8), resultBeats: int64(CeilDiv(32*m.Classes, bus)),
	}
	s.ResultBeats = int(k.resultBeats)
	k.store = (&timeline{s: s, mem: IdealMemory}).store()
	k.fixedBeats = k.imageBeats + k.pos + int64(m.Depth)*(2*k.norm+int64(CeilDiv(8<<s.GELUBits, bus))) + k.norm
	d, hidden := s.Dim, s.Hidden
	k.layer(s, WalkPatchEmbed, s.Tokens, d, m.PatchInner(), ToResidual)
	k.layer(s, WalkQKV, s.Tokens, d, d, ToAct, ToKeys, ToValues)
	k.layer(s, WalkProj, s.Tokens, d, d, ToResidual)
	k.layer(s, WalkFC1, s.Tokens, hidden, d, ToAct)
	k.layer(s, WalkFC2, s.Tokens, d, hidden, ToResidual)
	k.layer(s, WalkHead, 1, m.Classes, d, ToLogits)
	return k
}

func (k *Walk) layer(s *Shape, kind LayerKind, rows, cols, inner int, to ...int) {
	for i, dst := range to {
		p := Step{To: dst}
		s.tiles(&p, cols, inner, 0)
		mt, passes := int64(CeilDiv(rows, s.TM)), int64(1)
		if dst == ToValues {
			passes = int64(s.TM / s.TK)
		}
		tail := int64(p.KT) - 1 + s.arrayLatency() - 1
		k.passes[kind][i] = pass{
			columns: p.NT, full: mt * int64(p.PeriodFull), last: mt * int64(p.PeriodLast),
			drainFull: tail + int64(p.ColumnsFull)*passes - int64(p.PeriodFull),
			drainTo:   tail + int64(p.ColumnsLast)*passes - int64(p.PeriodLast),
		}
	}
	k.count[kind] = len(to)
	for bits := 1; bits <= maxWeightBits; bits++ {
		k.column[kind][bits] = int64(s.tileBeats(inner, bits))
		k.readBeats[kind][bits] = int64(len(to)*CeilDiv(cols, s.TN)) * k.column[kind][bits]
	}
}

// Start is the clocks behind the patch embedding, with weights of so many bits.
func (k *Walk) Start(bits int) Clocks {
	const never = -1 << 40
	c := Clocks{clkFree0: never, clkFree1: never, clkNorm: never, clkGELU: never}
	last := max(1, k.first) + k.imageBeats - 1
	c[clkLoader] = last + 1
	c[clkNow] = max(opTurnaround, last+loadedToReady) + 1 + k.patches
	start := c.load(k.pos)
	k.matmuls(&c, start, WalkPatchEmbed, bits)
	return c.settled()
}

// Advance runs one layer with weights of so many bits.
func (k *Walk) Advance(c Clocks, kind LayerKind, bits int) Clocks {
	start := c[clkNow] + opTurnaround + 1
	switch kind {
	case WalkQKV:
		c.normalise(k.norm, k.normRows)
		start = c[clkNow] + opTurnaround + 1
	case WalkFC1:
		c.normalise(k.norm, k.normRows)
		c[clkLoader] = max(c[clkLoader], c[clkGELU]-1)
		start = c.load(k.gelu)
	case WalkHead:
		c.normalise(k.norm, k.normOne)
		start = c[clkNow] + opTurnaround + 1
	}
	k.matmuls(&c, start, kind, bits)
	switch kind {
	case WalkQKV:
		c[clkNow] += k.attention
	case WalkFC1:
		c[clkGELU] = c[clkNow]
	case WalkHead:
		c[clkNow] += opTurnaround + 1 + k.store
	}
	return c.settled()
}

// Bytes is what a layer with weights of so many bits reads from off-chip memory.
func (k *Walk) Bytes(kind LayerKind, bits int) int64 { return k.readBeats[kind][bits] * k.busBytes }

// FixedBytes is what an image reads and writes besides its layers' Bytes.
func (k *Walk) FixedBytes() int64 { return (k.fixedBeats + k.resultBeats) * k.busBytes }

// load fills a buffer with so many beats and is the start of the op that reads it.
func (c *Clocks) load(beats int64) int64 {
	last := c[clkLoader] + 2 + beats
	c[clkLoader] = last + 1
	return max(c[clkNow]+opTurnaround, last+loadedToReady) + 1
}

// normalise runs a LayerNorm.
func (c *Clocks) normalise(beats, cycles int64) {
	c[clkLoader] = max(c[clkLoader], c[clkNorm]-1)
	c[clkNow] = c.load(beats) + cycles
	c[clkNorm] = c[clkNow]
}

// settled raises clocks that hold nothing up to where they would begin to.
func (c Clocks) settled() Clocks {
	for i := clkFree0; i < len(c); i++ {
		c[i] = max(c[i], c[clkLoader]+1)
	}
	return c
}

// matmuls runs the matmuls of a layer, the first from start.
func (k *Walk) matmuls(c *Clocks, start int64, kind LayerKind, bits int) {
	beats := k.column[kind][bits]
	for i := range k.count[kind] {
		if i > 0 {
			start = c[clkNow] + opTurnaround + 1
		}
		k.matmul(c, start, &k.passes[kind][i], beats)
	}
}

func (k *Walk) matmul(c *Clocks, start int64, p *pass, beats int64) {
	at, last := start+1, c[clkLoader]+1 // as if a tile before had ended there
	free0, free1 := c[clkFree0], c[clkFree1]
	step, drain := p.full, p.drainFull
	for n := 0; n < p.columns; n++ {
		if n == p.columns-1 {
			step, drain = p.last, p.drainTo
		}
		lastWas, atWas, free0Was, free1Was := last, at, free0, free1
		free := free0
		if k.banks > 1 {
			free = free1
		}
		last = max(last, free) + 1 + beats
		at = max(at, last+loadedToReady) + step
		free0, free1 = at+drain, free0
		// Once every clock has moved by the same time, all full columns to come repeat it.
		d := at - atWas
		if left := p.columns - 2 - n; left > 0 && last-lastWas == d && free0-free0Was == d && free1-free1Was == d {
			skip := int64(left) * d
			last, at, n = last+skip, at+skip, n+left
			free0 += skip
			free1 += skip
		}
	}
	c[clkFree0], c[clkFree1], c[clkLoader] = free0, free1, last+1
	c[clkNow] = free0 + drainLatency
}
