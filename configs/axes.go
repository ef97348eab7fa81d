package configs

import (
	"fmt"
	"maps"
	"math/big"
	"slices"

	"vitdse/configs/network"
)

// AxisKind says what a choice of an axis sets.
type AxisKind int

// Kinds of axes. Those of layers set the same field of each of Axis.Layers.
const (
	AxisWeights     AxisKind = iota // bits of layers' weights
	AxisActivations                 // bits of layers' activations
	AxisGranularity                 // of layers' weights
	AxisUnit                        // numerics that no single layer has
	AxisEngine                      // the engine and its clock
)

// Axis is one choice of a space. Values are its candidates as text, for tables.
type Axis struct {
	Name   string
	Len    int
	Values []string
	Kind   AxisKind
	Layers []int // of the network's layers, ascending

	set func(d *Design, choice int) // makes the choice in a design that lists all layers
	law bool                        // whether a choice can make a point illegal
}

// axisOf makes an axis from its candidates and what a candidate does to a design.
func axisOf[T any](name string, law bool, values []T, set func(d *Design, v T)) Axis {
	a := Axis{Name: name, Len: len(values), law: law, set: func(d *Design, choice int) { set(d, values[choice]) }}
	for _, v := range values {
		a.Values = append(a.Values, fmt.Sprint(v))
	}
	return a
}

// of says what an axis of layers sets.
func (a Axis) of(kind AxisKind, layers []int) Axis {
	a.Kind, a.Layers = kind, layers
	return a
}

// Set makes a choice in a design that lists all layers in the network's order.
func (a Axis) Set(d *Design, choice int) { a.set(d, choice) }

// axes lists every axis: numerics first and the engine last, so that in order of
// rank the numerics change least often.
func (s Space) axes(m Model) []Axis {
	layers := layersOf(m)
	axes := append(s.bitAxes(layers), s.granularityAxes(layers)...)
	units := []Axis{
		axisOf("softmax_bits", false, s.SoftmaxBits, func(d *Design, v int) { d.Numerics.SoftmaxBits = v }),
		axisOf("gelu_bits", false, s.GELUBits, func(d *Design, v int) { d.Numerics.GELUBits = v }),
		axisOf("ln_fold", false, s.LNFold, func(d *Design, v float64) { d.Numerics.LNFold = v }),
	}
	if s.Quantizer != nil {
		units = append(units, axisOf("quantizer", false, s.Quantizer,
			func(d *Design, v Quantizer) { d.Numerics.Quantizer = v.Normal() }))
	}
	for _, a := range units {
		axes = append(axes, a.of(AxisUnit, nil))
	}
	for _, a := range s.engineAxes() {
		axes = append(axes, a.of(AxisEngine, nil))
	}
	return axes
}

func (s Space) engineAxes() []Axis {
	columns := s.VectorColumns
	if columns == nil {
		columns = []int{1}
	}
	packing := s.Packing
	if packing == nil {
		packing = []Packing{PackNone}
	}
	axes := []Axis{
		axisOf("tm", true, s.Array.TM, func(d *Design, v int) { d.Engine.TM = v }),
		axisOf("tn", true, s.Array.TN, func(d *Design, v int) { d.Engine.TN = v }),
		axisOf("tk", true, s.Array.TK, func(d *Design, v int) { d.Engine.TK = v }),
		axisOf("vector_columns", true, columns, func(d *Design, v int) { d.Engine.VectorColumns = v }),
		axisOf("multiplier", true, s.Multiplier, func(d *Design, v Multiplier) { d.Engine.Multiplier = v }),
		axisOf("packing", true, packing, func(d *Design, v Packing) { d.Engine.Packing = v }),
		axisOf("bus_bits", len(s.Constraints) > 0 || s.PatchTokens != nil, s.BusBits,
			func(d *Design, v int) { d.Engine.BusBits = v }),
		axisOf("read_fifo", len(s.Constraints) > 0, s.ReadFIFO, func(d *Design, v int) { d.Engine.ReadFIFO = v }),
		axisOf("weight_buffers", len(s.Constraints) > 0, s.WeightBuffers,
			func(d *Design, v int) { d.Engine.WeightBuffers = v }),
		axisOf("memories.activations", true, s.Memories.Activations,
			func(d *Design, v MemoryKind) { d.Engine.Activations = v }),
		axisOf("memories.weights", true, s.Memories.Weights, func(d *Design, v MemoryKind) { d.Engine.Weights = v }),
		axisOf("memories.residual", true, s.Memories.Residual, func(d *Design, v MemoryKind) { d.Engine.Residual = v }),
	}
	if s.LUTColumns != nil {
		axes = append(axes, axisOf("lut_columns", true, s.LUTColumns, func(d *Design, v int) { d.Engine.LUTColumns = v }))
	}
	if s.PatchTokens != nil {
		axes = append(axes, axisOf("patch_tokens", true, s.PatchTokens,
			func(d *Design, v int) { d.Engine = d.Engine.WithPatchTokens(v) }))
	}
	if len(s.ClockShare) > 1 || len(s.ClockShare) == 1 && s.ClockShare[0] != 1 {
		axes = append(axes, axisOf("clock_share", len(s.Constraints) > 0, s.ClockShare,
			func(d *Design, v float64) { d.ClockMHz *= v }))
	}
	return axes
}

