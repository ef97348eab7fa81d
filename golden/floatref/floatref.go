// Package floatref is the floating-point reference of a ViT, DeiT or Swin: what the
// integer network approximates, and where calibration sees real-valued ranges.
//
// Products are summed in float64, so that its logits differ from a float32
// framework's by that framework's own rounding only.
package floatref

import (
	"fmt"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
)

// Network is a model with its weights in float64. It is safe for concurrent use,
// each goroutine with its own Trace.
type Network struct {
	Model  configs.Model
	Ops    []configs.Op
	prefix []float64 // of the rows in front of the patches
	pos    []float64
	patch  linear
	blocks []block
	norm   layerNorm
	head   linear

	activation func(x float64) float64

	patchNorm layerNorm // Swin, and with pre_norm
	headDist  linear    // distilled DeiT
}

type block struct {
	shape        configs.BlockShape
	norm1, norm2 layerNorm
	qkv          []linear // three
	proj         linear
	fc1, fc2     linear
	windows      *windows // Swin
	merge        *merge   // Swin, where a stage begins
}

// Trace holds the real-valued results of one image, index-aligned with the model's
// op list and laid out as the ops say: [head][row][col]. Its slices are reused by
// the next Run with the same Trace.
type Trace struct {
	Ops [][]float64
	// Pre holds the matmul's result before what the op does with it, where it does
	// something: before the residual add (patch_embed, proj, fc2), before GELU (fc1),
	// before the first head's logits are added (head_dist).
	Pre [][]float64

	scratch scratch
}

// New converts the weights of a model.
func New(m configs.Model, w *checkpoint.Weights) (*Network, error) {
	ops, err := m.Ops()
	if err != nil {
		return nil, err
	}
	if err := w.Check(m); err != nil {
		return nil, fmt.Errorf("floatref: %w", err)
	}
	n := &Network{
		Model: m, Ops: ops, prefix: widen(w.Prefix()), pos: widen(w.Pos),
		patch: newLinear(w.PatchW, w.PatchB),
		norm:  newNorm(w.NormG, w.NormB, m.LayerNormEps),
		head:  newLinear(w.HeadW, w.HeadB),
	}
	n.activation = ActivationOf(m)
	if m.Family == configs.DeiTDistilled {
		n.headDist = newLinear(w.HeadDistW, w.HeadDistB)
	}
	if w.PatchNormG != nil {
		n.patchNorm = newNorm(w.PatchNormG, w.PatchNormB, m.LayerNormEps)
	}
	for i, b := range w.Blocks {
		shape := m.BlockShape(i)
		n.blocks = append(n.blocks, block{
			shape:   shape,
			windows: newWindows(shape, b.RelPos), merge: newMerge(m, shape, &b),
			norm1: newNorm(b.Norm1G, b.Norm1B, m.LayerNormEps),
			norm2: newNorm(b.Norm2G, b.Norm2B, m.LayerNormEps),
			qkv:   newParts(b.QKVW, b.QKVB, 3),
			proj:  newLinear(b.ProjW, b.ProjB),
			fc1:   newLinear(b.FC1W, b.FC1B),
			fc2:   newLinear(b.FC2W, b.FC2B),
		})
	}
	return n, nil
}

// Run computes the logits of one u8 image of H x W pixels with interleaved
// channels. tr may be nil.
func (n *Network) Run(image []uint8, tr *Trace) ([]float64, error) {
	if len(image) != n.Model.Image.Pixels() {
		return nil, fmt.Errorf("floatref: image has %d bytes; model %s expects %d", len(image), n.Model.Name, n.Model.Image.Pixels())
	}
	if tr == nil {
		tr = &Trace{}
	}
	tr.grow(n.Ops)
	if n.Model.Family == configs.Swin {
		n.runSwin(image, tr)
	} else {
		n.runViT(image, tr)
	}
	if err := n.finite(tr); err != nil {
		return nil, err
	}
	return n.logits(tr), nil
}

