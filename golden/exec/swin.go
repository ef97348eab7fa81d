package exec

import (
	"vitdse/golden/internal/kernel"
	"vitdse/golden/intnet"
)

// window copies rows of codes in the order of the windows.
func (r *Runner) window(b *block, x, rows []int8) {
	d := b.Dim
	for row, token := range b.order {
		from := b.pad
		if token >= 0 {
			from = x[token*d : (token+1)*d]
		}
		copy(rows[row*d:(row+1)*d], from)
	}
}

// mergePatches makes the residual stream of the next stage.
func (r *Runner) mergePatches(b *block) {
	n, d := b.Tokens(), b.Dim
	c := d / 2 // channels of the previous stage
	joined := r.joined[:len(b.from)*c]
	for i, from := range b.from {
		if from < 0 {
			clear(joined[i*c : (i+1)*c])
			continue
		}
		copy(joined[i*c:(i+1)*c], r.res[from*c:(from+1)*c])
	}
	x := r.codes[:n*2*d]
	b.merge.norm.Codes(x, joined)
	record(r, x)
	l := &b.merge.reduction
	r.res = r.stream[:n*d]
	r.rows.Codes(x, n, l.in, l.in)
	r.multiply(l, func(from, n int) { l.requant.Values(r.res[from*d:][:n*d], r.acc) })
	record(r, r.res)
}

// bias adds a window's relative position bias to a row's scores.
func (b *block) addBias(head, row int, scores []int32) {
	n := len(scores)
	for j, v := range b.bias[(head*n+row%n)*n:][:n] {
		scores[j] += v
	}
}

// mask takes the scores of other regions than the row's own out.
func (b *block) mask(row int, scores []int32) {
	n := len(scores)
	own := b.regions[row]
	for j, region := range b.regions[row/n*n:][:n] {
		if region != own {
			scores[j] = kernel.Masked
		}
	}
}

// pool is the mean, or the maximum, over the rows of x, into one row.
func pool[T int8 | int32](p *intnet.Pool, x, pooled []T) {
	c := len(pooled)
	for i := range pooled {
		if p.Max {
			top := x[i]
			for at := i; at < len(x); at += c {
				top = max(top, x[at])
			}
			pooled[i] = top
			continue
		}
		sum := -int64(p.Tokens) * int64(p.InZero)
		for at := i; at < len(x); at += c {
			sum += int64(x[at])
		}
		pooled[i] = T(rq(sum, p.A, p.Shift, int64(p.Zero), p.Bits))
	}
}
