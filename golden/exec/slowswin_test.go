package exec_test

import (
	"math/big"

	"vitdse/golden/intnet"
)

// Swin once more, straight from docs/NUMERICS.md: tokens carry their coordinates, and every
// permutation is worked out from them, cell by cell.

// cell is a place of the grid of a stage.
type cell struct{ y, x int }

// plane is a grid of rows of values.
type plane struct {
	h, w int
	at   map[cell][]*big.Int
}

// rows lists the plane in raster order.
func (p plane) rows() matrix {
	var m matrix
	for y := range p.h {
		for x := range p.w {
			m = append(m, p.at[cell{y, x}])
		}
	}
	return m
}

func newPlane(h, w int, m matrix) plane {
	p := plane{h, w, map[cell][]*big.Int{}}
	for i, row := range m {
		p.at[cell{i / w, i % w}] = row
	}
	return p
}

func constants[T int8 | int32](v []T) []*big.Int {
	var row []*big.Int
	for _, c := range v {
		row = append(row, bi(int64(c)))
	}
	return row
}

// slowSwin returns the result of every op.
func slowSwin(net *intnet.Network, image []uint8) [][]int32 {
	m := net.Model
	var ops [][]int32
	put := func(x matrix) matrix { ops = append(ops, x.flat()); return x }
	h, w := m.Image.Height/m.Patch, m.Image.Width/m.Patch
	x := put(slowLinear(&net.PatchEmbed, put(slowPatches(net, image))))
	grid := newPlane(h, w, put(slowNorm(net.PatchNorm, net.Rsqrt, x)))
	at := 0
	for stage, depth := range m.Depths {
		for local := range depth {
			b := &net.Blocks[at]
			if stage > 0 && local == 0 {
				grid = slowMerge(net, b.Merge, grid, put)
			}
			shift := 0
			if local%2 == 1 {
				shift = m.Window / 2
			}
			grid = slowSwinBlock(net, b, grid, m.StageHeads[stage], shift, put)
			at++
		}
	}
	x = put(slowNorm(&net.Norm, net.Rsqrt, grid.rows()))
	put(slowLinear(&net.Head, put(slowPool(net.Pool, x))))
	return ops
}

// slowPool is sat_b(rsh((sum_t x - N z)*A, s) + z'), or max_t x.
func slowPool(p *intnet.Pool, x matrix) matrix {
	out := make([]*big.Int, len(x[0]))
	for c := range out {
		sum, top := bi(-int64(p.Tokens)*int64(p.InZero)), x[0][c]
		for _, row := range x {
			if sum = add(sum, row[c]); row[c].Cmp(top) > 0 {
				top = row[c]
			}
		}
		if out[c] = top; p.Max {
			continue
		}
		if bits(sum) > p.SumBits {
			panic("pool: sum is wider than proven")
		}
		out[c] = clamp(add(roundShift(mul(sum, bi(int64(p.A))), p.Shift), bi(int64(p.Zero))), p.Bits)
	}
	return matrix{out}
}

// slowMerge joins four neighbours (0,0), (1,0), (0,1), (1,1); what lies outside is 0.
func slowMerge(net *intnet.Network, mg *intnet.Merge, g plane, put func(matrix) matrix) plane {
	h, w := (g.h+1)/2, (g.w+1)/2
	zeros := make([]*big.Int, len(g.at[cell{}]))
	for i := range zeros {
		zeros[i] = bi(0)
	}
	var joined matrix
	for y := range h {
		for x := range w {
			var row []*big.Int
			for _, from := range []cell{{2 * y, 2 * x}, {2*y + 1, 2 * x}, {2 * y, 2*x + 1}, {2*y + 1, 2*x + 1}} {
				part, ok := g.at[from]
				if !ok {
					part = zeros
				}
				row = append(row, part...)
			}
			joined = append(joined, row)
		}
	}
	return newPlane(h, w, put(slowLinear(&mg.Reduction, put(slowNorm(&mg.Norm, net.Rsqrt, joined)))))
}

