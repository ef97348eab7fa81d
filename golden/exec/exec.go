// Package exec runs an integer network: the bit-exact definition that emitted
// hardware is compared with. There is no floating point in it.
package exec

import (
	"errors"
	"fmt"
	"math"

	"vitdse/configs"
	"vitdse/golden/internal/gemm"
	"vitdse/golden/intnet"
)

// Trace holds the result of every op of configs.Model.Ops, index-aligned and laid
// out as the ops say: [head][row][col]. Run replaces its content.
//
//   - patches: pixel codes; the prefix rows are 0
//   - patch_embed, proj, fc2: the residual stream after the op
//   - norms, q, k, v: codes; norm is of the prefix tokens only, of Swin of all tokens
//   - scores: exact accumulators; softmax: numerators
//   - av: codes; fc1: codes after the GELU table; head: logits
//   - head_dist: the sum of both heads' logits
//   - Swin: patch_embed: the 16-bit input of its norm; patch_embed.norm and reduction: the
//     new residual stream; scores: with their bias, masked pairs too; pool: codes
type Trace struct {
	Ops [][]int32
}

// Runner runs one network. It owns its buffers: use one a goroutine.
type Runner struct {
	net *intnet.Network
	ops []configs.Op

	packed gemm.Packed
	acc    []int32 // Tokens x the widest layer
	codes  []int8  // Tokens x Dim: a LayerNorm's output, or the value product's
	wide   []int8  // Tokens x Hidden: GELU's output; also the patches
	q, k   []int8  // Tokens x Dim
	v      []int8
	stream []int32 // memory of the residual stream
	res    []int32 // Tokens x Dim: the residual stream, of Swin that of the current stage
	scores []int32 // Tokens: one row
	exps   []int32 // Tokens: one row

	stages []geometry // Swin: of each block
	joined []int32    // Swin: the rows that a patch merging joins

	grouped map[*intnet.Linear]halves
	high    []int32 // like acc

	tr *Trace
	at int // op whose result is recorded next
}

// New prepares a network for running. It refuses networks that are not what the
// contract describes.
func New(net *intnet.Network) (*Runner, error) {
	ops, err := net.Model.Ops()
	if err != nil {
		return nil, err
	}
	if err := validate(net); err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	m := net.Model
	if m.Family == configs.Swin {
		return newSwin(net, ops), nil
	}
	n, d := m.Tokens(), m.Dim
	stream := make([]int32, n*d)
	return &Runner{
		net: net, ops: ops, grouped: map[*intnet.Linear]halves{},
		acc:   make([]int32, n*max(d, m.Hidden(), m.Classes)),
		codes: make([]int8, n*d), wide: make([]int8, n*max(m.Hidden(), m.PatchInner())),
		q: make([]int8, n*d), k: make([]int8, n*d), v: make([]int8, n*d),
		stream: stream, res: stream, scores: make([]int32, n), exps: make([]int32, n),
	}, nil
}

// Run computes the logits of one image: shorthand for New and Runner.Run.
func Run(net *intnet.Network, image []uint8, tr *Trace) ([]int32, error) {
	r, err := New(net)
	if err != nil {
		return nil, err
	}
	return r.Run(image, tr)
}

// Run computes the logits of one image of H x W u8 pixels with interleaved channels.
// A nil trace records nothing and is faster.
func (r *Runner) Run(image []uint8, tr *Trace) ([]int32, error) {
	if err := r.start(image, tr); err != nil {
		return nil, err
	}
	r.blocks(0, len(r.net.Blocks))
	return r.finish(), nil
}

// blocks runs blocks [from, to) on the residual stream.
func (r *Runner) blocks(from, to int) {
	for i := from; i < to; i++ {
		if r.stages != nil {
			r.swinBlock(i)
		} else {
			r.block(&r.net.Blocks[i])
		}
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
		return fmt.Errorf("exec: residual stream has %d values; expected %d", len(stream), len(r.stream))
	}
	r.tr = nil
	copy(r.stream, stream)
	if r.stages != nil {
		r.res = r.stream[:r.inFront(from)]
	}
	r.blocks(from, to)
	copy(stream, r.stream)
	return nil
}

// Resume computes the logits from the residual stream in front of a block, or behind
// the last one. The stream stays as it is.
func (r *Runner) Resume(stream []int32, block int) ([]int32, error) {
	if err := r.Advance(append([]int32(nil), stream...), block, len(r.net.Blocks)); err != nil {
		return nil, err
	}
	return r.finish(), nil
}

