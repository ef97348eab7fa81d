package hwmodel

import (
	"strings"

	"vitdse/configs"
)

// OpRoofline places one matmul of the network, or the sum of all, under the roof of the
// array's peak and the part's memory bandwidth.
type OpRoofline struct {
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

// Roofline lists the network's matmuls in network order and their total, for one image.
//
// Traffic is counted for each matmul by itself, as if nothing stayed on the chip between
// two of them: inputs and outputs once at the layer's activation bits, weights once at its
// weight bits. This is how surveys count, to compare networks; what the emitted engine
// really moves, with activations on the chip, is Estimate.BytesRead.
func Roofline(m configs.Model, d configs.Design, part configs.Part) ([]OpRoofline, OpRoofline, error) {
	s, err := NewShape(m, d)
	if err != nil {
		return nil, OpRoofline{}, err
	}
	ops, err := m.Ops()
	if err != nil {
		return nil, OpRoofline{}, err
	}
	roof := newRoof(d, part)
	total := OpRoofline{Name: "total", Kind: "total"}
	var rows []OpRoofline
	for _, op := range ops {
		if !op.Kind.IsMatmul() || strings.HasSuffix(op.Name, ".attn.k") || strings.HasSuffix(op.Name, ".attn.v") {
			continue // k and v are counted with q
		}
		r := s.opTraffic(op)
		roof.place(&r)
		total.FLOPs += r.FLOPs
		total.Bytes += r.Bytes
		rows = append(rows, r)
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
	r.Intensity = float64(r.FLOPs) / float64(r.Bytes)
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
func (s *Shape) opTraffic(op configs.Op) OpRoofline {
	rows, cols, name := op.Rows, op.Cols, op.Name
	switch {
	case op.Kind == configs.OpPatchEmbed:
		rows = s.Model.Patches() // the class token is not multiplied
	case strings.HasSuffix(name, ".attn.q"):
		name, cols = strings.TrimSuffix(name, "q")+"qkv", 3*cols
	}
	l, _ := s.Design.Numerics.Layer(op.Layer)
	act, weight := int64(l.Activations), int64(l.Weights)
	if !op.Kind.HasWeights() {
		weight = act // scores and value product: both operands are activations
	}
	h, r, c, k := int64(op.Heads), int64(rows), int64(cols), int64(op.Inner)
	bits := h * ((r*k+r*c)*act + k*c*weight)
	return OpRoofline{
		Name: name, Kind: op.Kind.String(), Shape: shapeOf(op.Heads, rows, op.Inner, cols),
		FLOPs: 2 * h * r * c * k, Bytes: (bits + 7) / 8,
	}
}
