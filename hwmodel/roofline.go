package hwmodel

import (
	"vitdse/configs"
	"vitdse/configs/network"
)

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
	// TrafficEngine is what the emitted engine moves over AXI, padding of beats included. It
	// runs image by image, so that a batch loads the weights again for every image.
	TrafficEngine Traffic = "engine"
)

// Traffics lists the policies.
var Traffics = []Traffic{TrafficUnfused, TrafficWeights, TrafficOnChip, TrafficEngine}

// Roofline lists the network's matmuls in network order and their total, for a batch of
// images that use the weights together, by a policy of what stays on the chip. Softmax,
// LayerNorm and GELU are not counted. The total has the image and the logits where the
// policy keeps activations on the chip.
func Roofline(net *network.Network, d configs.Design, part configs.Part, policy Traffic, batch int) (
	[]OpRoofline, OpRoofline, error) {
	s, err := NewShape(net, d)
	if err != nil {
		return nil, OpRoofline{}, err
	}
	roof := newRoof(d, part)
	total := OpRoofline{Name: "total", Kind: "total"}
	var rows []OpRoofline
	for _, op := range net.Ops {
		if !op.Kind.IsMatmul() || op.First != op.Index {
			continue // k and v are counted with q
		}
		r := s.opTraffic(op, policy, int64(batch))
		roof.place(&r)
		total.FLOPs += r.FLOPs
		total.Bytes += r.Bytes
		rows = append(rows, r)
	}
	switch b := int64(batch); policy {
	case TrafficWeights, TrafficOnChip:
		total.Bytes += b * int64(net.Model.Image.Pixels()+(net.Model.Classes*configs.LogitBits+7)/8)
	case TrafficEngine:
		total.Bytes = b * int64(s.ImageBeats+s.StreamBeats+s.ResultBeats) * int64(d.Engine.BusBits) / 8
	}
	roof.place(&total)
	return rows, total, nil
}

// roof is the ceiling of a design on a part.
type roof struct {
	peak      float64 // operations a cycle
	bandwidth float64 // bytes a second
	clock     float64 // Hz
}

func newRoof(d configs.Design, part configs.Part) roof {
	return roof{peak: 2 * float64(d.Engine.MACs()), bandwidth: part.BandwidthGBs * 1e9, clock: d.ClockMHz * 1e6}
}

// place fills what follows from FLOPs and Bytes.
func (f roof) place(r *OpRoofline) {
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

// opTraffic counts one matmul; for q it counts q, k and v.
func (s *Shape) opTraffic(op network.Op, policy Traffic, batch int64) OpRoofline {
	rows, cols, name := op.Rows, op.Cols, op.Name
	if op.Role == network.RoleEmbed {
		rows -= s.Net.Model.PrefixTokens() // they are not multiplied
	}
	for _, o := range s.Net.LayerOf(op).Ops {
		if o != op.Index && s.Net.Ops[o].First == op.Index {
			name, cols = s.Net.LayerOf(op).Name, cols+s.Net.Ops[o].Cols
		}
	}
	l := s.bits[op.Layer]
	act, weight := int64(l.Activations), int64(l.Weights)
	if !op.Kind.HasWeights() {
		weight = act // scores and value product: both operands are activations
	}
	h, r, c, k := int64(op.Heads), int64(rows), int64(cols), int64(op.Inner)
	out := OpRoofline{
		Op: op.Index, Name: name, Kind: op.Kind.String(), Shape: shapeOf(op.Heads, rows, op.Inner, cols),
		FLOPs: batch * 2 * h * r * c * k,
	}
	activations, weights := h*(r*k+r*c)*act, h*k*c*weight
	switch {
	case policy == TrafficEngine:
		out.Bytes = batch * s.opBeats(op) * int64(s.Design.Engine.BusBits) / 8
	case policy == TrafficOnChip, policy == TrafficWeights && !op.Kind.HasWeights():
	case policy == TrafficWeights:
		out.Bytes = (weights + 7) / 8
	case op.Kind.HasWeights():
		out.Bytes = (batch*activations + weights + 7) / 8
	default:
		out.Bytes = (batch*(activations+weights) + 7) / 8
	}
	return out
}

// opBeats is the bus beats of the read stream that the matmul uses; for q those of k and v too.
func (s *Shape) opBeats(op network.Op) int64 {
	beats := 0
	for _, g := range s.Segments() {
		if s.Net.Ops[g.Op].First == op.Index {
			beats += g.Beats(s.Design.Engine.BusBits)
		}
	}
	return int64(beats)
}
