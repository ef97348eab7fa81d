package exec

import (
	"fmt"

	"vitdse/configs"
	"vitdse/golden/internal/gemm"
	"vitdse/golden/intnet"
)

// geometry is where the tokens of a Swin block are.
type geometry struct {
	configs.BlockShape
	order   []int   // token of each row of the windows, -1 for padding
	regions []uint8 // rows of a window meet only within a region
	merge   []int   // four tokens of the previous stage for each token, -1 for padding
}

// newSwin prepares a Swin for running; its buffers fit the largest op.
func newSwin(net *intnet.Network, ops []configs.Op) *Runner {
	m := net.Model
	r := &Runner{net: net, ops: ops, grouped: map[*intnet.Linear]halves{}}
	var acc, codes, wide, rows, stream, joined int
	for _, op := range ops {
		n := op.Rows * op.Cols
		switch op.Kind {
		case configs.OpPatches:
			wide = max(wide, n)
		case configs.OpLinearGELU:
			wide, acc = max(wide, n), max(acc, n)
		case configs.OpLayerNorm:
			codes = max(codes, n)
			joined = max(joined, n)
		case configs.OpEmbedNorm, configs.OpMerge, configs.OpLinearAdd:
			stream, acc = max(stream, n), max(acc, n)
		case configs.OpLinear:
			rows, acc = max(rows, n), max(acc, n)
		case configs.OpHead:
			acc = max(acc, n)
		}
	}
	for b := range net.Blocks {
		g := geometry{BlockShape: m.BlockShape(b)}
		g.order, g.regions = g.WindowOrder(), g.WindowRegions()
		if g.Merges() {
			from := m.Stage(g.Stage - 1)
			g.merge = g.MergeOrder(from.H, from.W)
		}
		r.stages = append(r.stages, g)
	}
	r.acc, r.codes, r.wide = make([]int32, acc), make([]int8, codes), make([]int8, max(wide, rows))
	r.q, r.k, r.v = make([]int8, rows), make([]int8, rows), make([]int8, rows)
	r.stream, r.joined = make([]int32, stream), make([]int32, joined)
	r.scores, r.exps = make([]int32, m.Window*m.Window), make([]int32, m.Window*m.Window)
	return r
}

// inFront is the number of values of the residual stream in front of a block, or behind
// the last one.
func (r *Runner) inFront(block int) int {
	if block > 0 { // a patch merging belongs to the block behind it
		block--
	}
	return r.stages[block].Tokens() * r.stages[block].Dim
}

// embedSwin normalises the patch embedding into the residual stream.
func (r *Runner) embedSwin() {
	l, ln := &r.net.PatchEmbed, r.net.PatchNorm
	r.res = r.stream[:r.inFront(0)]
	for i := range r.res {
		r.res[i] = int32(rq(int64(r.acc[i]), l.M[i%l.Out], l.Shift, int64(l.Zero), l.Bits))
	}
	record(r, r.res)
	c := ln.Channels
	for at := 0; at < len(r.res); at += c {
		row := r.res[at : at+c]
		s1, root := r.center(ln, row)
		for i, v := range row {
			n := rsh((int64(c)*int64(v)-s1)*root, ln.K-10)
			row[i] = int32(sat((n*int64(ln.G[i])+ln.B[i])>>ln.SG, ln.Bits))
		}
	}
	record(r, r.res)
}

// swinBlock runs one block on the residual stream, and the patch merging in front of it.
func (r *Runner) swinBlock(i int) {
	b, g := &r.net.Blocks[i], &r.stages[i]
	n, d := g.Tokens(), g.Dim
	if b.Merge != nil {
		r.mergePatches(b.Merge, g)
	}
	x := r.codes[:n*d]
	r.layerNorm(&b.Norm1, r.res, x)
	record(r, x)
	rows := r.wide[:g.WindowRows()*d]
	for row, token := range g.order {
		from := b.Pad
		if token >= 0 {
			from = x[token*d : (token+1)*d]
		}
		copy(rows[row*d:(row+1)*d], from)
	}
	r.packed.Pack(rows, g.WindowRows(), d)
	for _, p := range []struct {
		l *intnet.Linear
		y []int8
	}{{&b.Q, r.q}, {&b.K, r.k}, {&b.V, r.v}} {
		r.multiply(p.l, g.WindowRows())
		r.toCodes(p.l, p.y[:len(rows)])
		record(r, p.y[:len(rows)])
	}
	r.windowAttention(&b.Attn, g)
	r.matmul(&b.Proj, x, n)
	r.toResidual(&b.Proj)
	record(r, r.res)

	r.layerNorm(&b.Norm2, r.res, x)
	record(r, x)
	r.matmul(&b.FC1, x, n)
	hidden := r.wide[:n*b.FC1.Out]
	r.toGELU(&b.FC1, &b.GELU, hidden)
	record(r, hidden)
	r.matmul(&b.FC2, hidden, n)
	r.toResidual(&b.FC2)
	record(r, r.res)
}