// groups are the layers that share a choice under a symmetry, by the name of the choice.
type groups struct {
	order   []string
	members map[string][]int
}

func grouped(layers []network.Layer, sym Symmetry) groups {
	g := groups{members: map[string][]int{}}
	for i, l := range layers {
		n := sym.group(l)
		if g.members[n] == nil {
			g.order = append(g.order, n)
		}
		g.members[n] = append(g.members[n], i)
	}
	return g
}

// weighted are those of the members that have weights.
func weighted(layers []network.Layer, members []int) []int {
	var list []int
	for _, i := range members {
		if layers[i].Weights {
			list = append(list, i)
		}
	}
	return list
}

// bitAxes makes one axis of weights and one of activations for each group of layers.
func (s Space) bitAxes(layers []network.Layer) []Axis {
	var axes []Axis
	g := grouped(layers, s.Bits.Symmetry)
	for _, name := range g.order {
		if name == edge {
			axes = append(axes, s.edgeAxes(len(layers))...)
			continue
		}
		members := g.members[name]
		if list := weighted(layers, members); list != nil {
			axes = append(axes, axisOf(name+".weights", false, s.Bits.Weights, setWeights(list)).of(AxisWeights, list))
		}
		axes = append(axes, axisOf(name+".activations", false, s.Bits.Activations, func(d *Design, v int) {
			for _, i := range members {
				d.Numerics.Layers[i].Activations = v
			}
		}).of(AxisActivations, members))
	}
	return axes
}

// edgeAxes are patch_embed's and head's, the first and the last of n layers.
func (s Space) edgeAxes(n int) []Axis {
	return []Axis{
		axisOf("edge.weights", false, s.Bits.Edge.Weights, func(d *Design, v int) {
			d.Numerics.Layers[0].Weights, d.Numerics.Layers[n-1].Weights = v, v
		}).of(AxisWeights, []int{0, n - 1}),
		axisOf("edge.activations", false, s.Bits.Edge.Activations, func(d *Design, v int) {
			d.Numerics.Layers[n-1].Activations = v
		}).of(AxisActivations, []int{n - 1}),
	}
}

// granularityAxes is one axis for all layers, or one a group.
func (s Space) granularityAxes(layers []network.Layer) []Axis {
	axis := func(name string, candidates []Granularity, list []int) Axis {
		return axisOf(name, false, candidates, func(d *Design, g Granularity) {
			for _, i := range list {
				d.Numerics.Layers[i].setGranularity(layers[i], g, s.Group)
			}
		}).of(AxisGranularity, list)
	}
	if s.GranularityBy == "" || s.GranularityBy == SymAll {
		return []Axis{axis("granularity", s.Granularity, weighted(layers, indices(layers)))}
	}
	var axes []Axis
	g := grouped(layers, s.GranularityBy)
	for _, name := range g.order {
		candidates := s.Granularity
		if name == edge {
			candidates = s.edgeGranularity()
		}
		if list := weighted(layers, g.members[name]); list != nil {
			axes = append(axes, axis(name+".granularity", candidates, list))
		}
	}
	return axes
}

// edgeGranularity is the candidates of the layers outside the blocks, which have no groups.
func (s Space) edgeGranularity() []Granularity {
	var list []Granularity
	for _, g := range s.Granularity {
		if g == PerGroup {
			g = PerChannel
		}
		if !slices.Contains(list, g) {
			list = append(list, g)
		}
	}
	return list
}

func indices(layers []network.Layer) []int {
	list := make([]int, len(layers))
	for i := range list {
		list[i] = i
	}
	return list
}

func setWeights(layers []int) func(*Design, int) {
	return func(d *Design, v int) {
		for _, i := range layers {
			d.Numerics.Layers[i].Weights = v
		}
	}
}

// edge is the group of the layers outside the blocks.
const edge = "edge"

// group names the layers that share a choice with the given one.
func (y Symmetry) group(l network.Layer) string {
	if l.Edge {
		return edge
	}
	switch y {
	case SymAll:
		return "blocks"
	case SymAttnMLP:
		if l.Role.InAttention() {
			return "attn"
		}
		return "mlp"
	case SymKind:
		return l.Role.Short()
	case SymBlock:
		return l.Within
	case SymQKV:
		if l.Role == network.AttentionLayer {
			return l.Within + "." + network.QKVLayer.Short()
		}
	}
	return l.Name
}

// product is the number of combinations of the axes.
func product(axes []Axis) *big.Int {
	n := big.NewInt(1)
	for _, a := range axes {
		n.Mul(n, big.NewInt(int64(a.Len)))
	}
	return n
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
