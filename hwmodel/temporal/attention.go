package temporal

// attention is a block's attention on an engine: the scores and value products of all heads and row tiles, and softmax
// beside them. Only biases of scores wait for the memory.
type attention struct {
	tiles   int   // row tiles
	lead    int64 // how much earlier than after the end of v the first scores start
	softmax int64 // from the start of a row tile's softmax to its end
	ahead   int64 // how much earlier than at its end the value product may start; later, where negative
	rows    int   // row tiles that the scores are ahead of the value product
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
		tiles: b.tiles, rows: s.ahead(), lead: int64(s.scoresLead(b)),
		softmax: s.softmaxCycles(), ahead: s.softmaxCycles() - s.SoftmaxReady(),
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
	ready   int64            // the sequencer may hand over the next matmul
	fed     int64            // last cycle of the feeder's last matmul
	softmax [mostAhead]int64 // ends of the last softmaxes, the last one first
	column  int64            // last columns of the last scores
}

// mostAhead is the row tiles that scores may be ahead of value products.
const mostAhead = 2

// slack is how far the sequencer may be behind the feeder without being waited for: beyond that it does not matter how
// far. Scores and values of a row tile are fed in no less time than they take to be handed over.
const slack = 16

// settled raises what holds nothing up.
func (t attending) settled() attending {
	t.ready = max(t.ready, t.fed-slack)
	return t
}

// after is by how much all has moved since before, if all has by the same.
func (t attending) after(before attending, ahead int) (cycles int64, ok bool) {
	cycles = t.fed - before.fed
	for i := range ahead {
		if t.softmax[i]-before.softmax[i] != cycles {
			return 0, false
		}
	}
	return cycles, t.ready-before.ready == cycles
}

// moved is all so much later.
func (t attending) moved(cycles int64) attending {
	t.ready, t.fed, t.column = t.ready+cycles, t.fed+cycles, t.column+cycles
	for i := range t.softmax {
		t.softmax[i] += cycles
	}
	return t
}

// run is from the end of v's matmul to that of the last value product.
func (a *attention) run(c *clocks) {
	begins := c[clkNow] - a.lead
	t := attending{ready: begins - slack, fed: begins, softmax: [mostAhead]int64{begins, begins}}
	free0, free1 := c[clkLoader]+1, c[clkLoader]+1 // of the biases' banks, the last to be given back first
	var lastColumn int64
	waiting := 0 // row tiles whose scores are on their way
	for h := range a.values {
		if a.bias > 0 {
			last := max(c[clkLoader]+1, free1) + 1 + a.bias
			c[clkLoader] = last + 1
			t.ready = max(t.ready, last+loadedToReady)
		}
		for m := 0; m < a.tiles; m++ {
			before, oldest := t, t.softmax[a.rows-1]
			a.score(&t)
			if waiting < a.rows {
				waiting++
				continue
			}
			// The value product is of the row tile that far back: of the head before, for the first ones.
			lastColumn = a.value(&t, oldest, a.headOf(h, m-a.rows))
			if m < a.rows {
				continue
			}
			// Once all has moved by the same time, the row tiles to come repeat it.
			t = t.settled()
			if cycles, ok := t.after(before, a.rows); ok {
				t = t.moved(int64(a.tiles-1-m) * cycles)
				break
			}
		}
		free0, free1 = t.column+biasFreed, free0
	}
	for i := range waiting {
		lastColumn = a.value(&t, t.softmax[waiting-1-i], a.headOf(len(a.values)-1, a.tiles-waiting+i))
	}
	c[clkNow] = lastColumn + a.drain
}

// headOf is the head of a row tile that is counted from a head's first one on, back from it if it is negative.
func (a *attention) headOf(h, row int) int {
	for row < 0 {
		h, row = h-1, row+a.tiles
	}
	return h
}

// score feeds the scores of a row tile, and softmax takes them.
func (a *attention) score(t *attending) {
	start := max(t.ready+queueLatency, t.fed+1)
	t.ready += stepTurnaround
	t.fed, t.column = start+a.scores.slots, start+a.scores.lastColumn
	end := max(t.column+a.scored, t.softmax[0]) + 1 + a.softmax
	t.softmax = [mostAhead]int64{end, t.softmax[0]}
}

// value feeds the value product of a row tile whose softmax ends at a cycle. It is its last columns at the array.
func (a *attention) value(t *attending, softmax int64, head int) (lastColumn int64) {
	start := max(t.ready+queueLatency, t.fed+1, softmax-a.ahead+1)
	t.ready += stepTurnaround
	t.fed = start + a.values[head].slots
	return start + a.values[head].lastColumn
}
