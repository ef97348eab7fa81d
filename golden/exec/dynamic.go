package exec

import (
	"math/bits"

	"vitdse/golden/internal/kernel"
	"vitdse/golden/intnet"
)

// dynamic is what a layer with scales of each token's own needs beside its product.
type dynamic struct {
	lin  *intnet.Linear
	gelu []int16 // fc1: the fine codes of GELU
}

// tokenCodes makes the left operand of rows of fine codes: each row's codes are its fine
// ones by a power of two of its own, which r.shifts keeps.
func (r *Runner) tokenCodes(l *layer, fine []int32) {
	n, codes := len(fine)/l.in, r.wide[:len(fine)]
	r.shifts = r.shifts[:0]
	width := l.dynamic.lin.ActBits
	for i := range n {
		row := fine[i*l.in:][:l.in]
		top := int32(0)
		for _, f := range row {
			top = max(top, f, -f)
		}
		e := uint(max(0, bits.Len32(uint32(top))-(width-1)))
		for k, f := range row {
			codes[i*l.in+k] = int8(sat(rsh(int64(f), e), width))
		}
		r.shifts = append(r.shifts, e)
	}
	r.rows.Codes(codes, n, l.in, l.in)
}

// requantize calls put with every result of a dynamic layer for the rows in r.rows.
func (r *Runner) requantize(l *layer, put func(at int, y int64)) {
	lin := l.dynamic.lin
	r.multiply(l, func(from, n int) {
		for i := range n {
			for o, a := range r.acc[i*kernel.Stride(l.out):][:l.out] {
				acc := int64(a)<<r.shifts[from+i] + lin.Bias[o]
				put((from+i)*l.out+o, rq(acc, lin.M[o], lin.Shift, int64(lin.Zero), lin.Bits))
			}
		}
	})
}

// dynamicBlock is block where the layers find each token's scale themselves.
func (r *Runner) dynamicBlock(b *block) {
	n := len(r.res)
	fine := r.fine[:n]
	copy(fine, r.res)
	b.norm1.Values(fine)
	record(r, fine)
	r.tokenCodes(&b.q, fine)
	for _, p := range []struct {
		l *layer
		y []int8
	}{{&b.q, r.q}, {&b.k, r.k}, {&b.v, r.v}} {
		r.requantize(p.l, func(at int, y int64) { p.y[at] = int8(y) })
		record(r, p.y[:n])
	}
	r.attention(b)
	r.dynamicAdd(&b.proj, fine)

	copy(fine, r.res)
	b.norm2.Values(fine)
	record(r, fine)
	r.tokenCodes(&b.fc1, fine)
	hidden, half := r.fine[:n/b.fc1.in*b.fc1.out], int64(len(b.fc1.dynamic.gelu)/2)
	r.requantize(&b.fc1, func(at int, y int64) { hidden[at] = int32(b.fc1.dynamic.gelu[y+half]) })
	record(r, hidden)
	r.dynamicAdd(&b.fc2, hidden)
}

// dynamicAdd adds a layer's result to the residual stream.
func (r *Runner) dynamicAdd(l *layer, fine []int32) {
	width := l.dynamic.lin.Bits
	r.tokenCodes(l, fine)
	r.requantize(l, func(at int, y int64) { r.res[at] = int32(sat(int64(r.res[at])+y, width)) })
	record(r, r.res)
}

// dynamicFinish runs the last LayerNorm and the classifiers.
func (r *Runner) dynamicFinish() []int32 {
	m := r.net.Model
	fine := r.fine[:r.last.Elements()]
	copy(fine, r.res)
	r.norm.Values(fine)
	record(r, fine)
	logits := make([]int32, m.Classes)
	r.tokenCodes(&r.head, fine[:r.head.in])
	r.requantize(&r.head, func(at int, y int64) { logits[at] = int32(y) })
	record(r, logits)
	if r.headDist != nil {
		r.tokenCodes(r.headDist, fine[r.head.in:])
		r.requantize(r.headDist, func(at int, y int64) { logits[at] = int32(sat(int64(logits[at])+y, r.net.HeadDist.Bits)) })
		record(r, logits)
	}
	return logits
}
