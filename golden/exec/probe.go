package exec

import "vitdse/golden/intnet"

// poolAttention is attention pooling up to its projection, which begins a residual stream of one row.
func (r *Runner) poolAttention(b *block) {
	n, d := b.Keys, b.Dim
	x := r.codes[:n*d]
	b.norm1.Codes(x, r.res[len(r.res)-len(x):])
	record(r, x)
	r.rows.Codes(x, n, d, d)
	r.project(&b.k, r.k[:n*d])
	r.project(&b.v, r.v[:n*d])
	copy(r.q, b.probe)
	record(r, r.q[:d])
	r.attention(b)
	r.res = r.stream[:d]
	r.rows.Codes(r.codes[:d], 1, d, d)
	r.multiply(&b.proj, func(_, _ int) { b.proj.requant.Values(r.res, r.acc) })
	record(r, r.res)
}

// requantized is the codes of a row of the residual stream that no norm follows.
func (r *Runner) requantized(p *intnet.Pool) []int8 {
	codes := r.wide[:len(r.res)]
	pool(p, r.res, r.pooled)
	for i, v := range r.pooled {
		codes[i] = int8(v)
	}
	return codes
}
