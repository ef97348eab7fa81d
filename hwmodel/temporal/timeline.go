package temporal

import (
	"cmp"
	"math"
	"slices"

	"vitdse/hwmodel"
)

// Timeline predicts the cycles of every op, image by image, for a run of images one after
// the other: result[image][op], with the store of the result as op len(ops). Ops overlap: a
// cycle counts for the op that ends next, so that the ops' cycles add up to the run's.
//
// With IdealMemory the prediction is exact. It follows the stream loader, which runs ahead
// until the buffer it needs is in use; the sequencer, which runs ahead until the array's queue
// is full; the array's feeder and its drain; and softmax.
func (s *Shape) Timeline(mem hwmodel.MemoryTiming, images int) [][]int64 {
	t := newTimeline(s, mem, images)
	out := make([][]int64, images)
	for i := range out {
		t.ends = t.ends[:0]
		t.image()
		slices.SortStableFunc(t.ends, func(a, b ending) int { return cmp.Or(cmp.Compare(a.at, b.at), a.port-b.port) })
		out[i] = make([]int64, len(s.Net.Ops)+1)
		for _, e := range t.ends {
			out[i][e.op] += e.at - t.counted
			t.counted = e.at
		}
	}
	return out
}

func newTimeline(s *Shape, mem hwmodel.MemoryTiming, images int) *timeline {
	return &timeline{s: s, steps: s.Program(), loader: newLoader(s, mem, images)}
}

// ending is the end of an op, or of a head's row tile of it. Of ends in one cycle, that of
// the lower port counts first.
type ending struct {
	at   int64
	op   int
	port int
}

// Ports of endings.
const (
	endMatmul = iota
	endNorm
	endSoftmax
	endPatches
	endStore
)

type timeline struct {
	s     *Shape
	steps []Step
	loader

	ready    int64   // the sequencer may hand over its next step
	fed      int64   // last cycle of the feeder's last op
	drained  []int64 // ends of all matmuls
	softmax  []int64 // ends of the image's softmaxes
	consumed int     // of them that a value product has used
	chain    rows    // the unit that makes operand a, and its start
	chained  int64
	quiet    int64    // all units but the array have ended
	now      int64    // end of the last store
	images   int      // stored
	counted  int64    // end that was counted last
	ends     []ending // of the image
}

func (t *timeline) end(at int64, op, port int) { t.ends = append(t.ends, ending{at, op, port}) }

// image appends one image to the run.
func (t *timeline) image() {
	t.ready = t.now + stepTurnaround
	t.softmax, t.consumed = t.softmax[:0], 0
	for i := 0; i < len(t.steps); i++ {
		p := &t.steps[i]
		if p.Loops == 0 {
			t.step(p)
			continue
		}
		for pass := range p.Loops { // two steps, taking turns
			first := *p
			first.LastTile = p.WindowTiles > 0 && pass == p.Loops-1
			t.step(&first)
			t.step(&t.steps[i+1])
		}
		i++
	}
}

func (t *timeline) step(p *Step) {
	at := t.ready
	at = t.need(at, p.NeedImage, SegImage)
	at = t.need(at, p.NeedPos, SegPos)
	at = t.need(at, p.NeedNorm, SegNorm)
	at = t.need(at, p.NeedGELU, SegGELU)
	if p.NeedBias {
		at = t.needBias(at)
	}
	if p.Opcode == StepMatmul {
		if n := len(t.drained) - QueueDepth; n >= 0 {
			at = max(at, t.drained[n]+1)
		}
		t.ready = at + stepTurnaround
		t.matmul(p, at+queueLatency)
		return
	}
	if n := len(t.drained); n > 0 {
		at = max(at, t.drained[n-1]+1)
	}
	start := max(at, t.quiet+1) + 1
	t.ready = start + stepTurnaround - 1
	var end int64
	switch p.Opcode {
	case StepPatches:
		t.chain, t.chained = t.s.patchRows(), start
		end = t.chain.made(start, p.MT-1)
		t.free(end, SegImage)
		t.end(end, p.Op, endPatches)
		t.span(unitPatches, p.Op, start, end)
	case StepNorm:
		t.chain, t.chained = t.s.normRows(p.Channels), start
		end = t.chain.made(start, p.MT-1)
		t.free(end, SegNorm)
		if p.FreePos {
			t.free(end, SegPos)
		}
		t.end(end, p.Op, endNorm)
		end = t.chain.rest(start, p.MT)
		t.span(unitNorm, p.Op, start, end)
	case StepPool:
		pool, _ := t.s.Pool()
		t.chain, t.chained = pool.rows(t.s), start
		end = t.chain.made(start, 0)
		t.end(end, p.Op, endNorm) // LayerNorm's port: they take turns
		t.span(unitPool, p.Op, start, end)
	case StepRegroup:
		end = start + t.s.regroupCycles(&t.s.Net.Ops[p.Op])
		t.span(unitRegroup, p.Op, start, end)
	case StepStore:
		end = start + t.s.storeCycles(t.mem, t.images)
		t.now = end
		t.images++
		t.end(end, p.Op, endStore)
		t.span(unitStore, p.Op, start, end)
	}
	t.quiet = end
}

