package size

import (
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// OnChip is what a network and an engine want to keep on the chip beside what a part has, in
// bytes.
type OnChip struct {
	Weights int64 // of the whole network at their bits; an engine streams them, a layer ahead
	Buffers int64 // of the engine: all activations of a block, the residual stream, two layers' weights
	RAM     int64 // of blocks and UltraRAMs that a design may plan with
}

// KeptOnChip counts for a candidate on a part. Buffers fit only where Estimate.Fits says so:
// blocks come whole and in few shapes.
func KeptOnChip(engine hwmodel.Engine, net *network.Network, d configs.Design, part configs.Part) (OnChip, error) {
	s, err := engine.Machine(net, d)
	if err != nil {
		return OnChip{}, err
	}
	var weights, buffers int64
	for _, op := range net.Ops {
		if op.Kind.HasWeights() {
			l, _ := d.Numerics.Layer(net.LayerOf(op).Name)
			weights += int64(op.Inner) * int64(op.Cols) * int64(l.Weights)
		}
	}
	for _, b := range s.Memories() {
		buffers += int64(b.Copies) * int64(b.Depth) * int64(b.Width)
	}
	usable := part.Usable()
	ram := int64(usable.BRAM18)*largest(part.Memory.Block) + int64(usable.URAM)*largest(part.Memory.Ultra)
	return OnChip{Weights: (weights + 7) / 8, Buffers: (buffers + 7) / 8, RAM: ram / 8}, nil
}

// largest is the bits of a memory block in its roomiest shape.
func largest(shapes []configs.Geometry) int64 {
	most := 0
	for _, g := range shapes {
		most = max(most, g.Bits())
	}
	return int64(most)
}
