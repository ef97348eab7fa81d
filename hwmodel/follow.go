package hwmodel

import "vitdse/configs/network"

// A matmul that reads what the one before writes need not wait until that has left the array, if
// every row tile is in its buffer before it is read: rows are written and read in one order, and there
// are so many of them that the last ones are read long after the first. That depends on the engine and
// the network's shape alone, since all that may still be late, weights and rows of LayerNorm, keeps
// both back.

// tail is from the last cycle of a matmul's slots to the end of its drain.
func (s *Shape) tail(p *Step) int {
	return p.KT + int(s.arrayLatency()) + p.GroupsLast*s.passes(p.To) + DrainLatency - 1 - p.PeriodEnd
}

// lead is how much earlier than after the end of the drain of one matmul another starts whose row tiles are
// fed every so many cycles, where the one wrote them every so many: the tail, or 0 where it has to wait.
// Its first slot is two cycles after the start, in both cases.
func (s *Shape) lead(before *Step, written, read int) int {
	tail := s.tail(before)
	if (s.MTiles-1)*min(written, read) < tail {
		return 0
	}
	return tail
}

// scores is the first block's scores: those of all blocks take the same time.
func (s *Shape) scores() int { return s.Net.Next(0, network.RoleScores) }

// matmulTo is a linear layer's tiles when a matmul of tiles of kt beats follows at once.
func (s *Shape) matmulTo(to, cols, inner, kt int) Step {
	p := Step{To: to}
	s.tiles(&p, cols, inner, 0)
	p.PeriodEnd = s.periodEnd(&p, kt)
	return p
}

// fc2Lead is the lead of fc2, which starts when fc1 has been fed.
func (s *Shape) fc2Lead() int {
	kt := CeilDiv(s.Hidden, s.TK)
	fc1, fc2 := s.matmulTo(ToQ, s.Hidden, s.Dim, kt), s.matmulTo(ToResidual, s.Dim, s.Hidden, kt)
	return s.lead(&fc1, fc1.PeriodLast, min(fc2.PeriodFull, fc2.PeriodLast))
}

// projLead is the lead of proj, which starts when the last value product has been fed.
func (s *Shape) projLead() int {
	_, av := s.headSteps(s.scores(), s.Heads-1)
	proj := s.matmulTo(ToResidual, s.Dim, s.Dim, 1)
	return s.lead(&av, av.PeriodLast, min(proj.PeriodFull, proj.PeriodLast))
}

// scoresLead is the lead of the first scores, which start when v has been fed: if k has long left the array,
// and if v will have when the first value product starts. Else it is 0.
func (s *Shape) scoresLead() int {
	sc, _ := s.headSteps(s.scores(), 0)
	k, v := s.matmulTo(ToKeys, s.Dim, s.Dim, CeilDiv(s.Dim, s.TK)), s.matmulTo(ToValues, s.Dim, s.Dim, sc.KT)
	softmax := (sc.NT-1)*sc.PeriodFull + sc.KT + int(s.arrayLatency()) + sc.GroupsLast + 1 + int(s.scoresLatency()+s.SoftmaxReady())
	if tail := s.tail(&v); s.MTiles*((v.NT-1)*v.PeriodFull+v.PeriodLast) >= s.tail(&k) && softmax >= tail {
		return tail
	}
	return 0
}

// followed sets the slot of a linear layer's last tile, where the next op does not wait for it.
func (s *Shape) followed(p *Step) {
	switch {
	case p.To == ToQ && !p.GELU || p.To == ToKeys:
		p.PeriodEnd = s.periodEnd(p, p.KT)
	case p.To == ToValues && s.scoresLead() > 0:
		p.PeriodEnd = s.periodEnd(p, CeilDiv(s.HeadDim, s.TK))
	case p.GELU && s.fc2Lead() > 0:
		p.PeriodEnd = s.periodEnd(p, CeilDiv(s.Hidden, s.TK))
	}
}
