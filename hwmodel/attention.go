package hwmodel

// attentionCycles is from the end of v's matmul to that of the last value product: the scores
// and value products of all heads, and softmax beside them. Nothing in it waits for the memory.
func (s *Shape) attentionCycles() int64 {
	var fed, scored, softmax, last int64 // the end of v is 0
	ahead := s.softmaxCycles() - s.SoftmaxReady()
	b := s.block(0)
	fed = -int64(s.scoresLead(b))
	for h := range s.Heads + 1 {
		var sc, av Step
		if h < s.Heads {
			sc, _ = s.headSteps(b, h)
		}
		for m := range s.MTiles {
			if h < s.Heads {
				fed, last = s.rowTile(&sc, fed+1)
				scored = last + s.scoresLatency()
			}
			if h+m == 0 {
				softmax = scored + 1 + s.softmaxCycles()
				continue
			}
			of := h // head of the value product: that of the row tile before
			if m == 0 {
				of--
			}
			if av.KT == 0 || m < 2 {
				_, av = s.headSteps(b, of)
			}
			fed, last = s.rowTile(&av, max(fed+1, softmax-ahead+1))
			if h == s.Heads {
				return last + DrainLatency
			}
			softmax = max(scored, softmax) + 1 + s.softmaxCycles()
		}
	}
	return last + DrainLatency
}

// rowTile is a matmul of one row tile that starts at a cycle and waits for nothing: the last
// cycle of its slots, and its last columns at the array's head.
func (s *Shape) rowTile(p *Step, start int64) (fed, lastColumn int64) {
	lastSlot := start + 1 + int64(p.NT-1)*int64(p.PeriodFull)
	lastColumn = lastSlot + int64(p.KT) - 1 + s.arrayLatency() + int64(p.GroupsLast*s.passes(p.To)) - 1
	return lastSlot + int64(p.PeriodEnd) - 1, lastColumn
}
