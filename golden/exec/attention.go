package exec

import (
	"vitdse/golden/internal/gemm"
	"vitdse/golden/intnet"
)

// attention reads q, k and v and leaves the value product in r.codes, heads side by
// side in a row.
func (r *Runner) attention(a *intnet.Attention) {
	m := r.net.Model
	n, d, hd := m.Tokens(), m.Dim, m.HeadDim()
	rec := r.traceAttention()
	for h := range m.Heads {
		col := h * hd
		for i := range n {
			q := r.q[i*d+col : i*d+col+hd]
			for j := range r.scores {
				r.scores[j] = gemm.Dot(q, r.k[j*d+col:j*d+col+hd])
			}
			sum := r.numerators(a, h)
			out := r.codes[i*d+col : i*d+col+hd]
			r.values(a, h, a.Ch[h]/sum, out)
			rec.row(r, (h*n + i), out)
		}
	}
}

// numerators turns a row of scores into softmax numerators and returns their sum,
// which is at least Table[0] = 2^Bits-1.
func (r *Runner) numerators(a *intnet.Attention, h int) int64 {
	exp := &r.net.Exp
	top := r.scores[0]
	for _, s := range r.scores {
		top = max(top, s)
	}
	m, round, last := int64(a.M[h]), int64(1)<<a.Shift>>1, int64(len(exp.Table)-1)
	var sum int64
	for j, s := range r.scores {
		v := ((int64(top)-int64(s))*m + round) >> a.Shift
		e := int32(exp.Table[min(v, last)])
		r.exps[j] = e
		sum += int64(e)
	}
	return sum
}

// values is the normalised product of a row of numerators with v.
func (r *Runner) values(a *intnet.Attention, h int, rm int64, out []int8) {
	var buf [128]int32
	o := buf[:]
	if len(out) > len(buf) {
		o = make([]int32, len(out))
	}
	o = o[:len(out)]
	d, col := r.net.Model.Dim, h*len(out)
	for j, e := range r.exps {
		if e == 0 {
			continue
		}
		for c, v := range r.v[j*d+col : j*d+col+len(out)] {
			o[c] += e * int32(v)
		}
	}
	for c, v := range o {
		out[c] = int8(sat(rsh(int64(v)*rm, a.OutShift)+int64(a.OutZero), a.OutBits))
	}
}

// recorder fills the trace's scores, numerators and value product, or nothing.
type recorder struct{ scores, exps, av []int32 }

// traceAttention makes room for the three ops of the attention.
func (r *Runner) traceAttention() recorder {
	if r.tr == nil {
		return recorder{}
	}
	var rec recorder
	for i, dst := range []*[]int32{&rec.scores, &rec.exps, &rec.av} {
		*dst = make([]int32, r.ops[r.at+i].Elements())
		r.tr.Ops[r.at+i] = *dst
	}
	r.at += 3
	return rec
}

// row records one row of one head.
func (rec recorder) row(r *Runner, row int, out []int8) {
	if rec.scores == nil {
		return
	}
	copy(rec.scores[row*len(r.scores):], r.scores)
	copy(rec.exps[row*len(r.exps):], r.exps)
	for c, v := range out {
		rec.av[row*len(out)+c] = int32(v)
	}
}
