package page

import (
	"fmt"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit/engines"
	"vitdse/hwmodel"
)

// Inside is what a design is made of and how an image passes through it.
type Inside struct {
	Point    string    `json:"point"`            // name
	Hash     string    `json:"design,omitempty"` // of the emitted design, where it is known
	Part     string    `json:"part"`
	ClockMHz Number    `json:"clock_mhz"`
	MACs     int       `json:"array_macs"` // of a cycle
	Peak     Number    `json:"peak_gops"`
	Memory   Number    `json:"memory_gb_s"`
	Causes   []string  `json:"causes"` // of VerdictOp.Spent
	Ops      []Op      `json:"ops"`    // the last is the store of the result
	Total    Roof      `json:"total"`
	Timeline Timeline  `json:"timeline"`
	Layers   []Layer   `json:"layers"`
	Noise    *Noise    `json:"noise,omitempty"`
	Codes    []Codes   `json:"codes,omitempty"`
	Variants []Variant `json:"variants"` // the design with one choice changed

	Synthesis *Synthesis `json:"synthesis,omitempty"` // of this very design, where there is one
}

// Op is one op of the network on the engine.
type Op struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Shape  string `json:"shape"`
	Layer  string `json:"layer,omitempty"`
	Block  int    `json:"block"`
	MACs   int64  `json:"macs"`
	Cycles int64  `json:"cycles"` // predicted; counts for the op that ends next
	Roof   *Roof  `json:"roof,omitempty"`
}

// Roof places an op, or the network, under the roof of the array and the memory; q stands for q, k and v.
type Roof struct {
	FLOPs      int64  `json:"flops"`
	Bytes      int64  `json:"bytes"` // that the engine moves over AXI
	Intensity  Number `json:"flops_per_byte"`
	Attainable Number `json:"attainable_gops"`
	Bound      string `json:"bound"`
	Ideal      int64  `json:"ideal_cycles"`
}

// Timeline is what every unit does when, in columns: span i is of unit Unit[i] and op Op[i], begins
// after From[i] cycles and takes Cycles[i].
type Timeline struct {
	Total int64    `json:"total"`
	Units []string `json:"units"`
	Unit  []int    `json:"unit"`
	Op    []int    `json:"op"`
	From  []int64  `json:"from"`
	Took  []int64  `json:"cycles"`
}

// Layer is the bits of a layer.
type Layer struct {
	Name        string       `json:"name"`
	Weights     int          `json:"weights"` // bits; 0: it has none
	Activations int          `json:"activations"`
	Granularity string       `json:"granularity,omitempty"`
	Group       int          `json:"group,omitempty"`
	Quantized   *LayerReport `json:"quantized,omitempty"`
}

// InsideOf says what hwmodel knows of a design.
func InsideOf(m configs.Model, d configs.Design, part configs.Part) (Inside, error) {
	net, err := network.Compile(m)
	if err != nil {
		return Inside{}, err
	}
	s, err := engines.Default().Machine(net, d)
	if err != nil {
		return Inside{}, err
	}
	in := Inside{Point: d.Name, Part: d.Part, ClockMHz: Number(d.ClockMHz), MACs: d.Engine.MACs(),
		Memory: Number(part.BandwidthGBs),
		Peak:   Number(2 * float64(d.Engine.MACs()) * d.ClockMHz / 1e3), Causes: hwmodel.Causes[:], Variants: []Variant{}}
	rows, total, err := engines.Default().Roofline(net, d, part, hwmodel.TrafficEngine, 1)
	if err != nil {
		return Inside{}, err
	}
	roofs := map[int]*Roof{} // q, k and v are one matmul, at q
	for _, r := range rows {
		roofs[r.Op] = roofOf(r)
	}
	in.Total = *roofOf(total)
	cycles := s.Timeline(hwmodel.IdealMemory, 1)[0]
	for i, op := range net.Ops {
		x := Op{Name: op.Name, Kind: op.Kind.String(), Shape: shapeOf(op), Layer: net.LayerOf(op).Name, Block: op.Block,
			MACs: op.MACs(), Cycles: cycles[i], Roof: roofs[op.Index]}
		in.Ops = append(in.Ops, x)
	}
	in.Ops = append(in.Ops, Op{Name: hwmodel.StoreName, Kind: "store", Block: -1, Cycles: cycles[len(net.Ops)]})
	in.Timeline = timelineOf(s)
	for _, l := range d.Numerics.Layers {
		in.Layers = append(in.Layers, Layer{Name: l.Name, Weights: l.Weights, Activations: l.Activations,
			Granularity: string(l.Granularity), Group: l.Group})
	}
	return in, nil
}

func roofOf(r hwmodel.OpRoofline) *Roof {
	return &Roof{r.FLOPs, r.Bytes, Number(r.Intensity), Number(r.Attainable), r.Bound, r.IdealCycles}
}

func shapeOf(op network.Op) string {
	s := fmt.Sprintf("%d×%d", op.Rows, op.Cols)
	if op.Inner > 0 {
		s = fmt.Sprintf("%d×%d×%d", op.Rows, op.Inner, op.Cols)
	}
	if op.Heads > 1 {
		s = fmt.Sprintf("%d×", op.Heads) + s
	}
	return s
}

// timelineOf joins the spans of a unit and op that follow each other at once: a page of a large
// network would hold too many of them, and they look the same.
func timelineOf(s hwmodel.Machine) Timeline {
	t := Timeline{Units: s.Units()}
	last := map[int]int{}
	for _, x := range s.Spans(hwmodel.IdealMemory, 1) {
		t.Total = max(t.Total, x.To)
		if i, ok := last[x.Unit]; ok && t.Op[i] == x.Op && t.From[i]+t.Took[i] >= x.From-1 && x.From >= t.From[i] {
			t.Took[i] = max(t.Took[i], x.To-t.From[i])
			continue
		}
		last[x.Unit] = len(t.Unit)
		t.Unit, t.Op, t.From, t.Took = append(t.Unit, x.Unit), append(t.Op, x.Op), append(t.From, x.From),
			append(t.Took, x.To-x.From)
	}
	return t
}
