package exec_test

import (
	"math/big"

	"vitdse/configs"
	"vitdse/golden/intnet"
)

// The network once more, straight from docs/NUMERICS.md: big integers, one loop a
// formula, no shared code and no thought of speed.

func bi(x int64) *big.Int { return big.NewInt(x) }

func mul(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) }

func add(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }

func sub(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }

// floorShift is floor(x / 2^s).
func floorShift(x *big.Int, s uint) *big.Int {
	return new(big.Int).Div(x, new(big.Int).Lsh(bi(1), s)) // Euclidean: the floor for a positive divisor
}

// roundShift is floor(x/2^s + 1/2) = floor((2x + 2^s) / 2^(s+1)).
func roundShift(x *big.Int, s uint) *big.Int {
	return floorShift(add(mul(bi(2), x), new(big.Int).Lsh(bi(1), s)), s+1)
}

// clamp is saturation to b signed bits.
func clamp(x *big.Int, b int) *big.Int {
	hi := new(big.Int).Lsh(bi(1), uint(b-1))
	lo := new(big.Int).Neg(hi)
	hi = sub(hi, bi(1))
	if x.Cmp(lo) < 0 {
		return lo
	}
	if x.Cmp(hi) > 0 {
		return hi
	}
	return x
}

// bits is the width of a signed number.
func bits(x *big.Int) int {
	if x.Sign() < 0 {
		return new(big.Int).Not(x).BitLen() + 1
	}
	return x.BitLen() + 1
}

// matrix is [row][col].
type matrix [][]*big.Int

func (m matrix) flat() []int32 {
	var out []int32
	for _, row := range m {
		for _, v := range row {
			out = append(out, int32(v.Int64()))
		}
	}
	return out
}

// slowLinear is the accumulator, and its requantization.
func slowLinear(l *intnet.Linear, x matrix) matrix {
	var y matrix
	for _, row := range x {
		var out []*big.Int
		e := uint(0)
		if l.Dynamic { // a = sat(rsh(f, e)), acc = (sum a w) << e + B
			row, e = slowToken(row, l.ActBits)
		}
		for o := range l.Out {
			acc, product := bi(l.Bias[o]), new(big.Int)
			if l.Dynamic {
				acc = bi(0)
			}
			for k := range l.In {
				w := int64(l.W[o*l.In+k])
				if l.Group > 0 { // S_w[o,g] = S_w[o]*m[o,g]/16
					w *= int64(l.GroupM[o*(l.In/l.Group)+k/l.Group])
				}
				acc.Add(acc, product.Mul(row[k], product.SetInt64(w)))
			}
			if bits(acc) > l.AccBits {
				panic(l.Name + ": accumulator is wider than proven")
			}
			if l.Dynamic {
				acc = add(new(big.Int).Lsh(acc, e), bi(l.Bias[o]))
			}
			scaled := roundShift(mul(acc, bi(int64(l.M[o]))), l.Shift)
			out = append(out, clamp(add(scaled, bi(int64(l.Zero))), l.Bits))
		}
		y = append(y, out)
	}
	return y
}

// slowToken is a row of fine codes by its own power of two.
func slowToken(row []*big.Int, width int) (codes []*big.Int, e uint) {
	top := 0
	for _, f := range row {
		top = max(top, f.BitLen())
	}
	if top > width-1 {
		e = uint(top - (width - 1))
	}
	for _, f := range row {
		codes = append(codes, clamp(roundShift(f, e), width))
	}
	return codes, e
}

func slowNorm(ln *intnet.LayerNorm, table []uint32, x matrix) matrix {
	c := bi(int64(ln.Channels))
	var y matrix
	for _, row := range x {
		s1, s2 := bi(0), bi(0)
		for _, v := range row {
			s1, s2 = add(s1, v), add(s2, mul(v, v))
		}
		d := add(sub(mul(c, s2), mul(s1, s1)), bi(ln.E))
		e := (d.BitLen() - 1) / 2
		idx := floorShift(mul(d, bi(64)), uint(2*e)).Int64()
		r := floorShift(new(big.Int).Lsh(bi(int64(table[idx-64])), ln.K), uint(17+e))
		if top := bi(1<<17 - 1); r.Cmp(top) > 0 {
			r = top
		}
		var out []*big.Int
		for i, v := range row {
			n := roundShift(mul(sub(mul(c, v), s1), r), ln.K-10)
			out = append(out, clamp(floorShift(add(mul(n, bi(int64(ln.G[i]))), bi(ln.B[i])), ln.SG), ln.Bits))
		}
		y = append(y, out)
	}
	return y
}

// slowHeadNorm is the LayerNorm of each head's channels by itself.
func slowHeadNorm(net *intnet.Network, ln *intnet.LayerNorm, x matrix) matrix {
	var y matrix
	hd := net.Model.Dim / net.Model.Heads
	for _, row := range x {
		var out []*big.Int
		for c := 0; c < len(row); c += hd {
			out = append(out, slowNorm(ln, net.Rsqrt, matrix{row[c : c+hd]})[0]...)
		}
		y = append(y, out)
	}
	return y
}

