package quant

import (
	"math"

	"vitdse/configs"
	"vitdse/golden/floatref"
)

// swinStats is what the calibration of a Swin learns beside the tensors of its blocks.
type swinStats struct {
	stages []float64 // max |value| of each stage's residual stream and of what is added to it

	merge [][]int   // of each block that a patch merging precedes: MergeOrder
	rows  [][][]int // of each block and window row that is no padding: the row and its token
}

func newSwinStats(m configs.Model, images int) *Stats {
	norm := func(rows, width int) normStats {
		return normStats{out: newSample(width, rows), sigma: math.Inf(1)}
	}
	last := m.Stage(len(m.Depths) - 1)
	w := &swinStats{stages: make([]float64, len(m.Depths))}
	s := &Stats{Images: images, model: m, swin: w, embed: embedStats{least: math.Inf(1)}, pool: newSample(last.Dim, images),
		inputs: memo[inputKey, []factor]{limit: maxFactors},
		norm:   norm(images*last.Tokens(), last.Dim), patches: newSample(m.PatchInner(), images*m.Patches())}
	for b := range m.BlockCount() {
		shape := m.BlockShape(b)
		n, rows, d := images*shape.Tokens(), images*shape.WindowRows(), shape.Dim
		bs := blockStats{
			norm1: norm(n, d), norm2: norm(n, d), q: newSample(d, rows), k: newSample(d, rows), v: newSample(d, rows),
			av: newSample(d, n), hidden: newSample(m.HiddenOf(d), n),
		}
		var order []int
		if shape.Merges() {
			bs.merge = norm(n, 2*d)
			from := m.Stage(shape.Stage - 1)
			order = shape.MergeOrder(from.H, from.W)
		}
		var rowsOf [][]int
		for row, token := range shape.WindowOrder() {
			if token >= 0 {
				rowsOf = append(rowsOf, []int{row, token})
			}
		}
		w.merge, w.rows = append(w.merge, order), append(w.rows, rowsOf)
		s.blocks = append(s.blocks, bs)
	}
	return s
}

// observeSwin takes in the results of one image.
func (s *Stats) observeSwin(net *floatref.Network, tr *floatref.Trace) {
	m, w := s.model, s.swin
	s.patches.add(tr.Ops[0])
	embedded, res := tr.Ops[1], tr.Ops[2]
	s.embed.observe(embedded, nil, m)
	w.stages[0] = max(w.stages[0], largest(res))
	at := 3
	for i := range s.blocks {
		b, shape := &s.blocks[i], m.BlockShape(i)
		stage := &w.stages[shape.Stage]
		if shape.Merges() {
			b.merge.observe(floatref.GatherRows(res, w.merge[i], shape.Dim/2), tr.Ops[at], m)
			res = tr.Ops[at+1]
			*stage = max(*stage, largest(res))
			at += 2
		}
		op, pre := tr.Ops[at:at+11], tr.Pre[at:at+11]
		b.norm1.observe(res, op[0], m)
		b.q.add(op[1])
		b.k.add(op[2])
		b.v.add(op[3])
		rows := joinHeads(op[6], net.Ops[at+6])
		tokens := make([]float64, len(op[0]))
		for _, p := range w.rows[i] {
			copy(tokens[p[1]*shape.Dim:(p[1]+1)*shape.Dim], rows[p[0]*shape.Dim:])
		}
		b.av.add(tokens)
		b.norm2.observe(op[7], op[8], m)
		b.hidden.add(pre[9])
		for _, v := range [][]float64{op[7], pre[7], op[10], pre[10]} {
			*stage = max(*stage, largest(v))
		}
		res = op[10]
		at += 11
	}
	s.norm.observe(res, tr.Ops[at], m)
	s.pool.add(tr.Ops[at+1])
	s.logit = max(s.logit, largest(tr.Ops[at+2]))
}