// start gathers the patches and fills the residual stream.
func (r *Runner) start(image []uint8, tr *Trace) error {
	m := r.net.Model
	if len(image) != m.Image.Pixels() {
		return fmt.Errorf("exec: image has %d bytes; model %s expects %d", len(image), m.Name, m.Image.Pixels())
	}
	r.tr, r.at = tr, 0
	if tr != nil {
		tr.Ops = make([][]int32, len(r.ops))
	}
	patches := r.wide[:m.Tokens()*m.PatchInner()]
	r.gather(image, patches)
	record(r, patches)
	r.matmul(&r.net.PatchEmbed, patches, m.Tokens())
	if m.Family == configs.Swin {
		r.embedSwin()
		return nil
	}
	r.embed()
	record(r, r.res)
	return nil
}

// finish runs the last LayerNorm and the classifier on the class token, and those of the
// distillation token where there is one.
func (r *Runner) finish() []int32 {
	if r.stages != nil {
		return r.finishSwin()
	}
	m := r.net.Model
	d := m.Dim
	prefix := m.PrefixTokens() * d
	r.layerNorm(&r.net.Norm, r.res[:prefix], r.codes[:prefix])
	record(r, r.codes[:prefix])
	logits := r.head(&r.net.Head, r.codes[:d])
	record(r, logits)
	if h := r.net.HeadDist; h != nil {
		for o, v := range r.head(h, r.codes[d:prefix]) {
			logits[o] = int32(sat(int64(logits[o])+int64(v), h.Bits))
		}
		record(r, logits)
	}
	return logits
}

// head is a classifier on one row of codes.
func (r *Runner) head(h *intnet.Linear, x []int8) []int32 {
	r.matmul(h, x, 1)
	logits := make([]int32, h.Out)
	for o, a := range r.acc[:h.Out] {
		logits[o] = int32(rq(int64(a), h.M[o], h.Shift, int64(h.Zero), h.Bits))
	}
	return logits
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

// validate checks what the fast arithmetic relies on.
func validate(net *intnet.Network) error {
	m := net.Model
	if len(net.Blocks) != m.BlockCount() {
		return fmt.Errorf("network has %d blocks; model %s has %d", len(net.Blocks), m.Name, m.BlockCount())
	}
	var errs []error
	check := func(l *intnet.Linear, in, out int) {
		switch {
		case l.In != in || l.Out != out || len(l.W) != in*out || len(l.Bias) != out || len(l.M) != out:
			errs = append(errs, fmt.Errorf("%s: is not a complete %d x %d layer", l.Name, out, in))
		case l.AccBits > 32:
			errs = append(errs, fmt.Errorf("%s: accumulator of %d bits; at most 32 are covered", l.Name, l.AccBits))
		}
		if err := validateGroups(l); err != nil {
			errs = append(errs, err)
		}
		for i, w := range l.W {
			if w == math.MinInt8 {
				errs = append(errs, fmt.Errorf("%s: weight %d is -128; codes are symmetric, -127..127", l.Name, i))
				return
			}
		}
	}
	check(&net.PatchEmbed, m.PatchInner(), m.Dim)
	d := m.Dim
	for i := range net.Blocks {
		b := &net.Blocks[i]
		shape := m.BlockShape(i)
		d = shape.Dim
		errs = append(errs, validateWindows(b, shape))
		if b.Merge != nil {
			check(&b.Merge.Reduction, 2*d, d)
		}
		for _, l := range []*intnet.Linear{&b.Q, &b.K, &b.V, &b.Proj} {
			check(l, d, d)
		}
		check(&b.FC1, d, d*m.MLPRatio)
		check(&b.FC2, d*m.MLPRatio, d)
	}
	check(&net.Head, d, m.Classes)
	switch {
	case (net.HeadDist != nil) != (m.Family == configs.DeiTDistilled):
		errs = append(errs, fmt.Errorf("a second head is there or missing; family %s", m.Family))
	case net.HeadDist != nil:
		check(net.HeadDist, d, m.Classes)
	}
	if swin := m.Family == configs.Swin; swin != (net.Pool != nil) || swin != (net.PatchNorm != nil) {
		errs = append(errs, fmt.Errorf("pool and norm of the patch embedding are there or missing; family %s", m.Family))
	}
	return errors.Join(errs...)
}