// mergePatches makes the residual stream of the next stage.
func (r *Runner) mergePatches(m *intnet.Merge, g *geometry) {
	n, d := g.Tokens(), g.Dim
	c := d / 2 // channels of the previous stage
	joined := r.joined[:len(g.merge)*c]
	for i, from := range g.merge {
		if from < 0 {
			clear(joined[i*c : (i+1)*c])
			continue
		}
		copy(joined[i*c:(i+1)*c], r.res[from*c:(from+1)*c])
	}
	x := r.codes[:n*2*d]
	r.layerNorm(&m.Norm, joined, x)
	record(r, x)
	r.matmul(&m.Reduction, x, n)
	r.res = r.stream[:n*d]
	l := &m.Reduction
	for i := range r.res {
		r.res[i] = int32(rq(int64(r.acc[i]), l.M[i%l.Out], l.Shift, int64(l.Zero), l.Bits))
	}
	record(r, r.res)
}

// windowAttention reads q, k and v in the order of the windows and leaves the value
// product in r.codes, in the order of the tokens, heads side by side.
func (r *Runner) windowAttention(a *intnet.Attention, g *geometry) {
	n, d, hd, rows := g.WindowTokens(), g.Dim, g.Dim/g.Heads, g.WindowRows()
	rec := r.traceAttention()
	for h := range g.Heads {
		col := h * hd
		for i := range rows {
			first := i / n * n // row of the window
			q := r.q[i*d+col : i*d+col+hd]
			bias := a.Bias[(h*n+i%n)*n:][:n]
			for j := range r.scores {
				at := (first+j)*d + col
				r.scores[j] = gemm.Dot(q, r.k[at:at+hd]) + bias[j]
			}
			sum := r.maskedNumerators(a, h, g.regions[first:first+n], g.regions[i])
			var out []int8
			if token := g.order[i]; token >= 0 {
				out = r.codes[token*d+col : token*d+col+hd]
			} else {
				out = r.wide[:hd] // padding: traced, used by nothing
			}
			r.windowValues(a, a.Ch[h]/sum, r.v[first*d+col:], d, out)
			rec.row(r, h*rows+i, out)
		}
	}
}

// maskedNumerators is numerators for the scores of one region; the others get 0.
func (r *Runner) maskedNumerators(a *intnet.Attention, h int, regions []uint8, own uint8) int64 {
	var top int32
	found := false
	for j, s := range r.scores {
		if regions[j] == own && (!found || s > top) { // a row's own column is of its region
			top, found = s, true
		}
	}
	table := r.net.Exp.Table
	m, last := int64(a.M[h]), int64(len(table)-1)
	var sum int64
	for j, s := range r.scores {
		r.exps[j] = 0
		if regions[j] == own {
			v := rsh((int64(top)-int64(s))*m, a.Shift)
			r.exps[j] = int32(table[min(v, last)])
			sum += int64(r.exps[j])
		}
	}
	return sum
}

// windowValues is the normalised product of a row of numerators with a window's v, whose
// rows are stride apart.
func (r *Runner) windowValues(a *intnet.Attention, rm int64, v []int8, stride int, out []int8) {
	for c := range out {
		var o int64
		for j, e := range r.exps {
			o += int64(e) * int64(v[j*stride+c])
		}
		out[c] = int8(sat(rsh(o*rm, a.OutShift)+int64(a.OutZero), a.OutBits))
	}
}

// finishSwin runs the last LayerNorm, the mean over the tokens and the classifier.
func (r *Runner) finishSwin() []int32 {
	x := r.codes[:len(r.res)]
	r.layerNorm(&r.net.Norm, r.res, x)
	record(r, x)
	p, c := r.net.Pool, r.net.Norm.Channels
	pooled := make([]int8, c)
	for i := range pooled {
		sum := -int64(p.Tokens) * int64(p.InZero)
		for at := i; at < len(x); at += c {
			sum += int64(x[at])
		}
		pooled[i] = int8(rq(sum, p.A, p.Shift, int64(p.Zero), p.Bits))
	}
	record(r, pooled)
	logits := r.head(&r.net.Head, pooled)
	record(r, logits)
	return logits
}

// validateWindows checks what belongs to a block of Swin, and to no other.
func validateWindows(b *intnet.Block, s configs.BlockShape) error {
	n := s.WindowTokens()
	switch {
	case s.Window == 0 && (b.Attn.Bias != nil || b.Pad != nil || b.Merge != nil):
		return fmt.Errorf("%s: has a window's bias, padding or a patch merging; it has no windows", s.Name)
	case s.Window == 0:
		return nil
	case len(b.Attn.Bias) != s.Heads*n*n:
		return fmt.Errorf("%s.attn: has %d biases; expected %d", s.Name, len(b.Attn.Bias), s.Heads*n*n)
	case len(b.Pad) != s.Dim:
		return fmt.Errorf("%s: has %d codes of padding; expected %d", s.Name, len(b.Pad), s.Dim)
	case (b.Merge != nil) != s.Merges():
		return fmt.Errorf("%s: a patch merging is there or missing", s.Name)
	case b.Merge != nil && b.Merge.Norm.Channels != 2*s.Dim:
		return fmt.Errorf("%s.norm: has %d channels; expected %d", s.MergeName(), b.Merge.Norm.Channels, 2*s.Dim)
	}
	return nil
}
