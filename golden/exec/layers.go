package exec

import "vitdse/golden/internal/kernel"

// embed adds the patch embedding to the positions. In the prefix rows the matmul's result
// counts as 0.
func (r *Runner) embed() {
	l := &r.patch
	copy(r.res, r.positions)
	r.multiply(l, func(from, n int) { l.requant.Add(r.res[from*l.out:][:n*l.out], r.acc) })
	copy(r.res, r.positions[:r.net.Model.PrefixTokens()*l.out])
}

// multiply puts the accumulators of some of the rows in r.rows after the other into r.acc
// and calls done for them.
func (r *Runner) multiply(l *layer, done func(from, n int)) {
	n := r.rows.Len()
	for from := 0; from < n; from += kernel.Block {
		some := min(kernel.Block, n-from)
		kernel.Multiply(r.acc, &r.rows, from, some, l.right)
		done(from, some)
	}
}

// matmulAdd adds a layer's result to the residual stream.
func (r *Runner) matmulAdd(l *layer, x []int8) {
	r.rows.Codes(x, len(x)/l.in, l.in, l.in)
	r.multiply(l, func(from, n int) { l.requant.Add(r.res[from*l.out:][:n*l.out], r.acc) })
	record(r, r.res)
}

// block runs one transformer block on the residual stream, and Swin's patch merging in
// front of it.
func (r *Runner) block(b *block) {
	if b.q.dynamic != nil {
		r.dynamicBlock(b)
		return
	}
	if b.merge != nil {
		r.mergePatches(b)
	}
	d := b.Dim
	x := r.codes[:b.Tokens()*d]
	b.norm1.Codes(x, r.res)
	record(r, x)
	rows := x
	if b.order != nil {
		rows = r.wide[:b.WindowRows()*d]
		r.window(b, x, rows)
	}
	r.rows.Codes(rows, b.WindowRows(), d, d)
	r.project(&b.q, r.q[:len(rows)])
	r.project(&b.k, r.k[:len(rows)])
	r.project(&b.v, r.v[:len(rows)])
	r.attention(b)
	r.matmulAdd(&b.proj, x)

	b.norm2.Codes(x, r.res)
	record(r, x)
	r.rows.Codes(x, b.Tokens(), d, d)
	hidden := r.wide[:b.Tokens()*b.fc1.out]
	r.multiply(&b.fc1, func(from, n int) { b.fc1.requant.Lookup(hidden[from*b.fc1.out:][:n*b.fc1.out], r.acc) })
	record(r, hidden)
	r.matmulAdd(&b.fc2, hidden)
}

// project writes q, k or v for the rows in r.rows.
func (r *Runner) project(l *layer, y []int8) {
	r.multiply(l, func(from, n int) { l.requant.Codes(y[from*l.out:][:n*l.out], r.acc) })
	record(r, y)
}
