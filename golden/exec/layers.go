package exec

import "vitdse/golden/intnet"

// gather writes the image as patch rows of codes sat(rsh(p-128, 8-b)); prefix rows
// are 0. Inside a row the order is channel, pixel row, pixel column.
func (r *Runner) gather(image []uint8, rows []int8) {
	m, b := r.net.Model, r.net.ImageBits
	p, c := m.Patch, m.Image.Channels
	at := m.PrefixTokens() * m.PatchInner()
	clear(rows[:at])
	for y := 0; y < m.Image.Height; y += p {
		for x := 0; x < m.Image.Width; x += p {
			for ch := range c {
				for i := range p * p {
					pixel := image[((y+i/p)*m.Image.Width+x+i%p)*c+ch]
					rows[at] = int8(sat(rsh(int64(pixel)-128, uint(8-b)), b))
					at++
				}
			}
		}
	}
}

// embed fills the residual stream from the patch matmul's accumulators. In the
// prefix rows the matmul's result counts as 0.
func (r *Runner) embed() {
	l, bits := &r.net.PatchEmbed, r.net.PatchEmbed.Bits
	prefix := r.net.Model.PrefixTokens() * l.Out
	for i, pos := range r.net.Pos {
		y := int64(0)
		if i >= prefix {
			y = rq(int64(r.acc[i]), l.M[i%l.Out], l.Shift, int64(l.Zero), bits)
		}
		r.res[i] = int32(sat(y+int64(pos), bits))
	}
}

// matmul leaves the accumulators of a layer in r.acc.
func (r *Runner) matmul(l *intnet.Linear, x []int8, rows int) {
	r.packed.Pack(x, rows, l.In)
	r.multiply(l, rows)
}

// toCodes requantizes the accumulators to codes.
func (r *Runner) toCodes(l *intnet.Linear, y []int8) {
	limit := int64(1) << (l.Bits - 1)
	round, zero := int64(1)<<l.Shift>>1, int64(l.Zero)
	for base := 0; base < len(y); base += l.Out {
		acc, dst := r.acc[base:base+l.Out], y[base:base+l.Out]
		for o, m := range l.M {
			v := (int64(acc[o])*int64(m)+round)>>l.Shift + zero
			dst[o] = int8(min(max(v, -limit), limit-1))
		}
	}
}

// toResidual requantizes the accumulators and adds them to the residual stream.
func (r *Runner) toResidual(l *intnet.Linear) {
	limit := int64(1) << (l.Bits - 1)
	round, zero := int64(1)<<l.Shift>>1, int64(l.Zero)
	for base := 0; base < len(r.res); base += l.Out {
		acc, res := r.acc[base:base+l.Out], r.res[base:base+l.Out]
		for o, m := range l.M {
			v := (int64(acc[o])*int64(m)+round)>>l.Shift + zero
			v = min(max(v, -limit), limit-1) + int64(res[o])
			res[o] = int32(min(max(v, -limit), limit-1))
		}
	}
}

// toGELU requantizes the accumulators to indices and looks them up.
func (r *Runner) toGELU(l *intnet.Linear, g *intnet.GELU, y []int8) {
	limit := int64(1) << (l.Bits - 1)
	round, zero := int64(1)<<l.Shift>>1, int64(l.Zero)
	for base := 0; base < len(y); base += l.Out {
		acc, dst := r.acc[base:base+l.Out], y[base:base+l.Out]
		for o, m := range l.M {
			v := (int64(acc[o])*int64(m)+round)>>l.Shift + zero
			dst[o] = g.Table[min(max(v, -limit), limit-1)+limit]
		}
	}
}

// center gives the sum of a row and the reciprocal of its spread.
func (r *Runner) center(ln *intnet.LayerNorm, row []int32) (s1, root int64) {
	var s2 int64
	for _, v := range row {
		s1 += int64(v)
		s2 += int64(v) * int64(v)
	}
	return s1, rsqrt(int64(ln.Channels)*s2-s1*s1+ln.E, ln.K, r.net.Rsqrt)
}

// layerNorm writes the codes of each row of x.
func (r *Runner) layerNorm(ln *intnet.LayerNorm, x []int32, y []int8) {
	c := ln.Channels
	limit := int64(1) << (ln.Bits - 1)
	round := int64(1) << (ln.K - 10) >> 1
	for ; len(x) > 0; x, y = x[c:], y[c:] {
		row := x[:c]
		s1, root := r.center(ln, row)
		for i, v := range row {
			n := ((int64(c)*int64(v)-s1)*root + round) >> (ln.K - 10)
			z := (n*int64(ln.G[i]) + ln.B[i]) >> ln.SG
			y[i] = int8(min(max(z, -limit), limit-1))
		}
	}
}

// block runs one transformer block on the residual stream.
func (r *Runner) block(b *intnet.Block) {
	n := r.net.Model.Tokens()
	r.layerNorm(&b.Norm1, r.res, r.codes)
	record(r, r.codes)
	r.packed.Pack(r.codes, n, b.Q.In)
	for _, p := range []struct {
		l *intnet.Linear
		y []int8
	}{{&b.Q, r.q}, {&b.K, r.k}, {&b.V, r.v}} {
		r.multiply(p.l, n)
		r.toCodes(p.l, p.y)
		record(r, p.y)
	}
	r.attention(&b.Attn)
	r.matmul(&b.Proj, r.codes, n)
	r.toResidual(&b.Proj)
	record(r, r.res)

	r.layerNorm(&b.Norm2, r.res, r.codes)
	record(r, r.codes)
	r.matmul(&b.FC1, r.codes, n)
	hidden := r.wide[:n*b.FC1.Out]
	r.toGELU(&b.FC1, &b.GELU, hidden)
	record(r, hidden)
	r.matmul(&b.FC2, hidden, n)
	r.toResidual(&b.FC2)
	record(r, r.res)
}
