package temporal

import (
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// A matmul that reads what the one before writes need not wait until that has left the array, if
// every row tile is in its buffer before it is read: rows are written and read in one order, and there
// are so many of them that the last ones are read long after the first. That depends on the engine and
// the network's shape alone, since all that may still be late, weights and rows of LayerNorm, keeps
// both back.

// tail is from the last cycle of a matmul's slots to the end of its drain.
func (s *Shape) tail(p *Step) int {
	return p.KT + int(s.arrayLatency()) + p.GroupsLast*s.passes(p.To) + s.DrainLatency() - 1 - p.PeriodEnd
}

// lead is how much earlier than after the end of the drain of one matmul another starts whose row tiles are
// fed every so many cycles, where the one wrote them every so many: the tail, or 0 where it has to wait.
// Its first slot is two cycles after the start, in both cases.
func (s *Shape) lead(before *Step, tiles, written, read int) int {
	tail := s.tail(before)
	if (tiles-1)*min(written, read) < tail {
		return 0
	}
	return tail
}

// scores is the scores of a block, an op.
func (s *Shape) scores(block int) int {
	at := s.Net.Next(0, network.RoleScores)
	for s.Net.Ops[at].Block != block {
		at = s.Net.Next(at, network.RoleScores)
	}
	return at
}

// matmulTo is a linear layer's tiles when a matmul of tiles of kt beats follows at once.
func (s *Shape) matmulTo(to, cols, inner, kt int) Step {
	p := Step{To: to}
	s.tiles(&p, cols, inner, 0)
	p.PeriodEnd = s.periodEnd(&p, kt)
	return p
}

// fc2Lead is the lead of fc2, which starts when fc1 has been fed.
func (s *Shape) fc2Lead(b block) int {
	kt := hwmodel.CeilDiv(b.hidden, s.TK)
	fc1, fc2 := s.matmulTo(ToQ, b.hidden, b.dim, kt), s.matmulTo(ToResidual, b.dim, b.hidden, kt)
	return s.lead(&fc1, b.tiles, fc1.PeriodLast, min(fc2.PeriodFull, fc2.PeriodLast))
}

// projLead is the lead of proj, which starts when the last value product has been fed.
func (s *Shape) projLead(b block) int {
	_, av := s.headSteps(b, b.heads-1)
	proj := s.matmulTo(ToResidual, b.dim, b.dim, 1)
	return s.lead(&av, b.tiles, av.PeriodLast, min(proj.PeriodFull, proj.PeriodLast))
}

// scoresLead is the lead of the first scores, which start when v has been fed: if k has long left the array,
// and if v will have when the first value product starts. Else it is 0.
func (s *Shape) scoresLead(b block) int {
	sc, _ := s.headSteps(b, 0)
	k, v := s.matmulTo(ToKeys, b.dim, b.dim, hwmodel.CeilDiv(b.dim, s.TK)), s.matmulTo(ToValues, b.dim, b.dim, sc.KT)
	softmax := (sc.NT-1)*sc.PeriodFull + sc.KT + int(s.arrayLatency()) + sc.GroupsLast + 1 +
		int(s.scoresLatency()+s.SoftmaxReady())
	if tail := s.tail(&v); b.tiles*((v.NT-1)*v.PeriodFull+v.PeriodLast) >= s.tail(&k) && softmax >= tail {
		return tail
	}
	return 0
}

// followed sets the slot of a linear layer's last tile, where the next op does not wait for it.
func (s *Shape) followed(p *Step, b block) {
	switch {
	case p.To == ToValues && s.scoresLead(b) > 0:
		p.PeriodEnd = s.periodEnd(p, hwmodel.CeilDiv(b.headDim, s.TK))
	case p.GELU && s.fc2Lead(b) > 0:
		p.PeriodEnd = s.periodEnd(p, hwmodel.CeilDiv(b.hidden, s.TK))
	}
}
