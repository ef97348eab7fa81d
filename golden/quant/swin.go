package quant

import (
	"errors"
	"fmt"
	"math"

	"vitdse/configs"
	"vitdse/golden/intnet"
)

// swin builds all of a Swin's integer network.
func (q *quantizer) swin() error {
	m := q.model
	for _, top := range q.stats.swin.stages {
		q.net.StageScales = append(q.net.StageScales, residualScale(top))
	}
	q.net.ResidualScale = q.net.StageScales[0]
	if err := q.embedThenNorm("patch_embed.norm"); err != nil {
		return err
	}
	for i := range m.BlockCount() {
		b, err := q.swinBlock(i)
		if err != nil {
			return err
		}
		q.net.Blocks = append(q.net.Blocks, b)
	}
	return q.swinHead()
}

func residualScale(top float64) float64 {
	return max(headroom*top, 1e-9) / (1<<(configs.ResidualBits-1) - 1)
}

// stage is the quantizer as the blocks of a stage see it: a network of one window, with
// the stage's residual scale.
func (q *quantizer) stage(i int) *quantizer {
	view, net := *q, *q.net
	s := q.model.Stage(i)
	view.model.Dim, view.model.Heads = s.Dim, s.Heads
	view.model.StageHeads, view.model.Depths = []int{s.Heads}, []int{1}
	side := q.model.Window * q.model.Patch
	view.model.Image.Height, view.model.Image.Width = side, side
	net.ResidualScale = q.net.StageScales[i]
	view.net = &net
	return &view
}

// embedThenNorm builds a patch embedding and the LayerNorm behind it. The matmul's result, positions
// added where there are any, has 16 bits and a scale of its own.
func (q *quantizer) embedThenNorm(name string) error {
	view, net := *q, *q.net
	net.ResidualScale = residualScale(q.stats.embed.top)
	view.net = &net
	if err := view.patchEmbed(); err != nil {
		return err
	}
	q.net.PatchEmbed, q.net.ImageBits, q.net.Pos = net.PatchEmbed, net.ImageBits, net.Pos
	plain := fold{0, repeat(1, q.model.Dim), repeat(0, q.model.Dim)}
	out := normed{activations{grid: grid{Scale: q.net.ResidualScale}, bits: configs.ResidualBits}, plain}
	ln, err := view.layerNorm(name, normStats{sigma: q.stats.embed.least}, q.weights.PatchNormG, q.weights.PatchNormB, out)
	q.net.PatchNorm = &ln
	return err
}

// swinBlock builds one block, and the patch merging in front of it.
func (q *quantizer) swinBlock(i int) (intnet.Block, error) {
	shape := q.model.BlockShape(i)
	view := q.stage(shape.Stage)
	w, s := &q.weights.Blocks[i], &q.stats.blocks[i]
	var b intnet.Block
	var errs [3]error
	if shape.Merges() {
		b.Merge, errs[0] = q.merge(shape, i)
	}
	name := shape.Name + "."
	if errs[1] = view.attentionHalf(&b, name, i, w, s); errs[1] == nil {
		errs[1] = view.window(&b, shape, i)
	}
	errs[2] = view.mlpHalf(&b, name, i, w, s)
	return b, errors.Join(errs[:]...)
}

// merge builds the patch merging in front of block i: its LayerNorm reads the previous
// stage's residual stream, its reduction writes the new one.
func (q *quantizer) merge(shape configs.BlockShape, i int) (*intnet.Merge, error) {
	w, s := &q.weights.Blocks[i], &q.stats.blocks[i]
	bits := q.bits(shape.MergeName() + ".reduction")
	f := foldOf(s.merge.out, q.num.LNFold)
	weights, bias := product(w.MergeW, make([]float32, shape.Dim), f.scale, f.offset)
	in := q.foldedRange("merge", i, s.merge, w.MergeG, bits.Activations, f, columnPower(weights, 2*shape.Dim))
	var m intnet.Merge
	var errs [2]error
	m.Norm, errs[0] = q.stage(shape.Stage-1).layerNorm(shape.MergeName()+".norm", s.merge, w.MergeG, w.MergeB, in)
	m.Reduction, errs[1] = q.build(linear{
		name: bits.Name, layer: bits, w: weights, bias: bias, rounded: q.round(bits, weights, in.activations, f.exponent, q.stage(shape.Stage).residual()), bits: bits.Weights,
		in: in.activations, out: q.stage(shape.Stage).residual(), outBits: configs.ResidualBits,
	})
	return &m, errors.Join(errs[:]...)
}

// window adds what a windowed attention needs: the bias of each pair in the accumulator's
// scale, and the codes of padding.
func (q *quantizer) window(b *intnet.Block, shape configs.BlockShape, i int) error {
	w, s := &q.weights.Blocks[i], &q.stats.blocks[i]
	width := b.Attn.QKVBits
	sq, sk := q.headScales("q", i, s.q, width), q.headScales("k", i, s.k, width)
	n := shape.WindowTokens()
	most := 0.0
	for h := range shape.Heads {
		step := sq[h] * sk[h] / math.Sqrt(float64(q.model.HeadDim()))
		for i := range n {
			for j := range n {
				code := hup(float64(w.RelPos[shape.RelativePosition(i, j)*shape.Heads+h]) / step)
				if most = max(most, math.Abs(code)); most >= 1<<31 {
					return fmt.Errorf("%s: relative position bias is %g steps of the scores; expected less than 2^31", b.Attn.Name, code)
				}
				b.Attn.Bias = append(b.Attn.Bias, int32(code))
			}
		}
	}
	b.Attn.ScoreBits = signedBits(uint64(q.model.HeadDim())<<(2*width-2) + uint64(most))
	if b.Attn.ScoreBits > 32 {
		return fmt.Errorf("%s: scores with their relative position bias need %d bits; at most 32 are covered", b.Attn.Name, b.Attn.ScoreBits)
	}
	bits := q.bits(shape.Name + ".attn.qkv")
	f := foldOf(s.norm1.out, q.num.LNFold)
	weights, _ := product(w.QKVW, w.QKVB, f.scale, f.offset)
	in := q.foldedRange("norm1", i, s.norm1, w.Norm1G, bits.Activations, f, columnPower(weights, shape.Dim))
	limit := 1 << (bits.Activations - 1)
	for c := range shape.Dim {
		code := int(hup(f.apply(0, c)/in.Scale)) + in.Zero
		b.Pad = append(b.Pad, int8(min(max(code, -limit), limit-1)))
	}
	return nil
}

// swinHead builds the last LayerNorm, the mean over the tokens and the classifier.
func (q *quantizer) swinHead() error {
	last := len(q.model.Depths) - 1
	return q.averagedHead(q.stage(last), q.model.Stage(last).Tokens(), q.model.Stage(last).Dim)
}
