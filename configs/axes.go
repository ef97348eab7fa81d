package configs

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// Axis is one choice of a space. Values are its candidates as text, for tables.
type Axis struct {
	Name   string
	Len    int
	Values []string

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

// axes lists every axis: numerics first and the engine last, so that in order of
// rank the numerics change least often.
func (s Space) axes(m Model) []Axis {
	axes := s.bitAxes(m.QuantLayers())
	axes = append(axes,
		axisOf("granularity", false, s.Granularity, func(d *Design, g Granularity) {
			for i, l := range d.Numerics.Layers {
				if HasWeights(l.Name) {
					d.Numerics.Layers[i].Granularity = g
				}
			}
		}),
		axisOf("softmax_bits", false, s.SoftmaxBits, func(d *Design, v int) { d.Numerics.SoftmaxBits = v }),
		axisOf("gelu_bits", false, s.GELUBits, func(d *Design, v int) { d.Numerics.GELUBits = v }),
		axisOf("ln_fold", false, s.LNFold, func(d *Design, v float64) { d.Numerics.LNFold = v }))
	return append(axes, s.engineAxes()...)
}

func (s Space) engineAxes() []Axis {
	return []Axis{
		axisOf("tm", true, s.Array.TM, func(d *Design, v int) { d.Engine.TM = v }),
		axisOf("tn", true, s.Array.TN, func(d *Design, v int) { d.Engine.TN = v }),
		axisOf("tk", true, s.Array.TK, func(d *Design, v int) { d.Engine.TK = v }),
		axisOf("multiplier", true, s.Multiplier, func(d *Design, v Multiplier) { d.Engine.Multiplier = v }),
		axisOf("bus_bits", false, s.BusBits, func(d *Design, v int) { d.Engine.BusBits = v }),
		axisOf("read_fifo", false, s.ReadFIFO, func(d *Design, v int) { d.Engine.ReadFIFO = v }),
		axisOf("weight_buffers", false, s.WeightBuffers, func(d *Design, v int) { d.Engine.WeightBuffers = v }),
		axisOf("memories.activations", true, s.Memories.Activations, func(d *Design, v MemoryKind) { d.Engine.Activations = v }),
		axisOf("memories.weights", true, s.Memories.Weights, func(d *Design, v MemoryKind) { d.Engine.Weights = v }),
		axisOf("memories.residual", true, s.Memories.Residual, func(d *Design, v MemoryKind) { d.Engine.Residual = v }),
	}
}

// bitAxes makes one axis of weights and one of activations for each group of layers.
func (s Space) bitAxes(layers []string) []Axis {
	var order []string
	groups := map[string][]int{}
	for i, name := range layers {
		g := s.Bits.group(name)
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], i)
	}
	var axes []Axis
	for _, g := range order {
		if g == "edge" {
			axes = append(axes, s.edgeAxes()...)
			continue
		}
		var weighted []int
		for _, i := range groups[g] {
			if HasWeights(layers[i]) {
				weighted = append(weighted, i)
			}
		}
		if weighted != nil {
			axes = append(axes, axisOf(g+".weights", false, s.Bits.Weights, setWeights(weighted)))
		}
		members := groups[g]
		axes = append(axes, axisOf(g+".activations", false, s.Bits.Activations, func(d *Design, v int) {
			for _, i := range members {
				d.Numerics.Layers[i].Activations = v
			}
		}))
	}
	return axes
}

// edgeAxes are patch_embed's and head's, the first and the last layer.
func (s Space) edgeAxes() []Axis {
	return []Axis{
		axisOf("edge.weights", false, s.Bits.Edge.Weights, func(d *Design, v int) {
			d.Numerics.Layers[0].Weights, d.Numerics.Layers[len(d.Numerics.Layers)-1].Weights = v, v
		}),
		axisOf("edge.activations", false, s.Bits.Edge.Activations, func(d *Design, v int) {
			d.Numerics.Layers[len(d.Numerics.Layers)-1].Activations = v
		}),
	}
}

func setWeights(layers []int) func(*Design, int) {
	return func(d *Design, v int) {
		for _, i := range layers {
			d.Numerics.Layers[i].Weights = v
		}
	}
}

// group names the layers that share a choice with the named one.
func (b BitSpace) group(layer string) string {
	if layer == LayerPatchEmbed || layer == LayerHead {
		return "edge"
	}
	parts := strings.Split(layer, ".") // blocks.N.attn.qkv
	switch b.Symmetry {
	case SymAll:
		return "blocks"
	case SymAttnMLP:
		return parts[2]
	case SymBlock:
		return strings.Join(parts[:2], ".")
	}
	return layer
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
