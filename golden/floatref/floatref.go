// Package floatref is the floating-point reference of a ViT, DeiT or Swin: what the
// integer network approximates, and where calibration sees real-valued ranges.
//
// Products are summed in float64, so that its logits differ from a float32
// framework's by that framework's own rounding only.
package floatref

import (
	"fmt"
	"math"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
)

// Network is a model with its weights in float64. It is safe for concurrent use,
// each goroutine with its own Trace.
type Network struct {
	Model configs.Model
	Net   *network.Network
	Ops   []network.Op

	pos       []float64 // what is added to the patch embedding: positions, and the learned tokens in their rows
	patch     linear
	patchNorm layerNorm
	blocks    []block
	norm      layerNorm
	heads     []linear // on the class token or the pooled tokens, then on the distillation token

	activation func(x float64) float64
}

type block struct {
	norm1, norm2 layerNorm
	qkv          []linear  // three; of attention pooling k and v
	query        []float64 // of attention pooling
	qNorm, kNorm layerNorm // of each head's channels, where the block has them
	proj         linear
	fc1, fc2     linear
	gate         linear    // of a gated MLP
	mlpNorm      layerNorm // in front of fc2
	bias         []float64 // Heads x WindowTokens x WindowTokens: of relative positions
	mergeNorm    layerNorm // where a patch merging precedes the block
	merge        linear
}

// Trace holds the real-valued results of one image, index-aligned with the model's
// op list and laid out as the ops say: [head][row][col]. Its slices are reused by
// the next Run with the same Trace.
type Trace struct {
	Ops [][]float64
	// Pre holds the matmul's result before what the op does with it, where it does
	// something: before the residual add (patch_embed, proj, fc2), before GELU (fc1) or
	// the product with the gate, before the first head's logits are added (head_dist).
	Pre [][]float64

	scratch scratch
}

// New converts the weights of a model.
func New(m configs.Model, w *checkpoint.Weights) (*Network, error) {
	net, err := network.Compile(m)
	if err != nil {
		return nil, err
	}
	if err := w.Check(m); err != nil {
		return nil, err
	}
	n := &Network{
		Model: m, Net: net, Ops: net.Ops, pos: widen(w.Pos),
		patch: newLinear(w.PatchW, w.PatchB), patchNorm: newNorm(w.PatchNormG, w.PatchNormB, m.LayerNormEps),
		norm:  newNorm(w.NormG, w.NormB, m.LayerNormEps),
		heads: []linear{newLinear(w.HeadW, w.HeadB)}, activation: ActivationOf(m),
	}
	for i, v := range w.Prefix() {
		n.pos[i] += float64(v)
	}
	if net.Classifiers == 2 {
		n.heads = append(n.heads, newLinear(w.HeadDistW, w.HeadDistB))
	}
	for i, b := range w.Blocks {
		shape := net.Blocks[i]
		next := block{
			bias:  pairBias(shape, b.RelPos),
			norm1: newNorm(b.Norm1G, b.Norm1B, m.LayerNormEps),
			norm2: newNorm(b.Norm2G, b.Norm2B, m.LayerNormEps),
			qkv:   newParts(b.QKVW, b.QKVB, 3),
			proj:  newLinear(b.ProjW, b.ProjB),
			fc2:   newLinear(b.FC2W, b.FC2B),
		}
		if next.fc1 = newLinear(b.FC1W, b.FC1B); shape.Gated {
			parts := newParts(b.FC1W, b.FC1B, 2)
			next.gate, next.fc1 = parts[0], parts[1]
		}
		if shape.MLPNorm {
			next.mlpNorm = newNorm(b.MLPNormG, b.MLPNormB, m.LayerNormEps)
		}
		if shape.Keys > 0 {
			next.query = make([]float64, shape.Dim)
			next.qkv[0].run(widen(b.Probe), next.query, 1)
			next.qkv = next.qkv[1:]
		}
		if shape.QKNorm {
			next.qNorm, next.kNorm = newNorm(b.QNormG, b.QNormB, m.LayerNormEps), newNorm(b.KNormG, b.KNormB, m.LayerNormEps)
		}
		if shape.Merges() {
			next.mergeNorm = newNorm(b.MergeG, b.MergeB, m.LayerNormEps)
			next.merge = newLinear(b.MergeW, make([]float32, shape.Dim))
		}
		n.blocks = append(n.blocks, next)
	}
	return n, nil
}

