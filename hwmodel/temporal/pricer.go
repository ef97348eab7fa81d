package temporal

import (
	"fmt"
	"math/bits"
	"slices"
	"unsafe"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// pricer prices many designs of one model on one part: Price to the bit, but for Short, which
// it leaves out. It remembers what designs have in common (the resources of an engine at the
// widths of a network's numerics, and how an engine in some state takes a layer), so that a
// design costs two lookups a layer, and it allocates only for what it sees for the first time.
// It belongs to one goroutine.
type pricer struct {
	net    *network.Network
	part   configs.Part
	usable configs.Budget
	power  hwmodel.PowerModel
	macs   int64

	layers []pricedLayer // in the order of the last design
	steps  []pricedStep  // the layers with weights, in the network's order
	stored []uint8       // of the design in hand: how they are stored, as an index of ways

	ways    []hwmodel.Stored             // to store weights: in w bits with index w, and with groups as they were met
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

// pricedStep is a layer with weights.
type pricedStep struct {
	kind  int32
	which uint8 // of the kinds that may follow the kind of layer before it
	after uint8 // how many kinds may follow its own
}

// pricedSteps are the layers with weights.
func pricedSteps(net *network.Network) []pricedStep {
	var steps []pricedStep
	follow := make([][]hwmodel.LayerKind, net.LayerClasses)
	for _, l := range net.Layers {
		if !l.Weights {
			continue
		}
		s := pricedStep{kind: int32(hwmodel.KindOf(l))}
		if n := len(steps); n > 0 {
			list := &follow[steps[n-1].kind]
			at := slices.Index(*list, hwmodel.KindOf(l))
			if at < 0 {
				at = len(*list)
				*list = append(*list, hwmodel.KindOf(l))
			}
			s.which = uint8(at)
		}
		steps = append(steps, s)
	}
	for i := range steps {
		steps[i].after = uint8(max(1, len(follow[steps[i].kind])))
	}
	return steps
}

// NewPricer prepares for a model, which the engine must run, on a part.
func (Engine) NewPricer(net *network.Network, part configs.Part) (hwmodel.PointPricer, error) {
	if err := configs.OnEngine(net); err != nil {
		return nil, err
	}
	p := &pricer{net: net, part: part, usable: part.Usable(), power: hwmodel.NewPowerModel(&part),
		engines: map[configs.Engine]*pricedEngine{}}
	tables := map[int]*widthTable{} // by class
	for _, layer := range net.Layers {
		if tables[layer.Class] == nil {
			tables[layer.Class] = newWidthTable(layer)
		}
		l := pricedLayer{name: layer.Name, at: -1, widths: tables[layer.Class]}
		if layer.Weights {
			l.at = len(p.stored)
			p.stored = append(p.stored, 0)
		}
		p.layers = append(p.layers, l)
	}
	p.steps = pricedSteps(net)
	for w := range maxWeightBits + 1 {
		p.ways = append(p.ways, hwmodel.Stored{Bits: uint8(w)})
	}
	p.macs = net.MACs()
	return p, nil
}

// Price estimates a design, which must be legal for the model and the part.
func (p *pricer) Price(d *configs.Design) (hwmodel.Estimate, error) {
	set, err := p.read(&d.Numerics)
	if err != nil {
		return hwmodel.Estimate{}, fmt.Errorf("design %s: %w", d.Name, err)
	}
	w := set.widths()
	w = w.Join(Engine{}.UnitWidths(d.Numerics))
	known := p.engine(&d.Engine)
	e := hwmodel.Estimate{MACs: p.macs, Resources: known.resources(Engine{}.Size(w))}
	if walkable(&d.Engine, d.ClockMHz, &p.part) {
		var bytes int64
		e.Cycles, bytes = p.walk(known.run(Engine{}.Timed(p.net, w), p.net.LayerClasses, len(p.ways)))
		e.BytesWritten = int64(known.sizer.shape.ResultBeats) * int64(d.Engine.BusBits) / 8
		e.BytesRead = bytes - e.BytesWritten
	} else {
		s, err := NewShape(p.net, *d)
		if err != nil {
			return hwmodel.Estimate{}, err
		}
		e.Cycles = s.cyclesOn(p.part)
		e.BytesRead, e.BytesWritten = s.Bytes()
	}
	e.Derive(d, p.power, &p.usable)
	return e, nil
}

// read takes a design's numerics apart: the widths they ask for, and how weights are stored.
func (p *pricer) read(n *configs.Numerics) (widthSet, error) {
	if len(n.Layers) != len(p.layers) {
		return widthSet{}, fmt.Errorf("numerics.layers has %d layers; expected the %d of %s",
			len(n.Layers), len(p.layers), p.net.Model.Name)
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
	if p.ways[p.stored[0]].Group > 0 || dynamic(n.Quantizer) {
		if err := n.OnEngine(p.net); err != nil {
			return widthSet{}, err
		}
	}
	return widthSet{codes, products}, nil
}

// place puts the layer of a name in place i.
func (p *pricer) place(i int, name string) error {
	at := slices.IndexFunc(p.layers, func(l pricedLayer) bool { return l.name == name })
	if at < 0 {
		return fmt.Errorf("numerics.layers[%d] is %q, no layer of %s", i, name, p.net.Model.Name)
	}
	p.layers[i], p.layers[at] = p.layers[at], p.layers[i]
	p.layers[i].name = name
	return nil
}

// way is the number of how a layer's weights are stored.
func (p *pricer) way(l *configs.LayerBits) uint8 {
	if l.Group == 0 {
		return uint8(l.Weights)
	}
	known := &p.grouped[l.Weights][bits.Len16(uint16(l.Group))]
	if *known == 0 {
		*known = uint8(len(p.ways))
		p.ways = append(p.ways, hwmodel.StoredOf(*l))
	}
	return *known
}

// Bounds of what a pricer remembers; when one is reached it begins anew.
const (
	maxPricedEngines = 4096
	maxPricedStates  = 4096 // of a walk
)

// engine is what is known of an engine.
func (p *pricer) engine(e *configs.Engine) *pricedEngine {
	if p.last != nil && p.last.sizer.shape.Design.Engine == *e {
		return p.last
	}
	known := p.engines[*e]
	if known == nil {
		if len(p.engines) == maxPricedEngines {
			clear(p.engines)
		}
		known = &pricedEngine{sizer: sizerOf(p.net, p.part, *e), sizes: map[hwmodel.Widths]hwmodel.Resources{}}
		p.engines[*e] = known
	}
	p.last = known
	return known
}

// pricedEngine is what is known of an engine.
type pricedEngine struct {
	sizer  *sizer // for its shape and fabric
	sizes  map[hwmodel.Widths]hwmodel.Resources
	size   hwmodel.Widths // the last one
	ofSize hwmodel.Resources
	runs   []*pricedRun
}

// resources are the engine's with numerics of a size.
func (e *pricedEngine) resources(size hwmodel.Widths) hwmodel.Resources {
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

// run is the engine's walk with numerics of some widths, with room for so many ways to store weights.
func (e *pricedEngine) run(timed hwmodel.Timed, kinds, ways int) *pricedRun {
	at := slices.IndexFunc(e.runs, func(r *pricedRun) bool { return r.timed == timed })
	if at >= 0 && len(e.runs[at].states) < maxPricedStates && ways <= 1<<e.runs[at].shift {
		return e.runs[at]
	}
	r := &pricedRun{timed: timed, shift: uint(hwmodel.CeilLog2(ways)), ids: map[pricedState]uint16{}}
	e.sizer.shape.setTimed(timed)
	r.walk.init(&e.sizer.shape)
	r.bytes = make([]int64, kinds<<r.shift)
	r.add(pricedState{after: noKind}, 1)
	if at >= 0 {
		e.runs[at] = r
	} else {
		e.runs = append(e.runs, r)
	}
	return r
}

// pricedRun is a walk, and how it has moved so far. What a layer does is found by the state in
// front of it, which layer it is, and how its weights are stored: next alone is what the following step waits for,
// and is kept small.
type pricedRun struct {
	timed  hwmodel.Timed
	walk   walk
	ids    map[pricedState]uint16
	states []pricedState // by number; 0 is before the first layer; a number for each kind that may follow
	shift  uint          // there is room for 1 << shift ways to store weights
	next   []uint16      // the state that a layer leads to; 0, to which none does, if that is not known yet
	by     []int32       // how far it moves the first clock
	bytes  []int64       // by kind, with room for 1 << shift ways each
	ways   int           // of which bytes are known
}

// pricedState is the clocks less the first of them, behind a layer of a kind.
type pricedState struct {
	clocks hwmodel.Clocks
	after  hwmodel.LayerKind
}

// noKind is the kind of no layer.
const noKind hwmodel.LayerKind = -1

// walk takes the design in hand through the network: its cycles, and the bytes it moves.
func (p *pricer) walk(r *pricedRun) (cycles, bytes int64) {
	for ; r.ways < len(p.ways); r.ways++ { // met since the last time
		for i := range p.steps {
			kind := hwmodel.LayerKind(p.steps[i].kind)
			if at := &r.bytes[int(kind)<<r.shift+r.ways]; *at == 0 {
				*at = r.walk.Bytes(kind, p.ways[r.ways])
			}
		}
	}
	bytes = r.walk.FixedBytes()
	state, shift := 0, r.shift
	for i, s := range p.steps {
		stored := int(p.stored[i])
		at := (state+int(s.which))<<shift + stored
		if r.next[at] == 0 {
			by, to := p.move(r, state, i)
			number := r.add(to, int(s.after)) // may move next
			r.next[at], r.by[at] = number, by
		}
		cycles += int64(r.by[at])
		bytes += r.bytes[int(s.kind)<<shift+stored]
		state = int(r.next[at])
	}
	return cycles, bytes
}

// move finds out how layer i moves the clocks of a state.
func (p *pricer) move(r *pricedRun, state, i int) (by int32, to pricedState) {
	kind, stored := hwmodel.LayerKind(p.steps[i].kind), p.ways[p.stored[i]]
	from := r.states[state].clocks
	if i == 0 {
		to.clocks = r.walk.Start(stored)
	} else {
		to.clocks = r.walk.Advance(from, kind, stored)
	}
	clocks, now := to.clocks.Relative()
	if to = (pricedState{clocks, kind}); i == len(p.steps)-1 {
		to.clocks = hwmodel.Clocks{} // nothing follows
	}
	return int32(now - from[clkNow]), to
}

// add is the number of a state that so many kinds of layers may follow.
func (r *pricedRun) add(s pricedState, kinds int) uint16 {
	number, known := r.ids[s]
	if !known {
		number = uint16(len(r.states))
		r.ids[s] = number
		for range kinds {
			r.states = append(r.states, s)
			r.next = append(r.next, make([]uint16, 1<<r.shift)...)
			r.by = append(r.by, make([]int32, 1<<r.shift)...)
		}
	}
	return number
}
