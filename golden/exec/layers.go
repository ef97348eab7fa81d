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
	if b.Keys > 0 {
		r.poolAttention(b)
		r.mlp(b)
		return
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
	if b.qNorm != nil || b.Turned {
		r.projectFine(b, len(rows))
	} else {
		r.project(&b.q, r.q[:len(rows)])
		r.project(&b.k, r.k[:len(rows)])
		r.project(&b.v, r.v[:len(rows)])
	}
	r.attention(b)
	r.matmulAdd(&b.proj, x)
	r.mlp(b)
}

// mlp runs the second half of a block.
func (r *Runner) mlp(b *block) {
	d := b.Dim
	x := r.codes[:b.Tokens()*d]
	b.norm2.Codes(x, r.res)
	record(r, x)
	r.rows.Codes(x, b.Tokens(), d, d)
	hidden := r.wide[:b.Tokens()*b.fc1.out]
	if b.gate != nil {
		r.gatedLayer(b, hidden)
		r.matmulAdd(&b.fc2, hidden)
		return
	}
	r.multiply(&b.fc1, func(from, n int) { b.fc1.requant.Lookup(hidden[from*b.fc1.out:][:n*b.fc1.out], r.acc) })
	record(r, hidden)
	r.matmulAdd(&b.fc2, hidden)
}

// gatedLayer makes the codes that fc2 reads of a gated MLP, whose rows are in r.rows.
func (r *Runner) gatedLayer(b *block, hidden []int8) {
	g, gates, values := b.gate, r.gates[:len(hidden)], r.gated[:len(hidden)]
	half := int32(len(g.table) / 2)
	r.multiply(&g.fc, func(from, n int) { g.fc.requant.Values(gates[from*g.fc.out:][:n*g.fc.out], r.acc) })
	for i, h := range gates {
		gates[i] = int32(g.table[h+half])
	}
	record(r, gates)
	r.multiply(&b.fc1, func(from, n int) { b.fc1.requant.Values(values[from*b.fc1.out:][:n*b.fc1.out], r.acc) })
	for i, v := range values {
		values[i] = int32(rq(int64(v)*int64(gates[i]), g.M, g.Shift, int64(g.Zero), g.Bits))
	}
	if b.mlpNorm != nil {
		record(r, values)
		b.mlpNorm.Codes(hidden, values)
	} else {
		for i, v := range values {
			hidden[i] = int8(v)
		}
	}
	record(r, hidden)
}

// turnFrac is the number of fraction bits of sines and cosines.
const turnFrac = 14

// turn makes codes of q or k, each pair of a head's channels turned by the place of its row's patch.
func (r *Runner) turn(b *block, x []int32, codes []int8) {
	hd := b.HeadDim()
	for at := 0; at < len(x); at += hd {
		row := at / b.Dim * hd / 2
		for j := range hd / 2 {
			sin, cos := int64(r.net.Sin[row+j]), int64(r.net.Cos[row+j])
			c, d := r.net.Model.TurnedPair(j, hd)
			u, v := int64(x[at+c]), int64(x[at+d])
			codes[at+c] = int8(sat(rsh(u*cos-v*sin, b.turnShift), b.qkvBits))
			codes[at+d] = int8(sat(rsh(v*cos+u*sin, b.turnShift), b.qkvBits))
		}
	}
	record(r, codes)
}

// projectFine writes q, k and v where q and k pass a norm or turn: n values of each.
func (r *Runner) projectFine(b *block, n int) {
	for _, p := range []struct {
		l *layer
		y []int32
	}{{&b.q, r.qFine[:n]}, {&b.k, r.kFine[:n]}} {
		r.multiply(p.l, func(from, n int) { p.l.requant.Values(p.y[from*p.l.out:][:n*p.l.out], r.acc) })
		record(r, p.y)
	}
	r.project(&b.v, r.v[:n])
	if b.Turned {
		r.turn(b, r.qFine[:n], r.q[:n])
		r.turn(b, r.kFine[:n], r.k[:n])
		return
	}
	b.qNorm.Codes(r.q[:n], r.qFine[:n])
	record(r, r.q[:n])
	b.kNorm.Codes(r.k[:n], r.kFine[:n])
	record(r, r.k[:n])
}

// project writes q, k or v for the rows in r.rows.
func (r *Runner) project(l *layer, y []int8) {
	r.multiply(l, func(from, n int) { l.requant.Codes(y[from*l.out:][:n*l.out], r.acc) })
	record(r, y)
}