// Run computes the logits of one u8 image of H x W pixels with interleaved
// channels. tr may be nil.
func (n *Network) Run(image []uint8, tr *Trace) ([]float64, error) {
	if len(image) != n.Model.Image.Pixels() {
		return nil, fmt.Errorf("image has %d bytes; model %s expects %d", len(image), n.Model.Name, n.Model.Image.Pixels())
	}
	if tr == nil {
		tr = &Trace{}
	}
	tr.grow(n.Ops)
	for i := range n.Ops {
		n.run(&n.Ops[i], image, tr)
	}
	if err := n.finite(tr); err != nil {
		return nil, err
	}
	return n.logits(tr), nil
}

// run fills the trace of one op.
func (n *Network) run(op *network.Op, image []uint8, tr *Trace) {
	y, pre := tr.Ops[op.Index], tr.Pre[op.Index]
	var x, with []float64
	if op.Inputs[0] != network.Image {
		x = tr.Ops[op.Inputs[0]]
	}
	if len(op.Inputs) > 1 {
		with = tr.Ops[op.Inputs[1]]
	}
	b := &block{}
	if op.Block != network.None {
		b = &n.blocks[op.Block]
	}
	switch op.Role {
	case network.RolePatches:
		n.gather(image, y)
	case network.RoleEmbed:
		n.embed(op, x, pre, y)
	case network.RoleEmbedNorm:
		n.patchNorm.run(x, y)
	case network.RoleMergeNorm:
		b.mergeNorm.run(GatherRows(x, op.Gather, op.Cols/op.Join), y)
	case network.RoleMerge:
		b.merge.run(x, y, op.Rows)
	case network.RoleNorm1:
		b.norm1.run(x[op.FirstRow*op.Cols:][:len(y)], y)
	case network.RoleQuery, network.RoleKey, network.RoleValue:
		if op.Kind == network.OpProbe {
			copy(y, b.query)
			return
		}
		b.qkv[op.Index-op.First].run(gathered(x, op), y, op.Rows)
	case network.RoleQueryNorm:
		b.qNorm.run(x, y)
	case network.RoleKeyNorm:
		b.kNorm.run(x, y)
	case network.RoleQueryTurn, network.RoleKeyTurn:
		n.turn(op, x, y)
	case network.RoleScores:
		b.scores(op, x, with, y, &tr.scratch.keys)
	case network.RoleSoftmax:
		probabilities(op, x, y)
	case network.RoleContext:
		context(op, x, with, y, &tr.scratch.values)
	case network.RoleProj:
		if op.Kind == network.OpMerge { // a new stream
			b.proj.run(join(x, n.Ops[op.Inputs[0]]), y, op.Rows)
			return
		}
		b.proj.add(gathered(join(x, n.Ops[op.Inputs[0]]), op), with, pre, y, op.Rows)
	case network.RoleNorm2:
		b.norm2.run(x, y)
	case network.RoleGate:
		b.gate.run(x, pre, op.Rows)
		for i, h := range pre {
			y[i] = n.activation(h)
		}
	case network.RoleFC1:
		b.fc1.run(x, pre, op.Rows)
		for i, h := range pre {
			if with != nil {
				y[i] = h * with[i]
			} else {
				y[i] = n.activation(h)
			}
		}
	case network.RoleMLPNorm:
		b.mlpNorm.run(x, y)
	case network.RoleFC2:
		b.fc2.add(x, with, pre, y, op.Rows)
	case network.RoleNorm:
		n.norm.run(x[op.FirstRow*op.Cols:][:len(y)], y)
	case network.RoleRequantize:
		copy(y, x)
	case network.RolePool:
		pool(x[op.FirstRow*op.Cols:], y, op.Max)
	case network.RoleHead:
		n.heads[0].run(x[:op.Inner], y, op.Rows)
	case network.RoleSecondHead:
		n.heads[1].add(x[op.FirstRow*op.Inner:], with, pre, y, op.Rows)
	}
}

