package temporal

// attention is a block's attention on an engine: the scores and value products of all heads and row tiles, and softmax
// beside them. Only biases of scores wait for the memory.
type attention struct {
	tiles   int   // row tiles
	lead    int64 // how much earlier than after the end of v the first scores start
	softmax int64 // from the start of a row tile's softmax to its end
	ahead   int64 // how much earlier than at its end the value product may start
	scored  int64 // from the last columns at the array to scores being there
	bias    int64 // beats of a head's biases of scores, 0 without
	scores  feed
	values  []feed // by head
	drain   int64  // last columns at the array to the end of the op
}

// feed is a matmul of one row tile, from its start on.
type feed struct {
	slots      int64 // last cycle of its slots
	lastColumn int64 // last columns at the array's head
}

// attending takes in the attention of a block.
func (s *Shape) attending(b block) attention {
	a := attention{
		tiles: b.tiles, lead: int64(s.scoresLead(b)), softmax: s.softmaxCycles(), ahead: s.softmaxCycles() - s.SoftmaxReady(),
		scored: s.scoresLatency(), bias: int64(s.biasBeats()), values: make([]feed, b.heads),
		drain: int64(s.DrainLatency()),
	}
	for h := range a.values {
		sc, av := s.headSteps(b, h)
		a.scores, a.values[h] = s.rowTile(&sc), s.rowTile(&av)
	}
	return a
}

// rowTile is a matmul of one row tile that waits for nothing.
func (s *Shape) rowTile(p *Step) feed {
	lastSlot := 1 + int64(p.NT-1)*int64(p.PeriodFull)
	return feed{lastSlot + int64(p.PeriodEnd) - 1,
		lastSlot + int64(p.KT) - 1 + s.arrayLatency() + int64(p.GroupsLast*s.passes(p.To)) - 1}
}

// attending is where attention stands, in cycles.
type attending struct {
	ready   int64 // the sequencer may hand over the next matmul
	fed     int64 // last cycle of the feeder's last matmul
	softmax int64 // end of the last softmax
	column  int64 // last columns of the last scores
}

// slack is how far the sequencer may be behind the feeder without being waited for: beyond that it does not matter how
// far. Scores and values of a row tile are fed in no less time than they take to be handed over.
const slack = 16

// settled raises what holds nothing up.
func (t attending) settled() attending {
	t.ready = max(t.ready, t.fed-slack)
	return t
}

// run is from the end of v's matmul to that of the last value product.
func (a *attention) run(c *clocks) {
	t := attending{ready: c[clkNow] - a.lead - slack, fed: c[clkNow] - a.lead, softmax: c[clkNow] - a.lead}
	free0, free1 := c[clkLoader]+1, c[clkLoader]+1 // of the biases' banks, the last to be given back first
	for h := range a.values {
		if a.bias > 0 {
			last := max(c[clkLoader]+1, free1) + 1 + a.bias
			c[clkLoader] = last + 1
			t.ready = max(t.ready, last+loadedToReady)
		}
		done := t.softmax
		a.score(&t)
		if h > 0 {
			a.value(&t, done, h-1)
		}
		for m := 1; m < a.tiles; m++ {
			before := t
			done = t.softmax
			a.score(&t)
			a.value(&t, done, h)
			// Once all has moved by the same time, the row tiles to come repeat it.
			if t = t.settled(); t.fed-before.fed == t.softmax-before.softmax && t.fed-before.fed == t.ready-before.ready {
				skip := int64(a.tiles-1-m) * (t.fed - before.fed)
				t.ready, t.fed, t.softmax, t.column = t.ready+skip, t.fed+skip, t.softmax+skip, t.column+skip
				break
			}
		}
		free0, free1 = t.column+biasFreed, free0
	}
	c[clkNow] = a.value(&t, t.softmax, len(a.values)-1) + a.drain
}

// score feeds the scores of a row tile, and softmax takes them.
func (a *attention) score(t *attending) {
	start := max(t.ready+queueLatency, t.fed+1)
	t.ready += stepTurnaround
	t.fed, t.column = start+a.scores.slots, start+a.scores.lastColumn
	t.softmax = max(t.column+a.scored, t.softmax) + 1 + a.softmax
}

// value feeds the value product of a row tile whose softmax ends at a cycle. It is its last columns at the array.
func (a *attention) value(t *attending, softmax int64, head int) (lastColumn int64) {
	start := max(t.ready+queueLatency, t.fed+1, softmax-a.ahead+1)
	t.ready += stepTurnaround
	t.fed = start + a.values[head].slots
	return start + a.values[head].lastColumn
}
