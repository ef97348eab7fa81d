package hwmodel

import "vitdse/configs"

// A matmul that reads what the one before writes need not wait until that has left the array, if
// every row tile is in its buffer before it is read: rows are written and read in one order, and there
// are so many of them that the last ones are read long after the first. That depends on the engine and
// the network's shape alone, since all that may still be late, weights and rows of LayerNorm, keeps
// both back.

// tail is from the last cycle of a matmul's slots to the end of its drain.
func (s *Shape) tail(p *Step) int {
	return p.KT + int(s.arrayLatency()) + p.GroupsLast*s.passes(p.To) + drainLatency - 1 - p.PeriodEnd
}

// rowsFollow says whether a matmul whose row tiles are fed every so many cycles may start when one that
// wrote them, every so many cycles, has been fed. Its first slot is two cycles later, as it would be
// two cycles after the end of the drain.
func (s *Shape) rowsFollow(before *Step, written, read int) bool {
	return (s.MTiles-1)*min(written, read) >= s.tail(before)
}

// matmulTo is a linear layer's tiles when a matmul of tiles of kt beats follows at once.
func (s *Shape) matmulTo(to, cols, inner, kt int) Step {
	p := Step{To: to}
	s.tiles(&p, cols, inner, 0)
	p.PeriodEnd = s.periodEnd(&p, kt)
	return p
}

// fc2Follows says whether fc2 starts when fc1 has been fed.
func (s *Shape) fc2Follows() bool {
	kt := CeilDiv(s.Hidden, s.TK)
	fc1, fc2 := s.matmulTo(ToQ, s.Hidden, s.Dim, kt), s.matmulTo(ToResidual, s.Dim, s.Hidden, kt)
	return s.rowsFollow(&fc1, fc1.PeriodLast, min(fc2.PeriodFull, fc2.PeriodLast))
}

// projFollows says whether proj starts when the last value product has been fed.
func (s *Shape) projFollows() bool {
	_, av := s.headSteps(configs.Op{}, s.Model.Heads-1)
	proj := s.matmulTo(ToResidual, s.Dim, s.Dim, 1)
	return s.rowsFollow(&av, av.PeriodLast, min(proj.PeriodFull, proj.PeriodLast))
}

// scoresFollow says whether the first scores start when v has been fed: if k has long left the array,
// and if v will have when the first value product starts.
func (s *Shape) scoresFollow() bool {
	sc, _ := s.headSteps(configs.Op{}, 0)
	k, v := s.matmulTo(ToKeys, s.Dim, s.Dim, CeilDiv(s.Dim, s.TK)), s.matmulTo(ToValues, s.Dim, s.Dim, sc.KT)
	softmax := (sc.NT-1)*sc.PeriodFull + sc.KT + int(s.arrayLatency()) + sc.GroupsLast + 1 + scoresLatency + int(s.softmaxCycles())
	return s.MTiles*((v.NT-1)*v.PeriodFull+v.PeriodLast) >= s.tail(&k) && softmax >= s.tail(&v)
}
