package hwmodel

import "vitdse/configs"

// OpRoofline places one matmul of the network, or the sum of all, under the roof of the
// array's peak and the part's memory bandwidth.
type OpRoofline struct {
	Op    int    // first of its ops
	Name  string // timm's module path; q, k and v are one matmul, "attn.qkv"
	Kind  string // kind of the op, e.g. "linear"
	Shape string // heads x rows x inner x columns, heads left out if 1
	FLOPs int64  // two for each multiply-accumulate
	Bytes int64  // inputs, weights and outputs, each once, at the layer's bits
	// Intensity is FLOPs a byte, Attainable the rate in GOP/s (10^9 operations a second)
	// that the roof allows at it.
	Intensity, Attainable float64
	Bound                 string // "compute" or "memory": what limits Attainable
	IdealCycles           int64  // cycles at Attainable, rounded up
}

// The bounds of OpRoofline.
const (
	BoundCompute = "compute"
	BoundMemory  = "memory"
)

// Traffic is what a roofline counts as moved between the chip and its memory.
type Traffic string

// The policies. Inputs and outputs are counted at the layer's activation bits, weights at
// its weight bits.
const (
	// TrafficUnfused counts every matmul by itself, as if nothing stayed on the chip between
	// two of them: inputs, weights and outputs once each. This is how surveys count, to
	// compare networks (arXiv 2405.00314, section on the roofline model).
	TrafficUnfused Traffic = "unfused"
	// TrafficWeights keeps activations on the chip: weights once, image in, logits out.
	TrafficWeights Traffic = "weights"
	// TrafficOnChip keeps weights there too: image in, logits out.
	TrafficOnChip Traffic = "on-chip"
	// TrafficEngine is what the engine moves over AXI, padding of beats included. It
	// runs image by image, so that a batch loads the weights again for every image.
	TrafficEngine Traffic = "engine"
)

// Traffics lists the policies.
var Traffics = []Traffic{TrafficUnfused, TrafficWeights, TrafficOnChip, TrafficEngine}

// Roof is the ceiling of a design on a part.
type Roof struct {
	peak      float64 // operations a cycle
	bandwidth float64 // bytes a second
	clock     float64 // Hz
}

// NewRoof is that of a design.
func NewRoof(d configs.Design, part configs.Part) Roof {
	return Roof{peak: 2 * float64(d.Engine.MACs()), bandwidth: part.BandwidthGBs * 1e9, clock: d.ClockMHz * 1e6}
}

// Place fills what follows from FLOPs and Bytes.
func (f Roof) Place(r *OpRoofline) {
	r.Intensity = float64(r.FLOPs) / float64(r.Bytes) // infinite where nothing is moved
	compute, memory := f.peak*f.clock, r.Intensity*f.bandwidth
	rate := compute
	r.Bound = BoundCompute
	if memory < compute {
		rate, r.Bound = memory, BoundMemory
	}
	r.Attainable = rate / 1e9
	if rate > 0 {
		cycles := float64(r.FLOPs) / rate * f.clock
		r.IdealCycles = int64(cycles)
		if float64(r.IdealCycles) < cycles {
			r.IdealCycles++
		}
	}
}
