// Package exec runs an integer network: the bit-exact definition that emitted
// hardware is compared with. There is no floating point in it.
package exec

import (
	"fmt"
	"slices"

	"vitdse/configs/network"
	"vitdse/golden/internal/kernel"
	"vitdse/golden/intnet"
)

// Trace holds the result of every op of network.Network.Ops, index-aligned and laid
// out as the ops say: [head][row][col]. Run replaces its content.
//
//   - patches: pixel codes; the prefix rows are 0
//   - patch_embed, proj, fc2: the residual stream after the op
//   - norms, q, k, v: codes; with qk_norm q and k: the 16-bit input of their norms; norm is of the tokens that heads or
//
// pooling read
//   - scores: exact accumulators; softmax: numerators
//   - av: codes; fc1: codes after the GELU table; of a gated MLP fc1_g: the table's 16-bit values, fc1: the
//     codes of the products, in front of an mlp.norm its 16-bit input; head: logits
//   - head_dist: the sum of both heads' logits
//   - pool: codes, with fc_norm a row of the residual stream; norm_pre: the residual stream,
//     patch_embed being the 16-bit input of it
//   - Swin: patch_embed: the 16-bit input of its norm; patch_embed.norm and reduction: the
//     new residual stream; scores: with their bias, masked pairs too
type Trace struct {
	Ops [][]int32
}

// Runner runs one network. It owns its buffers: use one a goroutine.
type Runner struct {
	*Program

	rows   kernel.Rows  // activations of a product
	exps   kernel.Rows  // numerators of some rows of a head
	keys   kernel.Right // of a window and head
	values kernel.Right
	acc    []int32             // accumulators of up to kernel.Block rows
	sums   [kernel.Block]int64 // of numerators; then their reciprocals
	codes  []int8              // a LayerNorm's output, or the value product's
	wide   []int8              // GELU's output; also the patches, and the rows of Swin's windows
	padded []int8              // what the value product gives for padding: traced, used by nothing
	q, k   []int8
	v      []int8
	qFine  []int32 // q and k in front of their norms, where they have any
	kFine  []int32
	gates  []int32 // of a gated MLP
	gated  []int32 // and what they are multiplied with, then the products
	stream []int32 // memory of the residual stream
	res    []int32 // the residual stream, of Swin that of the current stage
	joined []int32 // Swin: the rows that a patch merging joins
	pooled []int32 // the row of the residual stream that fc_norm reads
	logits []int32 // of both heads
	fine   []int32 // what layers with scales of each token's own read; nil where there are none
	shifts []uint  // of the tokens

	tr *Trace
	at int // op whose result is recorded next
}

// New prepares a network and a runner: shorthand for Prepare and Program.Runner.
func New(net *intnet.Network) (*Runner, error) {
	p, err := Prepare(net)
	if err != nil {
		return nil, err
	}
	return p.Runner(), nil
}

// Runner makes room for running the network.
func (p *Program) Runner() *Runner {
	m := p.net.Model
	var acc, codes, wide, hidden, rows, stream, joined, fine, gated int
	for _, op := range p.ops {
		n := op.Rows * op.Cols
		switch op.Kind {
		case network.OpPatches:
			wide = max(wide, n)
		case network.OpLinearGELU:
			wide, hidden = max(wide, n), max(hidden, n)
		case network.OpLayerNorm:
			codes, joined = max(codes, n), max(joined, n)
		case network.OpPatchEmbed, network.OpEmbedNorm, network.OpMerge, network.OpLinearAdd:
			stream = max(stream, n)
		case network.OpLinear:
			rows = max(rows, n)
		case network.OpLinearGated:
			wide, gated = max(wide, n), max(gated, n)
		case network.OpLinearFine:
			fine = max(fine, n)
		}
		acc = max(acc, kernel.AccSize(kernel.Block, op.Cols))
	}
	r := &Runner{Program: p, acc: make([]int32, acc), codes: make([]int8, max(codes, rows)),
		wide: make([]int8, max(wide, rows)),
		q:    make([]int8, rows), k: make([]int8, rows), v: make([]int8, rows), qFine: make([]int32, fine),
		kFine:  make([]int32, fine),
		stream: make([]int32, stream), padded: make([]int8, rows), logits: make([]int32, 2*m.Classes),
		pooled: make([]int32, p.head.in)}
	r.gates, r.gated = make([]int32, gated), make([]int32, gated)
	r.res = r.stream
	if p.head.dynamic != nil {
		r.fine = make([]int32, max(stream, hidden))
	}
	if _, merges := p.of.Find(network.RoleMerge); merges {
		r.joined = make([]int32, joined)
	}
	return r
}

// Run computes the logits of one image: shorthand for New and Runner.Run.
func Run(net *intnet.Network, image []uint8, tr *Trace) ([]int32, error) {
	r, err := New(net)
	if err != nil {
		return nil, err
	}
	return r.Run(image, tr)
}

// RunBlocks records the ops in front of a block, which may be the number of blocks.
func (r *Runner) RunBlocks(image []uint8, tr *Trace, block int) error {
	if err := r.start(image, tr); err != nil {
		return err
	}
	r.runBlocks(0, block)
	return nil
}

