package hwmodel

import (
	"fmt"
	"math/bits"
	"slices"
	"unsafe"

	"vitdse/configs"
	"vitdse/configs/network"
)

// Pricer prices many designs of one model on one part: Price to the bit, but for Short, which
// it leaves out. It remembers what designs have in common (the resources of an engine at the
// widths of a network's numerics, and how an engine in some state takes a layer), so that a
// design costs two lookups a layer, and it allocates only for what it sees for the first time.
// It belongs to one goroutine.
type Pricer struct {
	net    *network.Network
	part   configs.Part
	usable configs.Budget
	power  partPower
	macs   int64

	layers []pricedLayer // in the order of the last design
	kinds  []LayerKind   // of the layers with weights, in the network's order
	stored []uint8       // of the design in hand: how they are stored, as an index of ways

	ways    []Stored                     // to store weights: in w bits with index w, and with groups as they were met
	grouped [maxWeightBits + 1][17]uint8 // index of ways, by bits and logarithm of the group
	engines map[configs.Engine]*pricedEngine
	last    *pricedEngine
}

// pricedLayer is a layer of the network, and the widths that its bits ask for.
type pricedLayer struct {
	name   string
	at     int // among those with weights, -1 without
	widths *widthTable
}

// walks says whether the time of a network comes apart into layers of few kinds, as Walk has it.
func walks(net *network.Network) bool { return net.Blocks[0].Window == 0 }

// NewPricer prepares for a model, which the engine must run, on a part.
func NewPricer(net *network.Network, part configs.Part) (*Pricer, error) {
	if err := configs.OnEngine(net); err != nil {
		return nil, err
	}
	p := &Pricer{net: net, part: part, usable: part.Usable(), power: powerFor(&part), engines: map[configs.Engine]*pricedEngine{}}
	tables := map[int]*widthTable{} // by class
	for _, layer := range net.Layers {
		if tables[layer.Class] == nil {
			tables[layer.Class] = newWidthTable(layer)
		}
		l := pricedLayer{name: layer.Name, at: -1, widths: tables[layer.Class]}
		if layer.Weights && walks(net) {
			l.at = len(p.kinds)
			p.kinds = append(p.kinds, KindOf(layer.Role))
		}
		p.layers = append(p.layers, l)
	}
	p.stored = make([]uint8, len(p.kinds))
	for w := range maxWeightBits + 1 {
		p.ways = append(p.ways, Stored{Bits: uint8(w)})
	}
	p.macs = net.MACs()
	return p, nil
}

// Price estimates a design, which must be legal for the model and the part.
func (p *Pricer) Price(d *configs.Design) (Estimate, error) {
	set, err := p.read(&d.Numerics)
	if err != nil {
		return Estimate{}, fmt.Errorf("design %s: %w", d.Name, err)
	}
	w := set.widths()
	w.Softmax, w.GELU = uint8(d.Numerics.SoftmaxBits), uint8(d.Numerics.GELUBits)
	known := p.engine(&d.Engine)
	e := Estimate{MACs: p.macs, Resources: known.resources(w.Size())}
	if walks(p.net) && Walkable(d.Engine, d.ClockMHz, p.part.BandwidthGBs) {
		var bytes int64
		e.Cycles, bytes = p.walk(known.run(w.accumulator(p.net, &d.Engine), int(w.GELU), len(p.ways)))
		e.BytesWritten = int64(known.sizer.shape.ResultBeats) * int64(d.Engine.BusBits) / 8
		e.BytesRead = bytes - e.BytesWritten
	} else {
		s, err := NewShape(p.net, *d)
		if err != nil {
			return Estimate{}, err
		}
		e.Cycles = s.cyclesOn(p.part)
		e.BytesRead, e.BytesWritten = s.bytes()
	}
	e.derive(d, p.power, &p.usable)
	return e, nil
}

// read takes a design's numerics apart: the widths they ask for, and how weights are stored.
func (p *Pricer) read(n *configs.Numerics) (widthSet, error) {
	if len(n.Layers) != len(p.layers) {
		return widthSet{}, fmt.Errorf("numerics.layers has %d layers; expected the %d of %s", len(n.Layers), len(p.layers), p.net.Model.Name)
	}
	if err := n.Quantizer.OnEngine(); err != nil {
		return widthSet{}, err
	}
	var codes, products uint64 // in registers
	layers := p.layers[:len(n.Layers)]
	for i := range n.Layers {
		l, known := &n.Layers[i], &layers[i]
		// Designs of one source have names of one address.
		if unsafe.StringData(l.Name) != unsafe.StringData(known.name) || len(l.Name) != len(known.name) {
			if err := p.place(i, l.Name); err != nil {
				return widthSet{}, err
			}
		}
		set := known.widths.of(l)
		codes |= set.codes
		products |= set.products
		if known.at >= 0 {
			p.stored[known.at] = p.way(l)
		}
	}
	if len(p.stored) == 0 || p.ways[p.stored[0]].Group > 0 {
		if err := n.OnEngine(p.net); err != nil {
			return widthSet{}, err
		}
	}
	return widthSet{codes, products}, nil
}

// place puts the layer of a name in place i.
func (p *Pricer) place(i int, name string) error {
	at := slices.IndexFunc(p.layers, func(l pricedLayer) bool { return l.name == name })
	if at < 0 {
		return fmt.Errorf("numerics.layers[%d] is %q, no layer of %s", i, name, p.net.Model.Name)
	}
	p.layers[i], p.layers[at] = p.layers[at], p.layers[i]
	p.layers[i].name = name
	return nil
}

