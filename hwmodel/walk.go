package hwmodel

import (
	"vitdse/configs"
	"vitdse/configs/network"
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
type Clocks [9]int64

// Clocks by name.
const (
	clkNow    = iota // end of the last op
	clkLoader        // the loader may claim the next buffer two cycles later
	clkFree0         // the last tile column was drained
	clkFree1         // the one before it was
	clkFree2         // and so on, as many as there may be banks of weights
	clkFree3
	clkNorm // the LayerNorm parameters were given back
	clkGELU // the GELU table was given back
	clkUnit // LayerNorm has come to rest, which the next LayerNorm and the store wait for
)

// Relative is the clocks less the first of them, and that.
func (c Clocks) Relative() (Clocks, int64) {
	now := c[clkNow]
	for i := range c {
		c[i] -= now
	}
	return c, now
}

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

// KindOf is the kind of a layer with weights.
func KindOf(role network.LayerRole) LayerKind {
	switch role {
	case network.EmbedLayer:
		return WalkPatchEmbed
	case network.QKVLayer:
		return WalkQKV
	case network.ProjLayer:
		return WalkProj
	case network.FC1Layer:
		return WalkFC1
	case network.FC2Layer:
		return WalkFC2
	case network.HeadLayer:
		return WalkHead
	}
	panic("hwmodel: the engine runs no layer " + role.Short())
}

// Walk is the schedule of one engine for one model as a machine that is advanced layer by
// layer. The memory is ideal, and the read FIFO never runs dry (see Walkable). What depends
// on the numerics is how each layer's weights are stored, which Advance is told, and
// the accumulators and GELU table, which the walk is made for. It is read-only.
type Walk struct {
	banks       int
	first       int64 // arrival of the stream's first beat
	imageBeats  int64
	pos         int64 // beats
	norm, gelu  int64 // beats
	patchRows   rows
	normRows    rows
	tiles       int64 // row tiles
	lastTiles   int64 // of the last norm
	normFirst   bool  // a norm in front of the blocks
	pool        rows  // of the pool, if there is one
	pooled      poolPlace
	attention   int64 // from the end of v to that of the last value product
	store       int64
	lead        [walkKinds]int64   // how much earlier than after the end of the last op a layer starts
	passes      [walkKinds][3]pass // the matmuls of a layer in their order
	count       [walkKinds]int
	inner       [walkKinds]int64                    // products
	columns     [walkKinds]int64                    // tile columns of the whole layer
	column      [walkKinds][maxWeightBits + 1]int64 // beats of a tile column by weight bits, without multipliers of groups
	mult        int64                               // beats of a group's multipliers
	fixedBeats  int64                               // read whatever the bits
	busBytes    int64
	resultBeats int64
}

// maxWeightBits bounds the bits of a stored weight.
const maxWeightBits = 8

// pass is one matmul by weights: its tile columns' constants.
type pass struct {
	columns            int
	tiles              int64
	period, periodLast int64 // a tile's slot in a full column and in the last
	drainFull, drainTo int64 // from the end of a column's last slot to its last columns drained
	periodEnd          int64 // slot of the last tile of all
	chained            bool
}

// poolPlace is where a network pools its tokens.
type poolPlace int

const (
	noPool     poolPlace = iota
	poolStream           // in front of the last norm
	poolCodes            // behind it
)

// atNorm takes in what is special about a LayerNorm, and what is pooled on either side of it.
func (k *Walk) atNorm(s *Shape, op *network.Op) {
	k.normFirst = k.normFirst || op.Kind == network.OpEmbedNorm
	if op.Role != network.RoleNorm {
		return
	}
	k.lastTiles = int64(s.normTiles(*op))
	switch network.RolePool {
	case s.Net.Ops[op.Index-1].Role:
		k.pooled = poolStream
	case s.Net.Ops[op.Index+1].Role:
		k.pooled = poolCodes
	default:
		return
	}
	p, _ := s.Pool()
	k.pool = p.rows(s)
}

// Walkable says whether a walk gives the engine's time on a part of some off-chip bandwidth: not if the memory
// is slower than the bus, or a FIFO too short even for an ideal one.
func Walkable(e configs.Engine, clockMHz, bandwidthGBs float64) bool {
	return IdealMemory.prompt(e.ReadFIFO) && bandwidthGBs*1e9 >= float64(e.BusBits)/8*clockMHz*1e6
}

// NewWalk makes the walk of an engine with numerics that have these widths, of which only
// those of accumulators and GELU table matter.
func NewWalk(net *network.Network, e configs.Engine, w Widths) *Walk {
	s := &sizerOf(net, configs.Part{}, e).shape
	s.AccBits, s.GELUBits = w.accumulator(net, &e), int(w.GELU)
	k := &Walk{}
	k.init(s)
	return k
}

func (k *Walk) init(s *Shape) {
	bus := s.Design.Engine.BusBits
	*k = Walk{
		banks: s.Design.Engine.WeightBuffers, first: int64(IdealMemory.Latency) + 3,
		imageBeats: int64(s.ImageBeats), patchRows: s.patchRows(), normRows: s.normRows(s.Dim), tiles: int64(s.MTiles),
		pos:  int64(s.MTiles * s.Dim / s.VC * CeilDiv(s.VC*s.TM*configs.ResidualBits, bus)),
		norm: int64(s.Dim * CeilDiv(normParamBits, bus)), gelu: int64(1) << s.GELUBits,
		attention: s.attentionCycles(), busBytes: int64(bus / 8), resultBeats: int64(s.ResultBeats),
	}
	k.store, k.mult = s.storeCycles(IdealMemory, 0), int64(s.MultBeats())
	k.fixedBeats = k.imageBeats + k.pos
	for i := range s.Net.Ops {
		switch op := &s.Net.Ops[i]; {
		case op.Kind.IsNorm():
			k.fixedBeats += k.norm
			k.atNorm(s, op)
		case op.Kind == network.OpLinearGELU:
			k.fixedBeats += int64(CeilDiv(8<<s.GELUBits, bus))
		}
	}
	for i := range s.Net.Layers {
		if l := &s.Net.Layers[i]; l.Weights && k.count[KindOf(l.Role)] == 0 {
			k.layer(s, l)
		}
	}
	b := s.block(0)
	k.lead[WalkProj], k.lead[WalkFC2] = int64(s.projLead(b)), int64(s.fc2Lead(b))
}

// layer takes in the matmuls of a layer: all of its kind are alike.
func (k *Walk) layer(s *Shape, l *network.Layer) {
	kind, n := KindOf(l.Role), 0
	var op *network.Op
	for _, at := range l.Ops {
		if !s.Net.Ops[at].Kind.HasWeights() {
			continue
		}
		op = &s.Net.Ops[at]
		p := Step{To: destination(op.Role), GELU: op.Kind == network.OpLinearGELU}
		s.tiles(&p, op.Cols, op.Inner, 0)
		s.followed(&p, s.block(op.Block))
		passes := int64(s.passes(p.To))
		tail := int64(p.KT) - 1 + s.arrayLatency() - 1
		k.passes[kind][n] = pass{
			columns: p.NT, tiles: int64(CeilDiv(op.Rows, s.TM)),
			period: int64(p.PeriodFull), periodLast: int64(p.PeriodLast), periodEnd: int64(p.PeriodEnd),
			drainFull: tail + int64(p.GroupsFull)*passes - int64(p.PeriodFull),
			drainTo:   tail + int64(p.GroupsLast)*passes - int64(p.PeriodLast),
			chained:   chained(op.Role),
		}
		n++
	}
	cols, inner := op.Cols, op.Inner
	k.count[kind] = n
	k.inner[kind], k.columns[kind] = int64(inner), int64(n*CeilDiv(cols, s.TN))
	for bits := 1; bits <= maxWeightBits; bits++ {
		k.column[kind][bits] = int64(s.tileBeats(inner, Stored{Bits: uint8(bits)}))
	}
}

// beats is the length of a tile column in the stream.
func (k *Walk) beats(kind LayerKind, w Stored) int64 {
	beats := k.column[kind][w.Bits]
	if w.Group > 0 {
		beats += k.inner[kind] / int64(w.Group) * k.mult
	}
	return beats
}

// chain is the unit that makes a matmul's operand a: its row tiles and its start.
type chain struct {
	rows
	start int64
}

// Start is the clocks behind the patch embedding, with weights so stored.
func (k *Walk) Start(w Stored) Clocks {
	const never = -1 << 40
	c := Clocks{clkFree0: never, clkFree1: never, clkFree2: never, clkFree3: never, clkNorm: never, clkGELU: never, clkUnit: never}
	last := max(1, k.first) + k.imageBeats - 1
	c[clkLoader] = last + 1
	start := max(stepTurnaround, last+loadedToReady) + 1
	queued := max(start+stepTurnaround-1, c.load(k.pos)) + queueLatency
	k.matmuls(&c, queued+1, chain{k.patchRows, start}, WalkPatchEmbed, w)
	if k.normFirst {
		k.layerNorm(&c, k.tiles)
	}
	return c.settled()
}

// Advance runs one layer with weights so stored.
func (k *Walk) Advance(c Clocks, kind LayerKind, w Stored) Clocks {
	switch kind {
	case WalkProj, WalkFC2:
		k.matmuls(&c, c[clkNow]+2-k.lead[kind], chain{}, kind, w)
		return c.settled()
	}
	tiles := k.tiles
	if kind == WalkHead {
		tiles = k.lastTiles
		if k.pooled == poolStream {
			k.pools(&c)
		}
	}
	from := k.layerNorm(&c, tiles)
	if kind == WalkHead && k.pooled == poolCodes {
		from = k.pools(&c)
	}
	queued := from.start + stepTurnaround - 1 + queueLatency
	if kind == WalkFC1 {
		c[clkLoader] = max(c[clkLoader], c[clkGELU]-1)
		queued = max(queued, c.load(k.gelu)+queueLatency)
	}
	k.matmuls(&c, queued+1, from, kind, w)
	switch kind {
	case WalkQKV:
		c[clkNow] += k.attention
	case WalkFC1:
		c[clkGELU] = c[clkNow]
	case WalkHead:
		c[clkNow] = max(c[clkNow], c[clkUnit]) + 2 + k.store
	}
	return c.settled()
}

// layerNorm starts when all before has left the array and its parameters are there.
func (k *Walk) layerNorm(c *Clocks, tiles int64) chain {
	c[clkLoader] = max(c[clkLoader], c[clkNorm]-1)
	from := chain{k.normRows, max(c[clkNow]+1, c[clkUnit]+1, c.load(k.norm)) + 1}
	c[clkNorm] = from.made(from.start, int(tiles)-1)
	c[clkUnit] = from.rest(from.start, int(tiles))
	return from
}

// pools makes one row of all, when all before has left the array and LayerNorm is at rest.
func (k *Walk) pools(c *Clocks) chain {
	from := chain{k.pool, max(c[clkNow]+1, c[clkUnit]+1) + 1}
	c[clkUnit] = from.made(from.start, 0)
	return from
}

// Bytes is what a layer with weights so stored reads from off-chip memory.
func (k *Walk) Bytes(kind LayerKind, w Stored) int64 {
	return k.columns[kind] * k.beats(kind, w) * k.busBytes
}

// FixedBytes is what an image reads and writes besides its layers' Bytes.
func (k *Walk) FixedBytes() int64 { return (k.fixedBeats + k.resultBeats) * k.busBytes }

// load fills a buffer with so many beats and is the cycle from which it is ready.
func (c *Clocks) load(beats int64) int64 {
	last := c[clkLoader] + 2 + beats
	c[clkLoader] = last + 1
	return last + loadedToReady
}

// settled raises clocks that hold nothing up to where they would begin to.
func (c Clocks) settled() Clocks {
	for i := clkFree0; i <= clkGELU; i++ {
		c[i] = max(c[i], c[clkLoader]+1)
	}
	c[clkUnit] = max(c[clkUnit], c[clkNow])
	return c
}

// matmuls runs the matmuls of a layer, the first slot of the first at a cycle or later.
func (k *Walk) matmuls(c *Clocks, at int64, from chain, kind LayerKind, w Stored) {
	beats := k.beats(kind, w)
	for i := range k.count[kind] {
		p := &k.passes[kind][i]
		at = k.matmul(c, at, from, p, beats) + 1 + p.periodEnd
	}
}

// matmul is the start of the last slot.
func (k *Walk) matmul(c *Clocks, at int64, from chain, p *pass, beats int64) (lastSlot int64) {
	last := c[clkLoader] + 1 // as if a tile before had ended there
	free0, free1, free2, free3 := c[clkFree0], c[clkFree1], c[clkFree2], c[clkFree3]
	period, drain := p.period, p.drainFull
	for n := 0; n < p.columns; n++ {
		if n == p.columns-1 {
			period, drain = p.periodLast, p.drainTo
		}
		lastWas, atWas, free0Was, free1Was, free2Was, free3Was := last, at, free0, free1, free2, free3
		free := free0 // of as many banks, the last to be given back
		switch k.banks {
		case 2:
			free = free1
		case 4:
			free = free3
		}
		last = max(last, free) + 1 + beats
		at = max(at, last+loadedToReady)
		lastSlot = at + (p.tiles-1)*period
		if p.chained && n == 0 { // slots wait for the first row tile, or each for its own
			first := from.made(from.start, 0) + 1
			lastSlot = max(lastSlot, first+(p.tiles-1)*max(period, from.period))
		}
		at = lastSlot + period
		free0, free1, free2, free3 = at+drain, free0, free1, free2
		// Once every clock has moved by the same time, all full columns to come repeat it.
		d := at - atWas
		if left := p.columns - 2 - n; left > 0 && n > 0 && last-lastWas == d && free0-free0Was == d && free1-free1Was == d &&
			(k.banks < 4 || free2-free2Was == d && free3-free3Was == d) {
			skip := int64(left) * d
			last, at, n = last+skip, at+skip, n+left
			free0, free1, free2, free3 = free0+skip, free1+skip, free2+skip, free3+skip
		}
	}
	c[clkFree0], c[clkFree1], c[clkFree2], c[clkFree3], c[clkLoader] = free0, free1, free2, free3, last+1
	c[clkNow] = free0 + DrainLatency
	return lastSlot
}
