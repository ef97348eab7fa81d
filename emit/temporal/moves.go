package temporal

import (
	"fmt"

	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// moves is the table of how rows of the residual stream are moved between orders: for each row tile that comes out,
// each of the rows that lie side by side in one, and each lane, where the row was.
type moves struct {
	table []int       // the word of the row's first channels, times TM, plus its lane; -1 for a row of zeros
	at    map[int]int // first entry of the move in front of an op; moves that are alike share theirs
}

func newMoves(s *temporal.Shape) moves {
	m := moves{at: map[int]int{}}
	known := map[string]int{}
	all := s.Regroups()
	for _, op := range s.Net.Ops {
		r, moved := all[op.Index]
		if !moved {
			continue
		}
		list := moveTable(s, r, op.Cols/op.Join/s.VC)
		key := fmt.Sprint(list)
		if at, same := known[key]; same {
			m.at[op.Index] = at
			continue
		}
		known[key], m.at[op.Index] = len(m.table), len(m.table)
		m.table = append(m.table, list...)
	}
	return m
}

// moveTable is a move's part of the table; a row has so many words.
func moveTable(s *temporal.Shape, r temporal.Regroup, words int) []int {
	list := make([]int, 0, len(r.From))
	for tile := range len(r.From) / s.TM / r.Join {
		for j := range r.Join {
			for lane := range s.TM {
				from := r.From[(tile*s.TM+lane)*r.Join+j]
				if from >= 0 {
					from = from/s.TM*words*s.TM + from%s.TM
				}
				list = append(list, from)
			}
		}
	}
	return list
}

// moveLines is the table as the RTL reads it.
func (p *Plan) moveLines() []string {
	lane := max(1, hwmodel.CeilLog2(p.Shape.TM))
	lines := make([]string, len(p.moves.table))
	for i, from := range p.moves.table {
		v := 0
		if tm := p.Shape.TM; from >= 0 {
			v = 1<<(16+lane) | from/tm<<lane | from%tm
		}
		lines[i] = fmt.Sprintf("%0*x", hwmodel.CeilDiv(17+lane, 4), v)
	}
	return lines
}
