package temporal

import (
	"slices"

	"vitdse/emit"
	"vitdse/hwmodel/temporal"
)

// RowOf is the row of an op's result that the engine has in one of its rows, counted over its row tiles.
func (p *Plan) RowOf(op, at int) int { return p.Shape.RowOf(p.index.ops[op], at) }

// Columns lists every column of one image, op by op, those of an op in the order in which
// the engine produces them. Ops overlap: between columns of different ops there is no order.
func (p *Plan) Columns() []emit.Column {
	byOp := make([][]emit.Column, len(p.index.ops))
	for i := 0; i < len(p.Steps); i++ {
		st := p.Steps[i]
		if st.Loops == 0 {
			p.stepColumns(byOp, st, 0)
			continue
		}
		for pass := range st.Loops { // two steps, taking turns
			p.stepColumns(byOp, st, pass)
			p.stepColumns(byOp, p.Steps[i+1], pass)
		}
		i++
	}
	return slices.Concat(byOp...)
}

func (p *Plan) stepColumns(byOp [][]emit.Column, st temporal.Step, pass int) {
	s := p.Shape
	put := func(opIndex, m, col int) {
		op, row := p.index.ops[opIndex], (st.Row+pass+m)*s.TM
		if op.Kind.IsNorm() { // its rows are those of what it reads
			row -= op.FirstRow
		}
		from, l := max(0, row), s.Layout(op) // only the last row tile of a window has rows of nothing
		if lanes := min(row+s.TM, row/(l.Tiles*s.TM)*l.Tiles*s.TM+l.Rows) - from; lanes > 0 {
			byOp[opIndex] = append(byOp[opIndex], emit.Column{Op: opIndex, Head: st.Head, Row: from, Col: col, Lanes: lanes})
		}
	}
	switch st.Opcode {
	case temporal.StepPatches:
		for m := range st.MT {
			for _, k := range p.patchOrder() {
				put(st.Op, m, k)
			}
		}
	case temporal.StepNorm:
		for m := range st.MT {
			for c := range p.index.ops[st.Op].Cols {
				put(st.Op, m, c)
			}
		}
	case temporal.StepPool:
		for c := range p.index.ops[st.Op].Cols {
			put(st.Op, 0, c)
		}
	case temporal.StepMatmul:
		cols := p.index.ops[st.Op].Cols
		for n := range st.NT {
			for m := range st.MT {
				for c := n * s.TN; c < min(cols, (n+1)*s.TN); c++ {
					put(st.Op, m, c)
				}
			}
		}
		if st.To == temporal.ToScores {
			for j := range p.index.ops[st.Softmax].Cols {
				put(st.Softmax, 0, j)
			}
		}
	}
}

// patchOrder is the order in which the engine takes the values of a patch: as they lie in
// the image, (row, column, channel). The network's is (channel, row, column).
func (p *Plan) patchOrder() []int {
	m := p.Net.Model
	var order []int
	for pixel := range m.Patch * m.Patch {
		for c := range m.Image.Channels {
			order = append(order, c*m.Patch*m.Patch+pixel)
		}
	}
	return order
}