// runViT fills the trace of a ViT or DeiT.
func (n *Network) runViT(image []uint8, tr *Trace) {
	m := n.Model
	tokens := m.Tokens()
	at := -1
	next := func() []float64 { at++; return tr.Ops[at] }
	pre := func() []float64 { return tr.Pre[at+1] } // of the op that comes next

	patches := next()
	n.gather(image, patches)
	before := pre()
	res := n.embed(patches, before, next())
	if m.PreNorm {
		x := next()
		n.patchNorm.run(res, x)
		res = x
	}
	for i := range n.blocks {
		b := &n.blocks[i]
		x, q, k, v := next(), next(), next(), next()
		b.norm1.run(res, x)
		for p, y := range [][]float64{q, k, v} {
			b.qkv[p].run(x, y, tokens)
		}
		scores, prob, av := next(), next(), next()
		n.attend(q, k, v, scores, prob, av, &tr.scratch)
		before = pre()
		res = b.proj.add(n.join(av), res, before, next(), tokens)
		x = next()
		b.norm2.run(res, x)
		before = pre()
		hidden := next()
		b.fc1.run(x, before, tokens)
		for i, h := range before {
			hidden[i] = n.activation(h)
		}
		before = pre()
		res = b.fc2.add(hidden, res, before, next(), tokens)
	}
	from, rows := m.NormRows()
	read := res[from*m.Dim : (from+rows)*m.Dim]
	if m.FCNorm {
		read = next()
		n.pool(res[m.PrefixTokens()*m.Dim:], read)
	}
	x := next()
	n.norm.run(read, x)
	if m.Pools() && !m.FCNorm {
		pooled := next()
		n.pool(x, pooled)
		x = pooled
	}
	logits := next()
	n.head.run(x[:m.Dim], logits, 1)
	if m.Family == configs.DeiTDistilled {
		n.headDist.add(x[m.Dim:], logits, pre(), next(), 1)
	}
}

// logits is the last op's result: of distilled DeiT the mean of both heads, as the paper
// has it, the trace holding their sum.
func (n *Network) logits(tr *Trace) []float64 {
	out := append([]float64(nil), tr.Ops[len(tr.Ops)-1]...)
	if n.Model.Family == configs.DeiTDistilled {
		for i := range out {
			out[i] /= 2
		}
	}
	return out
}

// finite makes sure that no op's result holds a NaN or an infinity.
func (n *Network) finite(tr *Trace) error {
	for i, op := range n.Ops {
		for j, v := range tr.Ops[i] {
			if v-v != 0 { // NaN for both
				head, row, col := j/(op.Rows*op.Cols), j/op.Cols%op.Rows, j%op.Cols
				return fmt.Errorf("floatref: model %s: op %s: value %d (head %d, row %d, column %d) is %g; expected finite numbers: weights are too large",
					n.Model.Name, op.Name, j, head, row, col, v)
			}
		}
	}
	return nil
}

// grow makes room for the results of every op.
func (t *Trace) grow(ops []configs.Op) {
	if len(t.Ops) == len(ops) {
		return
	}
	t.Ops = make([][]float64, len(ops))
	t.Pre = make([][]float64, len(ops))
	for i, op := range ops {
		t.Ops[i] = make([]float64, op.Elements())
		switch op.Kind {
		case configs.OpPatchEmbed, configs.OpLinearAdd, configs.OpLinearGELU, configs.OpHeadAdd:
			t.Pre[i] = make([]float64, op.Elements())
		}
	}
}

// gather writes the normalised pixels as patch rows; prefix rows are zero. Inside a
// row the order is channel, pixel row, pixel column.
func (n *Network) gather(image []uint8, rows []float64) {
	m := n.Model
	p, c := m.Patch, m.Image.Channels
	at := m.PrefixTokens() * m.PatchInner()
	clear(rows[:at])
	for y := 0; y < m.Image.Height; y += p {
		for x := 0; x < m.Image.Width; x += p {
			for ch := range c {
				for i := range p * p {
					pixel := image[((y+i/p)*m.Image.Width+x+i%p)*c+ch]
					rows[at] = (float64(pixel)/255 - m.Mean[ch]) / m.Std[ch]
					at++
				}
			}
		}
	}
}

// embed fills the residual stream: patch matmul, class token, position.
func (n *Network) embed(patches, pre, res []float64) []float64 {
	m := n.Model
	n.patch.run(patches, pre, m.Tokens())
	clear(pre[:m.PrefixTokens()*m.Dim])
	for i := range res {
		res[i] = pre[i] + n.pos[i]
	}
	for i, v := range n.prefix {
		res[i] += v
	}
	return res
}

// join turns [head][row][col] into [row][head*col].
func (n *Network) join(av []float64) []float64 {
	hd, tokens := n.Model.HeadDim(), n.Model.Tokens()
	out := make([]float64, len(av))
	for h := range n.Model.Heads {
		for t := range tokens {
			copy(out[t*n.Model.Dim+h*hd:], av[(h*tokens+t)*hd:(h*tokens+t+1)*hd])
		}
	}
	return out
}
