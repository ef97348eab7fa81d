package hwmodel

import "vitdse/configs/network"

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
	if !r.s.Windowed || op.Kind != network.OpLayerNorm {
		return nil
	}
	to := r.s.Layout(op)
	if op.Gather == nil && r.now.sameOrder(to) {
		return nil
	}
	p := Step{Op: op.Index, Opcode: StepRegroup, MT: to.RowTiles(), Channels: op.Cols / op.Join, ABase: r.base(), Regroup: op.Index}
	r.now = to
	r.flip()
	p.Base = r.base()
	return []Step{p}
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