// Run computes the logits of one image of H x W u8 pixels with interleaved channels.
// A nil trace records nothing and is faster.
func (r *Runner) Run(image []uint8, tr *Trace) ([]int32, error) {
	if err := r.start(image, tr); err != nil {
		return nil, err
	}
	r.runBlocks(0, len(r.blocks))
	return r.finish(), nil
}

// runBlocks runs blocks [from, to) on the residual stream.
func (r *Runner) runBlocks(from, to int) {
	for i := from; i < to; i++ {
		r.block(&r.blocks[i])
	}
}

// Stream returns the residual stream in front of the first block. Of Swin it has room for
// the largest stage; a stage's tokens are at its front.
func (r *Runner) Stream(image []uint8) ([]int32, error) {
	if err := r.start(image, nil); err != nil {
		return nil, err
	}
	return append([]int32(nil), r.stream...), nil
}

// Advance runs blocks [from, to) on a residual stream, in place. The stream may come
// from another network with the same residual scale.
func (r *Runner) Advance(stream []int32, from, to int) error {
	if len(stream) != len(r.stream) {
		return fmt.Errorf("residual stream has %d values; expected %d", len(stream), len(r.stream))
	}
	r.tr = nil
	copy(r.stream, stream)
	r.res = r.stream[:r.inFront(from)]
	r.runBlocks(from, to)
	copy(stream, r.stream)
	return nil
}

// Resume computes the logits from the residual stream in front of a block, or behind
// the last one. The stream stays as it is.
func (r *Runner) Resume(stream []int32, block int) ([]int32, error) {
	if err := r.Advance(append([]int32(nil), stream...), block, len(r.blocks)); err != nil {
		return nil, err
	}
	return r.finish(), nil
}

// start gathers the patches and fills the residual stream.
func (r *Runner) start(image []uint8, tr *Trace) error {
	m := r.net.Model
	if len(image) != m.Image.Pixels() {
		return fmt.Errorf("image has %d bytes; model %s expects %d", len(image), m.Name, m.Image.Pixels())
	}
	r.tr, r.at = tr, 0
	if tr != nil {
		tr.Ops = make([][]int32, len(r.ops))
	}
	patches := r.wide[:m.Tokens()*m.PatchInner()]
	prefix := m.PrefixTokens() * m.PatchInner() // rows of zeros
	clear(patches[:prefix])
	r.pixels.Gather(patches[prefix:], image, m.Image.Height, m.Image.Width)
	record(r, patches)
	r.res = r.stream[:r.inFront(0)]
	r.rows.Codes(patches, m.Tokens(), r.patch.in, r.patch.in)
	if r.positions != nil {
		r.embed()
	} else {
		r.multiply(&r.patch, func(from, n int) {
			r.patch.requant.Values(r.res[from*r.patch.out:][:n*r.patch.out], r.acc)
		})
	}
	record(r, r.res)
	if r.patchNorm != nil {
		r.patchNorm.Values(r.res)
		record(r, r.res)
	}
	return nil
}

// finish runs the last LayerNorm and the classifier on the class token, and those of the
// distillation token where there is one, or on what is pooled of the tokens.
func (r *Runner) finish() []int32 {
	if r.fine != nil {
		return r.dynamicFinish()
	}
	m, c := r.net.Model, r.head.in
	if r.last.Kind == network.OpRequantize {
		x := r.requantized(r.net.Pool)
		record(r, x)
		r.classify(&r.head, x, r.logits[:m.Classes])
		record(r, r.logits[:m.Classes])
		return slices.Clone(r.logits[:m.Classes])
	}
	in := r.res[r.last.FirstRow*c:]
	if from := r.ops[r.last.Inputs[0]]; from.Kind == network.OpPoolStream {
		pool(r.net.Pool, r.res[from.FirstRow*c:], r.pooled)
		in = r.pooled
		record(r, in)
	}
	x := r.codes[:r.last.Elements()]
	r.norm.Codes(x, in[:len(x)])
	record(r, x)
	if r.ops[r.last.Index+1].Kind == network.OpPool {
		pooled := r.wide[:c]
		pool(r.net.Pool, x, pooled)
		x = pooled
		record(r, x)
	}
	logits := r.logits[:m.Classes]
	r.classify(&r.head, x[:c], logits)
	record(r, logits)
	if r.headDist != nil {
		second := r.logits[m.Classes:]
		r.classify(r.headDist, x[c:], second)
		for o, v := range second {
			logits[o] = int32(sat(int64(logits[o])+int64(v), r.net.HeadDist.Bits))
		}
		record(r, logits)
	}
	return slices.Clone(logits)
}

// classify is a head on one row of codes.
func (r *Runner) classify(h *layer, x []int8, logits []int32) {
	r.rows.Codes(x, 1, h.in, h.in)
	r.multiply(h, func(from, n int) { h.requant.Values(logits, r.acc) })
}

// record copies an op's result into the trace, if there is one.
func record[T int8 | int32](r *Runner, v []T) {
	if r.tr == nil {
		return
	}
	out := make([]int32, len(v))
	for i, x := range v {
		out[i] = int32(x)
	}
	r.tr.Ops[r.at] = out
	r.at++
}
