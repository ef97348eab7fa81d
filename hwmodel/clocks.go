package hwmodel

import "vitdse/configs/network"

// Clocks is the state of an engine between two layers: what the rest of an image's time depends on, in cycles.
// Clocks[0] is the end of the last op; which others there are, up to eight, is the engine's; one that has fewer repeats
// Clocks[0]. Every later time is a maximum of sums of these and constants, so that
//
//   - clocks that are nowhere later end nowhere later, whatever layers follow, and
//   - clocks that are all later by n end later by n.
//
// A clock that can no longer hold anything up stands at the value from which it could, so
// that engines in the same situation have the same differences between their clocks.
type Clocks [9]int64

// Relative is the clocks less the first of them, and that.
func (c Clocks) Relative() (Clocks, int64) {
	now := c[0]
	for i := range c {
		c[i] -= now
	}
	return c, now
}

// LayerKind is a class of layers with weights, network.Layer.Class: a layer with what runs before it since the last
// one. The first, FirstKind, is the patch embedding, the last ends with the store of the result.
type LayerKind int

// FirstKind is loading the image, patches, and their embedding.
const FirstKind LayerKind = 0

// KindOf is the kind of a layer with weights.
func KindOf(l network.Layer) LayerKind { return LayerKind(l.Class) }