// turn turns the pairs of each head's channels of the patches' rows; other rows stay as they are.
func (n *Network) turn(op *network.Op, x, y []float64) {
	m := n.Model
	hd, prefix := m.Dim/m.Heads, m.PrefixTokens()
	copy(y, x)
	for p := range m.Patches() {
		row := (prefix + p) * op.Cols
		for j := range hd / 2 {
			sin, cos := math.Sincos(m.Turn(p, j, hd))
			a, b := m.TurnedPair(j, hd)
			for at := row; at < row+op.Cols; at += hd {
				y[at+a], y[at+b] = x[at+a]*cos-x[at+b]*sin, x[at+b]*cos+x[at+a]*sin
			}
		}
	}
}

// gathered is the rows that an op reads.
func gathered(x []float64, op *network.Op) []float64 {
	if op.Gather == nil {
		return x
	}
	return GatherRows(x, op.Gather, op.Inner)
}

// pool is the mean of the rows, or their maximum.
func pool(x, y []float64, most bool) {
	if most {
		copy(y, x)
		for i, v := range x {
			y[i%len(y)] = max(y[i%len(y)], v)
		}
		return
	}
	clear(y)
	rows := float64(len(x) / len(y))
	for i, v := range x {
		y[i%len(y)] += v / rows
	}
}

// logits is the last op's result: of distilled DeiT the mean of both heads, as the paper
// has it, the trace holding their sum.
func (n *Network) logits(tr *Trace) []float64 {
	out := append([]float64(nil), tr.Ops[len(tr.Ops)-1]...)
	for i := range out {
		out[i] /= float64(n.Net.Classifiers)
	}
	return out
}

// finite makes sure that no op's result holds a NaN or an infinity.
func (n *Network) finite(tr *Trace) error {
	for i, op := range n.Ops {
		for j, v := range tr.Ops[i] {
			if v-v != 0 { // NaN for both
				head, row, col := j/(op.Rows*op.Cols), j/op.Cols%op.Rows, j%op.Cols
				return fmt.Errorf("model %s: op %s: value %d (head %d, row %d, column %d) is %g; expected finite numbers: "+
					"weights are too large",
					n.Model.Name, op.Name, j, head, row, col, v)
			}
		}
	}
	return nil
}

// grow makes room for the results of every op.
func (t *Trace) grow(ops []network.Op) {
	if len(t.Ops) == len(ops) {
		return
	}
	t.Ops = make([][]float64, len(ops))
	t.Pre = make([][]float64, len(ops))
	for i, op := range ops {
		t.Ops[i] = make([]float64, op.Elements())
		switch op.Kind {
		case network.OpPatchEmbed, network.OpLinearAdd, network.OpLinearGELU, network.OpHeadAdd, network.OpLinearGate,
			network.OpLinearGated:
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

// embed is the patch matmul, and where tokens have positions the residual stream: the learned tokens' rows are
// positions alone.
func (n *Network) embed(op *network.Op, patches, pre, y []float64) {
	if !n.Net.Positions {
		n.patch.run(patches, y, op.Rows)
		return
	}
	n.patch.run(patches, pre, op.Rows)
	clear(pre[:n.Model.PrefixTokens()*op.Cols])
	for i := range y {
		y[i] = pre[i] + n.pos[i]
	}
}

// join turns [head][row][col] into [row][head*col].
func join(av []float64, op network.Op) []float64 {
	out := make([]float64, len(av))
	for h := range op.Heads {
		for r := range op.Rows {
			copy(out[(r*op.Heads+h)*op.Cols:], av[(h*op.Rows+r)*op.Cols:(h*op.Rows+r+1)*op.Cols])
		}
	}
	return out
}