// slowTurn is sat(rsh(u cos - v sin, s)) and sat(rsh(v cos + u sin, s)) with s = 14 + 15 - bits.
func slowTurn(net *intnet.Network, b *intnet.Block, x matrix) matrix {
	hd, bits := net.Model.Dim/net.Model.Heads, b.Attn.QKVBits
	var y matrix
	for t, row := range x {
		out := make([]*big.Int, len(row))
		for c := range row {
			in, head := c%hd, c-c%hd
			j, other, sign := in/2, in^1, int64(1)
			if in%2 == 0 {
				sign = -1
			}
			if net.Model.RopeHalf {
				j, other, sign = in%(hd/2), (in+hd/2)%hd, 1
				if in < hd/2 {
					sign = -1
				}
			}
			sum := mul(row[c], bi(int64(net.Cos[t*hd/2+j])))
			sum = add(sum, mul(row[head+other], bi(sign*int64(net.Sin[t*hd/2+j]))))
			out[c] = clamp(roundShift(sum, uint(14+15-bits)), bits)
		}
		y = append(y, out)
	}
	return y
}

// slowAttention returns scores, numerators and codes as [head*row][col].
func slowAttention(net *intnet.Network, a *intnet.Attention, q, k, v matrix) (scores, exps, av matrix) {
	hd := net.Model.Dim / net.Model.Heads
	for h := range net.Model.Heads {
		for i := range q {
			var s, e, o []*big.Int
			for j := range k {
				acc := bi(0)
				for c := h * hd; c < (h+1)*hd; c++ {
					acc = add(acc, mul(q[i][c], k[j][c]))
				}
				if a.Bias != nil {
					acc = add(acc, bi(int64(a.Bias[(h*len(q)+i)*len(k)+j])))
				}
				if bits(acc) > a.ScoreBits {
					panic(a.Name + ": score is wider than proven")
				}
				s = append(s, acc)
			}
			top := s[0]
			for _, x := range s {
				if x.Cmp(top) > 0 {
					top = x
				}
			}
			z := bi(0)
			for _, x := range s {
				at := roundShift(mul(sub(top, x), bi(int64(a.M[h]))), a.Shift)
				if last := bi(1<<net.Exp.Index - 1); at.Cmp(last) > 0 {
					at = last
				}
				e = append(e, bi(int64(net.Exp.Table[at.Int64()])))
				z = add(z, e[len(e)-1])
			}
			rm := new(big.Int).Div(bi(a.Ch[h]), z)
			if rm.BitLen() > 17 {
				panic("reciprocal of a row's sum is wider than 17 bits")
			}
			for c := h * hd; c < (h+1)*hd; c++ {
				sum := bi(0)
				for j := range v {
					sum = add(sum, mul(e[j], v[j][c]))
				}
				if bits(sum) > a.ValueBits {
					panic(a.Name + ": value product is wider than proven")
				}
				o = append(o, clamp(add(roundShift(mul(sum, rm), a.OutShift), bi(int64(a.OutZero))), a.OutBits))
			}
			scores, exps, av = append(scores, s), append(exps, e), append(av, o)
		}
	}
	return scores, exps, av
}

func slowAdd(x, y matrix, width int) matrix {
	var out matrix
	for i := range x {
		var row []*big.Int
		for j := range x[i] {
			row = append(row, clamp(add(x[i][j], y[i][j]), width))
		}
		out = append(out, row)
	}
	return out
}

func slowGELU(g *intnet.GELU, x matrix) matrix {
	for _, row := range x {
		for c, h := range row {
			at := h.Int64() + 1<<(g.InBits-1)
			if g.OutBits == intnet.FineBits {
				row[c] = bi(int64(g.Fine[at]))
			} else {
				row[c] = bi(int64(g.Table[at]))
			}
		}
	}
	return x
}

// slowGate is sat(rsh(g*v*M, s) + z).
func slowGate(g *intnet.Gate, gate, value matrix) matrix {
	var y matrix
	for t, row := range value {
		var out []*big.Int
		for c, v := range row {
			scaled := roundShift(mul(mul(gate[t][c], v), bi(int64(g.M))), g.Shift)
			out = append(out, clamp(add(scaled, bi(int64(g.Zero))), g.Bits))
		}
		y = append(y, out)
	}
	return y
}

