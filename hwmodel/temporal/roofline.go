package temporal

import (
	"fmt"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// Roofline lists the network's matmuls in network order and their total, for a batch of
// images that use the weights together, by a policy of what stays on the chip. Softmax,
// LayerNorm and GELU are not counted. The total has the image and the logits where the
// policy keeps activations on the chip.
func (Engine) Roofline(net *network.Network, d configs.Design, part configs.Part, policy hwmodel.Traffic, batch int) (
	[]hwmodel.OpRoofline, hwmodel.OpRoofline, error) {
	s, err := NewShape(net, d)
	if err != nil {
		return nil, hwmodel.OpRoofline{}, err
	}
	roof := hwmodel.NewRoof(d, part)
	total := hwmodel.OpRoofline{Name: "total", Kind: "total"}
	var rows []hwmodel.OpRoofline
	for _, op := range net.Ops {
		if !op.Kind.IsMatmul() || op.First != op.Index {
			continue // k and v are counted with q
		}
		r := s.opTraffic(op, policy, int64(batch))
		roof.Place(&r)
		total.FLOPs += r.FLOPs
		total.Bytes += r.Bytes
		rows = append(rows, r)
	}
	switch b := int64(batch); policy {
	case hwmodel.TrafficWeights, hwmodel.TrafficOnChip:
		total.Bytes += b * int64(net.Model.Image.Pixels()+(net.Model.Classes*configs.LogitBits+7)/8)
	case hwmodel.TrafficEngine:
		total.Bytes = b * int64(s.ImageBeats+s.StreamBeats+s.ResultBeats) * int64(d.Engine.BusBits) / 8
	}
	roof.Place(&total)
	return rows, total, nil
}

// opTraffic counts one matmul; for q it counts q, k and v.
func (s *Shape) opTraffic(op network.Op, policy hwmodel.Traffic, batch int64) hwmodel.OpRoofline {
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
	out := hwmodel.OpRoofline{
		Op: op.Index, Name: name, Kind: op.Kind.String(), Shape: shapeOf(op.Heads, rows, op.Inner, cols),
		FLOPs: batch * 2 * h * r * c * k,
	}
	activations, weights := h*(r*k+r*c)*act, h*k*c*weight
	switch {
	case policy == hwmodel.TrafficEngine:
		out.Bytes = batch * s.opBeats(op) * int64(s.Design.Engine.BusBits) / 8
	case policy == hwmodel.TrafficOnChip, policy == hwmodel.TrafficWeights && !op.Kind.HasWeights():
	case policy == hwmodel.TrafficWeights:
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

func shapeOf(heads, rows, inner, cols int) string {
	if heads > 1 {
		return fmt.Sprintf("%dx%dx%dx%d", heads, rows, inner, cols)
	}
	return fmt.Sprintf("%dx%dx%d", rows, inner, cols)
}
