package emit

import "vitdse/hwmodel"

// Column is one column of an op's output as the engine produces it: Lanes tokens from Row
// on, at column Col, of one head. The order of columns is fixed by the program.
type Column struct {
	Op, Head, Row, Col, Lanes int
}

// Columns lists every column of one image in the order in which the engine produces them.
func (p *Plan) Columns() []Column {
	var cols []Column
	for i := 0; i < len(p.Steps); i++ {
		st := p.Steps[i]
		if st.Loops == 0 {
			cols = p.stepColumns(cols, st, 0)
			continue
		}
		// A loop's body is three steps: scores, softmax, value product.
		for pass := range st.Loops {
			for k := range 3 {
				cols = p.stepColumns(cols, p.Steps[i+k], pass)
			}
		}
		i += 2
	}
	return cols
}

func (p *Plan) stepColumns(cols []Column, st hwmodel.Step, pass int) []Column {
	if st.Opcode == hwmodel.StepStore {
		return cols
	}
	op, s := p.index.ops[st.Op], p.Shape
	put := func(m, col int) {
		row := (pass + m) * s.TM
		if lanes := min(s.TM, op.Rows-row); lanes > 0 {
			cols = append(cols, Column{st.Op, st.Head, row, col, lanes})
		}
	}
	switch st.Opcode {
	case hwmodel.StepMatmul:
		for n := range st.NT {
			count := st.ColumnsFull
			if n == st.NT-1 {
				count = st.ColumnsLast
			}
			for m := range st.MT {
				for c := range count - st.Skip {
					put(m, n*s.TN+c)
				}
			}
		}
	case hwmodel.StepSoftmax:
		for j := range op.Cols {
			put(0, j)
		}
	default: // patches, LayerNorm
		for m := range st.MT {
			for c := range op.Cols {
				put(m, c)
			}
		}
	}
	return cols
}