// slowProbe is attention pooling: the rows of the patches make keys and values, the query is a constant.
func slowProbe(net *intnet.Network, res matrix, put func(matrix) matrix) matrix {
	m, b := net.Model, &net.Blocks[net.Model.Depth]
	x := put(slowNorm(&b.Norm1, net.Rsqrt, res[m.PrefixTokens():]))
	k, v := put(slowLinear(&b.K, x)), put(slowLinear(&b.V, x))
	q := put(matrix{constants(b.Probe)})
	scores, exps, av := slowAttention(net, &b.Attn, q, k, v)
	put(scores)
	put(exps)
	put(av)
	var joined []*big.Int
	for _, head := range av {
		joined = append(joined, head...)
	}
	row := put(slowLinear(&b.Proj, matrix{joined}))
	hidden := put(slowGELU(&b.GELU, slowLinear(&b.FC1, put(slowNorm(&b.Norm2, net.Rsqrt, row)))))
	return put(slowAdd(row, slowLinear(&b.FC2, hidden), 16))
}

// slowPatches cuts the image into rows of channel, pixel row, pixel column.
func slowPatches(net *intnet.Network, image []uint8) matrix {
	m := net.Model
	var rows matrix
	for range m.PrefixTokens() {
		row := make([]*big.Int, m.PatchInner())
		for i := range row {
			row[i] = bi(0)
		}
		rows = append(rows, row)
	}
	for py := range m.Image.Height / m.Patch {
		for px := range m.Image.Width / m.Patch {
			var row []*big.Int
			for c := range m.Image.Channels {
				for y := range m.Patch {
					for x := range m.Patch {
						p := image[((py*m.Patch+y)*m.Image.Width+px*m.Patch+x)*m.Image.Channels+c]
						row = append(row, clamp(roundShift(bi(int64(p)-128), uint(8-net.ImageBits)), net.ImageBits))
					}
				}
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// slowRun returns the result of every op.
func slowRun(net *intnet.Network, image []uint8) [][]int32 {
	if net.Model.Family == configs.Swin {
		return slowSwin(net, image)
	}
	m := net.Model
	var ops [][]int32
	put := func(x matrix) matrix { ops = append(ops, x.flat()); return x }

	y := slowLinear(&net.PatchEmbed, put(slowPatches(net, image)))
	var pos matrix
	for t := range m.Tokens() {
		var row []*big.Int
		for c := range m.Dim {
			row = append(row, bi(int64(net.Pos[t*m.Dim+c])))
			if t < m.PrefixTokens() {
				y[t][c] = bi(0)
			}
		}
		pos = append(pos, row)
	}
	res := put(slowAdd(y, pos, 16))
	if net.PatchNorm != nil {
		res = put(slowNorm(net.PatchNorm, net.Rsqrt, res))
	}
	for i := range m.Depth {
		b := &net.Blocks[i]
		x := put(slowNorm(&b.Norm1, net.Rsqrt, res))
		q, k, v := put(slowLinear(&b.Q, x)), put(slowLinear(&b.K, x)), put(slowLinear(&b.V, x))
		if m.QKNorm {
			q, k = put(slowHeadNorm(net, b.QNorm, q)), put(slowHeadNorm(net, b.KNorm, k))
		}
		if m.Rope != "" {
			q, k = put(slowTurn(net, b, q)), put(slowTurn(net, b, k))
		}
		scores, exps, av := slowAttention(net, &b.Attn, q, k, v)
		put(scores)
		put(exps)
		put(av)
		var joined matrix
		for t := range m.Tokens() {
			var row []*big.Int
			for h := range m.Heads {
				row = append(row, av[h*m.Tokens()+t]...)
			}
			joined = append(joined, row)
		}
		res = put(slowAdd(res, slowLinear(&b.Proj, joined), 16))
		x = put(slowNorm(&b.Norm2, net.Rsqrt, res))
		hidden := matrix(nil)
		if m.Gated {
			gate := put(slowGELU(&b.GELU, slowLinear(&b.Gate.FC, x)))
			hidden = slowGate(b.Gate, gate, slowLinear(&b.FC1, x))
		} else {
			hidden = slowGELU(&b.GELU, slowLinear(&b.FC1, x))
		}
		if m.MLPNorm {
			hidden = slowNorm(b.MLPNorm, net.Rsqrt, put(hidden))
		}
		res = put(slowAdd(res, slowLinear(&b.FC2, put(hidden)), 16))
	}
	if m.Pool == configs.PoolMap {
		x := put(slowPool(net.Pool, slowProbe(net, res, put)))
		put(slowLinear(&net.Head, x))
		return ops
	}
	read := res[:1] // the class token
	switch {
	case net.HeadDist != nil:
		read = res[:2]
	case net.Pool != nil:
		read = res[m.Tokens()-m.Patches():]
		if m.FCNorm {
			read = put(slowPool(net.Pool, read))
		}
	}
	x := put(slowNorm(&net.Norm, net.Rsqrt, read))
	if net.Pool != nil && !m.FCNorm {
		x = put(slowPool(net.Pool, x))
	}
	logits := put(slowLinear(&net.Head, x[:1]))
	if net.HeadDist != nil {
		put(slowAdd(logits, slowLinear(net.HeadDist, x[1:2]), 18))
	}
	return ops
}