// matmul runs a matmul that the feeder may start from a cycle on.
func (t *timeline) matmul(p *Step, queued int64) {
	start := max(queued, t.fed+1)
	switch n := len(t.drained); {
	case p.Wait == WaitDrained && n > 0:
		start = max(start, t.drained[n-1]+1)
	case p.Wait == WaitSoftmax:
		start = max(start, t.softmax[t.consumed]-t.s.softmaxCycles()+t.s.SoftmaxReady()+1)
		t.consumed++
	}
	at := start + 1 // first cycle of the first slot
	var firstSlot, lastSlot, lastColumn int64
	passes := int64(t.s.passes(p.To))
	for n := range p.NT {
		period, groups := int64(p.PeriodFull), int64(p.GroupsFull)
		if n == p.NT-1 {
			period, groups = int64(p.PeriodLast), int64(p.GroupsLast)
		}
		if p.BFrom == FromWeights {
			for len(t.tileDone) <= t.started {
				t.load()
			}
			at = int64(math.Round(later(float64(at), float64(t.tileDone[t.started]+loadedToReady), t.tileSpread[t.started])))
		}
		if n == 0 {
			firstSlot = at
		}
		if p.Chained && n == 0 {
			firstSlot = max(at, t.chain.made(t.chained, 0)+1)
			for m := range p.MT {
				lastSlot = max(at, t.chain.made(t.chained, m)+1)
				at = lastSlot + period
				t.span(unitArray, p.Op, lastSlot, p.slotEnd(n, m, at-1))
			}
		} else {
			lastSlot = at + int64(p.MT-1)*period
			t.span(unitArray, p.Op, at, p.slotEnd(n, p.MT-1, lastSlot+period-1))
			at = lastSlot + period
		}
		lastColumn = lastSlot + int64(p.KT) - 1 + t.s.arrayLatency() + groups*passes - 1
		if p.BFrom == FromWeights {
			t.tileFree[t.started] = lastColumn
			t.started++
		}
	}
	t.fed = lastSlot + int64(p.PeriodEnd) - 1
	end := lastColumn + int64(t.s.DrainLatency())
	t.drained = append(t.drained, end)
	t.end(end, p.Op, endMatmul)
	t.span(unitDrain, p.Op, firstSlot+int64(p.KT)-1+t.s.arrayLatency(), end)
	if p.GELU {
		t.free(end, SegGELU)
	}
	if p.LastTile {
		t.biasFree[t.biased-1] = lastColumn + biasFreed
	}
	if p.To == ToScores {
		filled := lastColumn + t.s.scoresLatency() + 1
		if n := len(t.softmax); n > 0 {
			filled = max(filled, t.softmax[n-1]+1)
		}
		t.softmax = append(t.softmax, filled+t.s.softmaxCycles())
		t.end(filled+t.s.softmaxCycles(), p.Softmax, endSoftmax)
		t.span(unitSoftmax, p.Softmax, filled+1, filled+t.s.softmaxCycles())
	}
}

// Cycles is the predicted total for one image out of a longer run's start.
func (s *Shape) Cycles(mem hwmodel.MemoryTiming) int64 {
	var sum int64
	for _, c := range s.Timeline(mem, 1)[0] {
		sum += c
	}
	return sum
}
