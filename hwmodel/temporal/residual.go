package temporal

import (
	"slices"

	"vitdse/configs/network"
)

// residual follows the residual stream through a program: in which order its rows lie, and in which half. Where
// attention is in windows, rows are moved from one half to the other when the next op that reads them wants
// another order, and a patch merging's rows are put side by side on that way.
type residual struct {
	s    *Shape
	now  Layout
	half int
}

func (s *Shape) newResidual() *residual { return &residual{s: s, now: s.plain(s.Tokens)} }

func (r *residual) flip() { r.half = 1 - r.half }

// base is the first word of the half.
func (r *residual) base() int { return r.half * r.s.Half }

// moves are the steps in front of an op.
func (r *residual) moves(op network.Op) []Step {
	if !r.s.moved(&op) {
		return nil
	}
	r.now = r.s.Layout(op)
	p := Step{Op: op.Index, Opcode: StepRegroup, MT: r.now.RowTiles(), Channels: op.Cols / op.Join, ABase: r.base(),
		Regroup: op.Index}
	r.flip()
	p.Base = r.base()
	return []Step{p}
}

// moved says whether the rows that an op reads are moved in front of it.
func (s *Shape) moved(op *network.Op) bool {
	return s.Windowed && op.Kind == network.OpLayerNorm && s.Net.Layers[op.Layer].Moves
}

// Regroups are the moves of a program by the op in front of which they are.
func (s *Shape) Regroups() map[int]Regroup {
	all := map[int]Regroup{}
	r := s.newResidual()
	for _, op := range s.Net.Ops {
		from := r.now
		if r.moves(op) != nil {
			all[op.Index] = s.gather(from, r.now, op.Gather, op.Join)
		}
	}
	return all
}

// distinct are the ops whose moves are alike no move before.
func (s *Shape) distinct() []*network.Op {
	type move struct {
		op       *network.Op
		from, to Layout
	}
	var list []move
	var ops []*network.Op
	now := s.plain(s.Tokens)
	for i := range s.Net.Ops {
		op := &s.Net.Ops[i]
		if !s.moved(op) {
			continue
		}
		m := move{op, now, s.Layout(*op)}
		now = m.to
		if !slices.ContainsFunc(list, func(o move) bool {
			return o.op.Stage == op.Stage && o.op.Cols == op.Cols && o.op.Join == op.Join &&
				o.from.sameOrder(m.from) && o.to.sameOrder(m.to)
		}) {
			list, ops = append(list, m), append(ops, op)
		}
	}
	return ops
}

// movedRows is the entries of the table of where rows were: one for each row that comes out, and each that is put
// beside others; moves that are alike share theirs.
func (s *Shape) movedRows() int {
	entries := 0
	for _, op := range s.moves {
		entries += s.normTiles(*op) * s.TM * op.Join
	}
	return entries
}
