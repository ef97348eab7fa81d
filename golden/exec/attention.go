package exec

import "vitdse/golden/internal/kernel"

// attention reads q, k and v, whose rows are in the order of the windows, and leaves the
// value product in r.codes, in the order of the tokens, heads side by side in a row.
func (r *Runner) attention(b *block) {
	n, rows := b.WindowTokens(), b.WindowRows()
	rec := r.traceAttention()
	for h := range b.Heads {
		for first := 0; first < rows; first += n {
			r.attend(b, h, first, rec)
		}
	}
}

// attend is the attention of one head in the window whose first row is given.
func (r *Runner) attend(b *block, h, first int, rec recorder) {
	n, d, hd := b.WindowTokens(), b.Dim, b.Dim/b.Heads
	at := first*d + h*hd
	r.keys.Rows(r.k[at:], n, hd, d)
	r.values.Columns(r.v[at:], hd, n, d)
	var sums [kernel.Block]int64
	for from := 0; from < n; from += kernel.Block {
		some := min(kernel.Block, n-from)
		r.rows.Codes(r.q[at+from*d:], some, hd, d)
		kernel.Multiply(r.acc, &r.rows, 0, some, &r.keys)
		r.exps.Resize(some, n)
		for i := range some {
			row, scores := first+from+i, r.acc[i*kernel.Stride(n):][:n]
			if b.bias != nil {
				b.addBias(h, row, scores)
			}
			if rec.scores != nil {
				copyRow(rec.scores, h*b.WindowRows()+row, scores)
			}
			if b.regions != nil {
				b.mask(row, scores)
			}
			sums[i] = b.softmax[h].Numerators(r.exps.Row(i), scores)
			if rec.exps != nil {
				copyRow(rec.exps, h*b.WindowRows()+row, r.exps.Row(i))
			}
		}
		kernel.Multiply(r.acc, &r.exps, 0, some, &r.values)
		for i := range some {
			row, acc := first+from+i, r.acc[i*kernel.Stride(hd):]
			if r.fine != nil { // one window, all tokens
				out := r.fine[row*d+h*hd:][:hd]
				b.scale.Values(out, acc, b.reciprocal[h]/sums[i])
				if rec.av != nil {
					copyRow(rec.av, h*b.WindowRows()+row, out)
				}
				continue
			}
			out := r.valueRow(b, h, row)
			b.scale.Codes(out, acc, b.reciprocal[h]/sums[i])
			if rec.av != nil {
				copyRow(rec.av, h*b.WindowRows()+row, out)
			}
		}
	}
}

// valueRow is where a row of the value product goes.
func (r *Runner) valueRow(b *block, h, row int) []int8 {
	hd := b.Dim / b.Heads
	if b.order != nil {
		if row = b.order[row]; row < 0 {
			return r.padded[:hd]
		}
	}
	return r.codes[row*b.Dim+h*hd:][:hd]
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

// copyRow writes one row of one head into a trace.
func copyRow[T int8 | int16 | int32](dst []int32, row int, v []T) {
	dst = dst[row*len(v):][:len(v)]
	for i, x := range v {
		dst[i] = int32(x)
	}
}