func slowSwinBlock(net *intnet.Network, b *intnet.Block, g plane, heads, shift int, put func(matrix) matrix) plane {
	res := g.rows()
	x := newPlane(g.h, g.w, put(slowNorm(&b.Norm1, net.Rsqrt, res)))
	joined := slowWindows(net, b, x, heads, shift, put)
	res = put(slowAdd(res, slowLinear(&b.Proj, joined.rows()), 16))
	hidden := slowGELU(&b.GELU, slowLinear(&b.FC1, put(slowNorm(&b.Norm2, net.Rsqrt, res))))
	return newPlane(g.h, g.w, put(slowAdd(res, slowLinear(&b.FC2, put(hidden)), 16)))
}

// slowWindows is the attention: the plane is padded to whole windows, each cell of the
// shifted plane finds its window, and two cells meet if the shift did not wrap around
// between them.
func slowWindows(net *intnet.Network, b *intnet.Block, x plane, heads, shift int, put func(matrix) matrix) plane {
	win := net.Model.Window
	ph, pw := (x.h+win-1)/win*win, (x.w+win-1)/win*win
	sy, sx := shift, shift
	if ph == win {
		sy = 0
	}
	if pw == win {
		sx = 0
	}
	pad := constants(b.Pad)
	var rows matrix
	var from []cell   // of each row, in the padded plane
	var wrapped []int // which sides of the plane a row came around
	for top := 0; top < ph; top += win {
		for left := 0; left < pw; left += win {
			for i := range win {
				for j := range win {
					c := cell{(top + i + sy) % ph, (left + j + sx) % pw}
					side := 0
					if top+i+sy >= ph {
						side++
					}
					if left+j+sx >= pw {
						side += 2
					}
					row, ok := x.at[c]
					if !ok {
						row = pad
					}
					rows, from, wrapped = append(rows, row), append(from, c), append(wrapped, side)
				}
			}
		}
	}
	q, k, v := put(slowLinear(&b.Q, rows)), put(slowLinear(&b.K, rows)), put(slowLinear(&b.V, rows))
	var scores, exps, av matrix
	out := plane{x.h, x.w, map[cell][]*big.Int{}}
	hd := len(q[0]) / heads
	for h := range heads {
		for i := range rows {
			s, e, o := slowWindowRow(net, &b.Attn, h, hd, i, win*win, q, k, v, wrapped)
			scores, exps, av = append(scores, s), append(exps, e), append(av, o)
			if _, ok := x.at[from[i]]; ok {
				out.at[from[i]] = append(out.at[from[i]], o...)
			}
		}
	}
	put(scores)
	put(exps)
	put(av)
	return out
}

// slowWindowRow is one row of one head.
func slowWindowRow(net *intnet.Network, a *intnet.Attention, h, hd, i, n int, q, k, v matrix,
	wrapped []int) (s, e, o []*big.Int) {
	first := i - i%n
	var top *big.Int
	for j := first; j < first+n; j++ {
		acc := bi(int64(a.Bias[h*n*n+(i-first)*n+j-first]))
		for c := h * hd; c < (h+1)*hd; c++ {
			acc = add(acc, mul(q[i][c], k[j][c]))
		}
		if bits(acc) > a.ScoreBits {
			panic(a.Name + ": score is wider than proven")
		}
		s = append(s, acc)
		if wrapped[i] == wrapped[j] && (top == nil || acc.Cmp(top) > 0) {
			top = acc
		}
	}
	z := bi(0)
	for j, acc := range s {
		num := bi(0)
		if wrapped[i] == wrapped[first+j] {
			at := roundShift(mul(sub(top, acc), bi(int64(a.M[h]))), a.Shift)
			if last := bi(1<<net.Exp.Index - 1); at.Cmp(last) > 0 {
				at = last
			}
			num = bi(int64(net.Exp.Table[at.Int64()]))
		}
		e = append(e, num)
		z = add(z, num)
	}
	rm := new(big.Int).Div(bi(a.Ch[h]), z)
	for c := h * hd; c < (h+1)*hd; c++ {
		sum := bi(0)
		for j := range e {
			sum = add(sum, mul(e[j], v[first+j][c]))
		}
		if bits(sum) > a.ValueBits || rm.BitLen() > 17 {
			panic(a.Name + ": value product or reciprocal is wider than proven")
		}
		o = append(o, clamp(add(roundShift(mul(sum, rm), a.OutShift), bi(int64(a.OutZero))), a.OutBits))
	}
	return s, e, o
}
