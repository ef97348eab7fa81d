package quant

import (
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/intnet"
)

// takes says whether codes that the network came with are taken.
func (q *quantizer) takes() bool { return takesGrids(q.num, q.weights) }

// takesGrids says whether codes that a network came with are taken: with a quantizer other than the default's it is
// quantized anew. These codes are those of the heads' own basis, which is kept.
func takesGrids(num configs.Numerics, w *checkpoint.Weights) bool {
	menu := num.Quantizer
	menu.Calibration, menu.Heads = "", ""
	return w != nil && w.Grids != nil && menu.Normal() == configs.Quantizer{}
}

// givenInput is the grid that came with the layer that reads a tensor, nil where there is none of these bits.
func (q *quantizer) givenInput(tensor string, block, width int) *checkpoint.Grid {
	pool, pools := q.of.Find(network.RolePool)
	averages := pools && pool.Kind == network.OpPool && !pool.Max
	roles := map[string]network.LayerRole{"norm1": network.QKVLayer, "av": network.ProjLayer, "norm2": network.FC1Layer,
		"gelu": network.FC2Layer, "pool": network.HeadLayer}
	if !averages {
		roles["norm"] = network.HeadLayer
	}
	role, ok := roles[tensor]
	if !ok || !q.takes() {
		return nil
	}
	if block < 0 {
		block = network.None
	}
	if g := q.weights.Grids[q.bits(block, role).Name].Input; g != nil && g.Bits == width {
		return g
	}
	return nil
}

// givenWeights are the scales that came with a layer's weights, nil where there are none of these bits.
func (q *quantizer) givenWeights(bits configs.LayerBits) []float64 {
	if !q.takes() {
		return nil
	}
	g := q.weights.Grids[bits.Name]
	if g.WeightScale == nil || g.WeightBits != bits.Weights || bits.Granularity == configs.PerGroup {
		return nil
	}
	if bits.Granularity == configs.PerLayer {
		for _, s := range g.WeightScale {
			if s != g.WeightScale[0] {
				return nil
			}
		}
	}
	return g.WeightScale
}

// fold is the strength of the LayerNorm fold in front of a layer: none where its codes came with it.
func (q *quantizer) fold(bits configs.LayerBits, tensor string, block int) float64 {
	if q.givenWeights(bits) != nil || q.givenInput(tensor, block, bits.Activations) != nil {
		return 0
	}
	return q.num.LNFold
}

// givenCodes are weights as they came: of scales, times a factor that is folded into them.
func givenCodes(w, scales []float64, factor float64, bits int) rounded {
	s := steps{scales: make([]float64, len(scales)), codes: codeRange{bits, false}}
	for o, v := range scales {
		s.scales[o] = v * factor
	}
	return rounded{s, nearest(w, s)}
}

// givenHeads are the scales of q, k or v that came with a block, nil where there are none of these bits.
func (q *quantizer) givenHeads(part, block, width int) []float64 {
	if !q.takes() {
		return nil
	}
	g := q.weights.Grids[q.bits(block, network.AttentionLayer).Name].QKV[part]
	if g == nil || g.Bits != width {
		return nil
	}
	return repeat(g.Scale, q.shape.Heads)
}

// givenIndex is the grid of the activation's index that came with fc1, if its bits are those of the table.
func (q *quantizer) givenIndex(fc1 configs.LayerBits, out activations) (grid, bool) {
	if !q.takes() {
		return grid{}, false
	}
	g := q.weights.Grids[fc1.Name].Output
	if g == nil || g.Bits != q.num.GELUBits || out.bits == intnet.FineBits {
		return grid{}, false
	}
	return grid{g.Scale, g.Zero}, true
}
