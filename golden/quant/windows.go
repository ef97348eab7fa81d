package quant

import (
	"errors"
	"fmt"
	"math"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/intnet"
)

// embedThenNorm builds a patch embedding and the LayerNorm behind it. The matmul's result, positions
// added where there are any, has 16 bits and a scale of its own.
func (q *quantizer) embedThenNorm() error {
	s := q.stats.embed
	view, net := *q, *q.net
	net.ResidualScale = residualScale(q.stats.reach() * s.most)
	view.net = &net
	if err := view.patchEmbed(); err != nil {
		return err
	}
	q.net.PatchEmbed, q.net.ImageBits, q.net.Pos = net.PatchEmbed, net.ImageBits, net.Pos
	plain := fold{0, repeat(1, q.shape.Dim), repeat(0, q.shape.Dim)}
	out := normed{activations{grid: grid{Scale: q.net.ResidualScale}, bits: configs.ResidualBits}, plain}
	ln, err := view.layerNorm(q.name(network.None, network.RoleEmbedNorm), normStats{sigma: s.least}, q.weights.PatchNormG,
		q.weights.PatchNormB, out)
	q.net.PatchNorm = &ln
	return err
}

// merge builds the patch merging in front of block i: its LayerNorm reads the previous
// stage's residual stream, its reduction writes the new one.
func (q *quantizer) merge(i int, w *checkpoint.BlockWeights, s *blockStats) (*intnet.Merge, error) {
	bits, shape := q.bits(i, network.MergeLayer), q.shape
	f := foldOf(s.merge.out, q.num.LNFold, w.MergeG, w.MergeB)
	weights, bias := product(w.MergeW, make([]float32, shape.Dim), f.scale, f.offset)
	in := q.foldedRange("merge", i, s.merge, w.MergeG, bits.Activations, f, columnPower(weights, 2*shape.Dim))
	var m intnet.Merge
	var errs [2]error
	m.Norm, errs[0] = q.at(q.of.Blocks[i-1]).layerNorm(q.name(i, network.RoleMergeNorm), s.merge, w.MergeG, w.MergeB, in)
	m.Reduction, errs[1] = q.build(linear{
		name: bits.Name, layer: bits, w: weights, bias: bias,
		rounded: q.round(bits, weights, in.activations, f.exponent, q.residual()), bits: bits.Weights,
		in: in.activations, out: q.residual(), outBits: configs.ResidualBits,
	})
	return &m, errors.Join(errs[:]...)
}

// relative adds the bias of each pair of rows that attend to each other, in the accumulator's scale.
func (q *quantizer) relative(b *intnet.Block, i int, w *checkpoint.BlockWeights, s *blockStats) error {
	shape := q.shape
	width := b.Attn.QKVBits
	sq, sk := q.headScales("q", i, s.q, width), q.headScales("k", i, s.k, width)
	n := shape.WindowTokens()
	most := 0.0
	for h := range shape.Heads {
		step := sq[h] * sk[h] / math.Sqrt(float64(shape.HeadDim()))
		for i := range n {
			for j := range n {
				code := hup(float64(w.RelPos[shape.RelativePosition(i, j)*shape.Heads+h]) / step)
				if most = max(most, math.Abs(code)); most >= 1<<31 {
					return fmt.Errorf("%s: relative position bias is %g steps of the scores; expected less than 2^31",
						b.Attn.Name, code)
				}
				b.Attn.Bias = append(b.Attn.Bias, int32(code))
			}
		}
	}
	b.Attn.ScoreBits = signedBits(uint64(shape.HeadDim())<<(2*width-2) + uint64(most))
	if b.Attn.ScoreBits > 32 {
		return fmt.Errorf("%s: scores with their relative position bias need %d bits; at most 32 are covered",
			b.Attn.Name, b.Attn.ScoreBits)
	}
	return nil
}

// padding adds the codes of padding of windows: those of the real value 0.
func (q *quantizer) padding(b *intnet.Block, i int, w *checkpoint.BlockWeights, s *blockStats) {
	shape := q.shape
	bits := q.bits(i, network.QKVLayer)
	f := foldOf(s.norm1.out, q.num.LNFold, w.Norm1G, w.Norm1B)
	weights, _ := product(w.QKVW, w.QKVB, f.scale, f.offset)
	in := q.foldedRange("norm1", i, s.norm1, w.Norm1G, bits.Activations, f, columnPower(weights, shape.Dim))
	limit := 1 << (bits.Activations - 1)
	for c := range shape.Dim {
		code := int(hup(f.apply(0, c)/in.Scale)) + in.Zero
		b.Pad = append(b.Pad, int8(min(max(code, -limit), limit-1)))
	}
}