// way is the number of how a layer's weights are stored.
func (p *Pricer) way(l *configs.LayerBits) uint8 {
	if l.Group == 0 {
		return uint8(l.Weights)
	}
	known := &p.grouped[l.Weights][bits.Len16(uint16(l.Group))]
	if *known == 0 {
		*known = uint8(len(p.ways))
		p.ways = append(p.ways, StoredOf(*l))
	}
	return *known
}

// Bounds of what a Pricer remembers; when one is reached it begins anew.
const (
	maxPricedEngines = 4096
	maxPricedStates  = 4096 // of a walk
)

// engine is what is known of an engine.
func (p *Pricer) engine(e *configs.Engine) *pricedEngine {
	if p.last != nil && p.last.sizer.shape.Design.Engine == *e {
		return p.last
	}
	known := p.engines[*e]
	if known == nil {
		if len(p.engines) == maxPricedEngines {
			clear(p.engines)
		}
		known = &pricedEngine{sizer: sizerOf(p.net, p.part, *e), sizes: map[Widths]Resources{}}
		p.engines[*e] = known
	}
	p.last = known
	return known
}

// pricedEngine is what is known of an engine.
type pricedEngine struct {
	sizer  *Sizer // for its shape and fabric
	sizes  map[Widths]Resources
	size   Widths // the last one
	ofSize Resources
	runs   []*pricedRun
}

// resources are the engine's with numerics of a size.
func (e *pricedEngine) resources(size Widths) Resources {
	if e.size == size {
		return e.ofSize
	}
	r, known := e.sizes[size]
	if !known {
		e.sizer.widths(size)
		l := ledger{}
		e.sizer.shape.charge(&l, e.sizer.fabric)
		r = l.sum
		e.sizes[size] = r
	}
	e.size, e.ofSize = size, r
	return r
}

// run is the engine's walk with accumulators and a GELU table of so many bits, with room for so
// many ways to store weights.
func (e *pricedEngine) run(acc, gelu, ways int) *pricedRun {
	at := slices.IndexFunc(e.runs, func(r *pricedRun) bool { return r.acc == acc && r.gelu == gelu })
	if at >= 0 && len(e.runs[at].states) < maxPricedStates && ways <= 1<<e.runs[at].shift {
		return e.runs[at]
	}
	r := &pricedRun{acc: acc, gelu: gelu, shift: uint(CeilLog2(ways)), ids: map[pricedState]uint16{}}
	e.sizer.shape.AccBits, e.sizer.shape.GELUBits = acc, gelu
	r.walk.init(&e.sizer.shape)
	r.add(pricedState{})
	if at >= 0 {
		e.runs[at] = r
	} else {
		e.runs = append(e.runs, r)
	}
	return r
}

// pricedRun is a walk, and how it has moved so far. What a layer does is found by the state in
// front of it and how its weights are stored: next alone is what the following step waits for,
// and is kept small.
type pricedRun struct {
	acc, gelu int
	walk      Walk
	ids       map[pricedState]uint16
	states    []pricedState // by number; 0 is before the first layer
	shift     uint          // there is room for 1 << shift ways to store weights
	next      []uint16      // the state that a layer leads to; 0, to which none does, if that is not known yet
	by        []int32       // how far it moves the first clock
	head      []int32       // the same of the head; 0 if it is not known yet
	bytes     [walkKinds][]int64
}

// pricedState is the clocks less the first of them, in front of a layer of a kind. What follows
// a block is WalkQKV, though it may be the head.
type pricedState struct {
	clocks Clocks
	kind   LayerKind
}

// walk takes the design in hand through the network: its cycles, and the bytes it moves.
func (p *Pricer) walk(r *pricedRun) (cycles, bytes int64) {
	for len(r.bytes[0]) < len(p.ways) { // met since the last time
		stored := p.ways[len(r.bytes[0])]
		for kind := range walkKinds {
			r.bytes[kind] = append(r.bytes[kind], r.walk.Bytes(kind, stored))
		}
	}
	state := 0
	bytes = r.walk.FixedBytes()
	last := len(p.kinds) - 1
	for i, kind := range p.kinds[:last] {
		stored := int(p.stored[i])
		at := state<<r.shift + stored
		if r.next[at] == 0 {
			by, to := p.move(r, state, i)
			number := r.add(to) // may move next
			r.next[at], r.by[at] = number, by
		}
		cycles += int64(r.by[at])
		bytes += r.bytes[kind][stored]
		state = int(r.next[at])
	}
	stored := int(p.stored[last])
	by := &r.head[state<<r.shift+stored]
	if *by == 0 {
		*by, _ = p.move(r, state, last)
	}
	return cycles + int64(*by), bytes + r.bytes[WalkHead][stored]
}

// move finds out how layer i moves the clocks of a state.
func (p *Pricer) move(r *pricedRun, state, i int) (by int32, to pricedState) {
	kind, stored := p.kinds[i], p.ways[p.stored[i]]
	from := r.states[state].clocks
	if i == 0 {
		to.clocks = r.walk.Start(stored)
	} else {
		to.clocks = r.walk.Advance(from, kind, stored)
	}
	if i+1 < len(p.kinds) {
		to.kind = p.kinds[i+1]
	}
	if to.kind == WalkHead { // what it does is kept apart, see pricedRun.head
		to.kind = WalkQKV
	}
	clocks, now := to.clocks.Relative()
	to.clocks = clocks
	return int32(now - from[clkNow]), to
}

// add is the number of a state.
func (r *pricedRun) add(s pricedState) uint16 {
	number, known := r.ids[s]
	if !known {
		number = uint16(len(r.states))
		r.ids[s] = number
		r.states = append(r.states, s)
		r.next = append(r.next, make([]uint16, 1<<r.shift)...)
		r.by = append(r.by, make([]int32, 1<<r.shift)...)
		r.head = append(r.head, make([]int32, 1<<r.shift)...)
	}
	return number
}
