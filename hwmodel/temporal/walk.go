package temporal

import (
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// clocks are hwmodel.Clocks, by name.
type clocks hwmodel.Clocks

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

// walk is the schedule as a machine that is advanced layer by layer. The memory is ideal, and the read FIFO never runs
// dry (see Walkable). What depends on the numerics is how each layer's weights are stored, which Advance is told, and
// what Timed names, which the walk is made for. It is read-only.
type walk struct {
	banks       int
	drain       int64 // last columns at the array to the end of the op
	first       int64 // arrival of the stream's first beat
	imageBeats  int64
	pos         int64 // beats; 0 without positions
	gelu        int64 // beats
	patchRows   rows
	kinds       []walkKind
	mult        int64 // beats of a group's multipliers
	fixedBeats  int64 // read whatever the bits
	busBytes    int64
	resultBeats int64
}

// walkKind is the layers of a kind: what comes before their matmuls, the matmuls, and what follows.
type walkKind struct {
	known bool
	moved int64 // cycles of a move of rows in front of its norm, 0 without
	norm  walkNorm
	pool  walkPool

	gelu      bool
	lead      int64 // without a norm: how much earlier than after the end of the last op the layer starts
	count     int   // of matmuls
	passes    [3]pass
	attends   bool // attention follows
	last      bool
	attention attention
	store     int64

	inner   int64                    // products
	ready   int64                    // from a tile column's last beat to when it may be read
	columns int64                    // tile columns of the whole layer
	column  [maxWeightBits + 1]int64 // beats of a tile column by weight bits, without multipliers of groups
}

// walkNorm is a LayerNorm in front of a layer, with a norm of the embedding behind it.
type walkNorm struct {
	tiles int64 // row tiles; 0 without a norm
	beats int64
	rows  rows
}

// walkPool is a pool in front of a layer.
type walkPool struct {
	at   poolPlace
	rows rows
}

// maxWeightBits bounds the bits of a stored weight.
const maxWeightBits = 8

// pass is one matmul by weights: its tile columns' constants.
type pass struct {
	columns            int
	tiles              int64
	period, periodLast int64 // a tile's slot in a full column and in the last
	drainFull, drainTo int64 // from the end of a column's last slot to its last columns drained
	chained            bool
}

// poolPlace is where a network pools its tokens.
type poolPlace int

const (
	noPool     poolPlace = iota
	poolStream           // in front of the last norm
	poolCodes            // behind it
)

// Walkable says whether a walk gives the engine's time on a part: not if the memory
// is slower than the bus, or a FIFO too short even for an ideal one.
func (Engine) Walkable(e configs.Engine, clockMHz float64, part configs.Part) bool {
	return walkable(&e, clockMHz, &part)
}

func walkable(e *configs.Engine, clockMHz float64, part *configs.Part) bool {
	return prompt(hwmodel.IdealMemory, e.ReadFIFO) && part.BandwidthGBs*1e9 >= float64(e.BusBits)/8*clockMHz*1e6
}

// NewWalk makes the walk of an engine with numerics that have these widths, of which only what Timed names matters.
func (t Engine) NewWalk(net *network.Network, e configs.Engine, w hwmodel.Widths) hwmodel.Walk {
	s := &sizerOf(net, configs.Part{}, e).shape
	s.setTimed(t.Timed(net, w))
	k := &walk{}
	k.init(s)
	return k
}

func (k *walk) init(s *Shape) {
	bus := s.Design.Engine.BusBits
	*k = walk{
		banks: s.Design.Engine.WeightBuffers, drain: int64(s.DrainLatency()), first: int64(hwmodel.IdealMemory.Latency) + 3,
		imageBeats: int64(s.ImageBeats), patchRows: s.patchRows(), gelu: int64(1) << s.GELUBits,
		kinds: make([]walkKind, s.Net.LayerClasses), mult: int64(s.MultBeats()),
		busBytes: int64(bus / 8), resultBeats: int64(s.ResultBeats),
	}
	if s.Net.Positions {
		k.pos = int64(s.MTiles * s.Dim / s.VC * hwmodel.CeilDiv(s.VC*s.TM*configs.ResidualBits, bus))
	}
	k.fixedBeats = k.imageBeats + k.pos
	normBeats := int64(hwmodel.CeilDiv(normParamBits, bus))
	for i := range s.Net.Ops {
		switch op := &s.Net.Ops[i]; {
		case op.Kind.IsNorm():
			k.fixedBeats += int64(op.Cols) * normBeats
		case op.Kind == network.OpScores && op.Relative:
			k.fixedBeats += int64(op.Heads * s.biasBeats())
		case op.Kind == network.OpLinearGELU:
			k.fixedBeats += int64(hwmodel.CeilDiv(s.geluTable(), bus))
		}
	}
	for i := range s.Net.Layers {
		if l := &s.Net.Layers[i]; l.Weights && !k.kinds[l.Class].known {
			k.kinds[l.Class] = s.walkKind(l, normBeats)
		}
	}
	k.kinds[s.Net.Layers[len(s.Net.Layers)-1].Class].store = s.storeCycles(hwmodel.IdealMemory, 0)
}

// walkKind takes in the ops of a layer: all of its kind are alike.
func (s *Shape) walkKind(l *network.Layer, normBeats int64) walkKind {
	k := walkKind{known: true, last: l.Index == len(s.Net.Layers)-1}
	var last *network.Op
	for _, at := range l.Ops {
		op := &s.Net.Ops[at]
		switch {
		case op.Kind.IsNorm():
			k.norm = walkNorm{int64(s.normTiles(*op)), int64(op.Cols) * normBeats, s.normRows(op.Cols)}
			if l.Moves {
				k.moved = s.regroupCycles(op)
			}
		case op.Kind == network.OpPool, op.Kind == network.OpPoolStream:
			p, _ := s.Pool()
			k.pool = walkPool{poolCodes, p.rows(s)}
			if p.Stream {
				k.pool.at = poolStream
			}
		case op.Kind.HasWeights():
			last = op
			k.passes[k.count] = s.pass(op)
			k.count++
			k.gelu = k.gelu || op.Kind == network.OpLinearGELU
		}
	}
	b := s.block(l.Block)
	switch last.Role {
	case network.RoleValue:
		k.attends, k.attention = true, s.attending(b)
	case network.RoleProj:
		k.lead = int64(s.projLead(b))
	case network.RoleFC2:
		k.lead = int64(s.fc2Lead(b))
	}
	k.inner, k.columns = int64(last.Inner), int64(k.count*hwmodel.CeilDiv(last.Cols, s.TN))
	k.ready = loadedToReady + s.written(last.Inner)
	for bits := 1; bits <= maxWeightBits; bits++ {
		k.column[bits] = int64(s.tileBeats(last.Inner, hwmodel.Stored{Bits: uint8(bits)}))
	}
	return k
}

// pass takes in a matmul.
func (s *Shape) pass(op *network.Op) pass {
	p := Step{To: destination(op.Role), GELU: op.Kind == network.OpLinearGELU}
	s.tiles(&p, op.Cols, op.Inner, 0)
	passes := int64(s.passes(p.To))
	tail := int64(p.KT) - 1 + s.arrayLatency() - 1
	return pass{
		columns: p.NT, tiles: int64(s.Layout(*op).RowTiles()),
		period: int64(p.PeriodFull), periodLast: int64(p.PeriodLast),
		drainFull: tail + int64(p.GroupsFull)*passes - int64(p.PeriodFull),
		drainTo:   tail + int64(p.GroupsLast)*passes - int64(p.PeriodLast),
		chained:   chained(op.Role),
	}
}

// beats is the length of a tile column in the stream.
func (k *walk) beats(of *walkKind, w hwmodel.Stored) int64 {
	beats := of.column[w.Bits]
	if w.Group > 0 {
		beats += of.inner / int64(w.Group) * k.mult
	}
	return beats
}

// chain is the unit that makes a matmul's operand a: its row tiles and its start.
type chain struct {
	rows
	start int64
}

// Start is the clocks behind the patch embedding, with weights so stored.
func (k *walk) Start(w hwmodel.Stored) hwmodel.Clocks {
	const never = -1 << 40
	c := clocks{clkFree0: never, clkFree1: never, clkFree2: never, clkFree3: never, clkNorm: never,
		clkGELU: never, clkUnit: never}
	last := max(1, k.first) + k.imageBeats - 1
	c[clkLoader] = last + 1
	start := max(stepTurnaround, last+loadedToReady) + 1
	queued := start + stepTurnaround - 1 + queueLatency
	if k.pos > 0 {
		queued = max(queued, c.load(k.pos)+queueLatency)
	}
	of := &k.kinds[hwmodel.FirstKind]
	k.matmuls(&c, queued+1, chain{k.patchRows, start}, of, w)
	if of.norm.tiles > 0 {
		c.layerNorm(&of.norm)
	}
	c.settle()
	return hwmodel.Clocks(c)
}

// Advance runs one layer behind the first with weights so stored.
func (k *walk) Advance(at hwmodel.Clocks, kind hwmodel.LayerKind, w hwmodel.Stored) hwmodel.Clocks {
	c, of := (*clocks)(&at), &k.kinds[kind]
	if of.norm.tiles == 0 {
		k.matmuls(c, c[clkNow]+2-of.lead, chain{}, of, w)
		c.settle()
		return at
	}
	if of.moved > 0 {
		c[clkUnit] = c.unit() + of.moved
	}
	if of.pool.at == poolStream {
		c.pools(&of.pool)
	}
	from := c.layerNorm(&of.norm)
	if of.pool.at == poolCodes {
		from = c.pools(&of.pool)
	}
	queued := from.start + stepTurnaround - 1 + queueLatency
	if of.gelu {
		c[clkLoader] = max(c[clkLoader], c[clkGELU]-1)
		queued = max(queued, c.load(k.gelu)+queueLatency)
	}
	k.matmuls(c, queued+1, from, of, w)
	switch {
	case of.attends:
		of.attention.run(c)
	case of.gelu:
		c[clkGELU] = c[clkNow]
	case of.last:
		c[clkNow] = max(c[clkNow], c[clkUnit]) + 2 + of.store
	}
	c.settle()
	return at
}

// unit is when a unit beside the array may start: all before has left the array, and the units are at rest.
func (c *clocks) unit() int64 { return max(c[clkNow]+1, c[clkUnit]+1) + 1 }

// layerNorm starts when its parameters are there, too.
func (c *clocks) layerNorm(n *walkNorm) chain {
	c[clkLoader] = max(c[clkLoader], c[clkNorm]-1)
	from := chain{n.rows, max(c.load(n.beats)+1, c.unit())}
	c[clkNorm] = from.made(from.start, int(n.tiles)-1)
	c[clkUnit] = from.rest(from.start, int(n.tiles))
	return from
}

// pools makes one row of all.
func (c *clocks) pools(p *walkPool) chain {
	from := chain{p.rows, c.unit()}
	c[clkUnit] = from.made(from.start, 0)
	return from
}

// Bytes is what a layer with weights so stored reads from off-chip memory.
func (k *walk) Bytes(kind hwmodel.LayerKind, w hwmodel.Stored) int64 {
	of := &k.kinds[kind]
	return of.columns * k.beats(of, w) * k.busBytes
}

// FixedBytes is what an image reads and writes besides its layers' Bytes.
func (k *walk) FixedBytes() int64 { return (k.fixedBeats + k.resultBeats) * k.busBytes }

// load fills a buffer with so many beats and is the cycle from which it is ready.
func (c *clocks) load(beats int64) int64 {
	last := c[clkLoader] + 2 + beats
	c[clkLoader] = last + 1
	return last + loadedToReady
}

// settle raises clocks that hold nothing up to where they would begin to.
func (c *clocks) settle() {
	for i := clkFree0; i <= clkGELU; i++ {
		c[i] = max(c[i], c[clkLoader]+1)
	}
	c[clkUnit] = max(c[clkUnit], c[clkNow])
}

// matmuls runs the matmuls of a layer, the first slot of the first at a cycle or later.
func (k *walk) matmuls(c *clocks, at int64, from chain, of *walkKind, w hwmodel.Stored) {
	beats := k.beats(of, w)
	for i := range of.count {
		p := &of.passes[i]
		at = k.matmul(c, at, from, p, beats, of.ready) + 1 + p.periodLast
	}
}

// matmul is the start of the last slot. A tile column's weights may be read so long after their last beat.
func (k *walk) matmul(c *clocks, at int64, from chain, p *pass, beats, ready int64) (lastSlot int64) {
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
		at = max(at, last+ready)
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
	c[clkNow] = free0 + k.drain
	return lastSlot
}
