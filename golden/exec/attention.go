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
	queries := min(n, b.WindowRows()) // one in attention pooling
	for from := 0; from < queries; from += kernel.Block {
		some, row := min(kernel.Block, queries-from), first+from
		r.rows.Codes(r.q[at+from*d:], some, hd, d)
		kernel.Multiply(r.acc, &r.rows, 0, some, &r.keys)
		r.adjustScores(b, h, row, some, rec)
		sums := r.sums[:some]
		b.softmax[h].Numerators(&r.exps, r.acc, n, sums)
		if rec.exps != nil {
			for i := range some {
				r.exps.Row(rec.exps[(h*b.WindowRows()+row+i)*n:], i)
			}
		}
		kernel.Multiply(r.acc, &r.exps, 0, some, &r.values)
		for i, sum := range sums {
			sums[i] = b.reciprocal[h] / sum
		}
		r.normalize(b, h, row, sums, rec)
	}
}

// adjustScores adds the bias and the mask of a window to the scores in r.acc.
func (r *Runner) adjustScores(b *block, h, row, rows int, rec recorder) {
	if b.bias == nil && b.regions == nil && rec.scores == nil {
		return
	}
	n := b.WindowTokens()
	for i := range rows {
		scores := r.acc[i*kernel.Stride(n):][:n]
		if b.bias != nil {
			b.addBias(h, row+i, scores)
		}
		if rec.scores != nil {
			copyRow(rec.scores, h*b.WindowRows()+row+i, scores)
		}
		if b.regions != nil {
			b.mask(row+i, scores)
		}
	}
}

// normalize writes the value product in r.acc, each row times its reciprocal.
func (r *Runner) normalize(b *block, h, row int, reciprocals []int64, rec recorder) {
	d, hd := b.Dim, b.Dim/b.Heads
	if r.fine == nil && b.order == nil {
		b.scale.Codes(r.codes[row*d+h*hd:], d, r.acc, hd, reciprocals)
	}
	for i := range reciprocals {
		acc := r.acc[i*kernel.Stride(hd):]
		switch at := h*b.WindowRows() + row + i; {
		case r.fine != nil: // one window, all tokens
			out := r.fine[(row+i)*d+h*hd:][:hd]
			b.scale.Values(out, acc, reciprocals[i])
			if rec.av != nil {
				copyRow(rec.av, at, out)
			}
		case b.order != nil:
			out := r.valueRow(b, h, row+i)
			b.scale.Codes(out, d, acc, hd, reciprocals[i:i+1])
			if rec.av != nil {
				copyRow(rec.av, at, out)
			}
		case rec.av != nil:
			copyRow(rec.av, at, r.codes[(row+i)*d+h*hd:][:hd])
		}
	}
}

// valueRow is where a row of a window's value product goes.
func (r *Runner) valueRow(b *block, h, row int) []int8 {
	hd := b.Dim / b.Heads
	if row = b.order[row]; row < 0 {
		return r.padded[:hd]
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
