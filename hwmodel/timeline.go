package hwmodel

import (
	"cmp"
	"math"
	"slices"
)

// Memory behaviour the cycle model is asked for.
type MemoryTiming struct {
	Latency int     // cycles from a read request to its first beat, at least 1
	Stall   float64 // chance of a pause on a channel in a cycle, 0 .. 1
}

// IdealMemory answers in the next cycle and never pauses.
var IdealMemory = MemoryTiming{Latency: 1}

// Timeline predicts the cycles of every op, image by image, for a run of images one after
// the other: result[image][op], with the store of the result as op len(ops). Ops overlap: a
// cycle counts for the op that ends next, so that the ops' cycles add up to the run's.
//
// With IdealMemory the prediction is exact. It follows the stream loader, which runs ahead
// until the buffer it needs is in use; the sequencer, which runs ahead until the array's queue
// is full; the array's feeder and its drain; and softmax.
func (s *Shape) Timeline(mem MemoryTiming, images int) [][]int64 {
	ops, _ := s.Model.Ops()
	t := newTimeline(s, mem)
	out := make([][]int64, images)
	for i := range out {
		t.ends = t.ends[:0]
		t.image()
		slices.SortStableFunc(t.ends, func(a, b ending) int { return cmp.Or(cmp.Compare(a.at, b.at), a.port-b.port) })
		out[i] = make([]int64, len(ops)+1)
		for _, e := range t.ends {
			out[i][e.op] += e.at - t.counted
			t.counted = e.at
		}
	}
	return out
}

func newTimeline(s *Shape, mem MemoryTiming) *timeline {
	t := &timeline{
		s: s, mem: mem, steps: s.Program(), segs: s.Segments(),
		bus: s.Design.Engine.BusBits, banks: s.Design.Engine.WeightBuffers,
	}
	t.prompt, t.taken = mem.prompt(s.Design.Engine.ReadFIFO), make([]float64, s.Design.Engine.ReadFIFO)
	t.supplyAt = int64(mem.Latency) + 3
	t.decode = -2 // the loader has been waiting for the first beat since reset
	return t
}

// prompt says whether the read FIFO never runs dry for want of the memory: no pauses, and it
// holds what is taken while a burst is given back, asked for and on its way.
func (m MemoryTiming) prompt(fifo int) bool {
	return m.Stall == 0 && fifo >= m.Latency+readTurnaround+BurstBeats
}

// Pipeline lengths of the emitted RTL, in cycles.
const (
	readTurnaround = 3  // a FIFO place given back to the request, and the beat's way in
	stepTurnaround = 3  // a step handed over to the next step's readiness check
	loadedToReady  = 2  // last beat of a segment to its buffer being ready
	drainLatency   = 7  // last columns at the array to the end of the op
	softmaxTail    = 24 // beyond one cycle a group of columns
	softmaxEarly   = 6  // the same, of a softmax whose division goes on beside what follows
	normHead       = 4  // beyond one cycle a lane, to the first channels asked for
	normTail       = 9  // channels asked for to their codes in the buffer
	normGap        = 6  // least of a row tile's cycles beyond one a lane
	queueDepth     = 4  // matmuls between the sequencer and the drain
)

// arrayLatency is from a tile's last beat leaving the buffers to its first column.
func (s *Shape) arrayLatency() int64 {
	if s.TK > 1 {
		return 6
	}
	return 5
}

// rows is when a unit makes the row tiles of an op: the first so long after its start, then
// one a period.
type rows struct{ first, period int64 }

func (r rows) made(start int64, m int) int64 { return start + r.first + int64(m)*r.period }

// patchRows are the row tiles of the patch gather.
func (s *Shape) patchRows() rows {
	words := max(1, s.Chunk/s.TK) // of a chunk
	lead := 3 + words
	if s.TK > s.Chunk {
		lead = 3
	}
	period := max(s.TM, words)
	all := s.Model.PatchInner() / s.Chunk * period
	return rows{int64(all - period + s.TM + lead), int64(all)}
}

// normRows are the row tiles of LayerNorm.
func (s *Shape) normRows() rows {
	groups := s.Dim / s.VC
	return rows{int64(s.TM + normHead + groups - 1 + normTail), int64(max(groups, s.TM+normGap))}
}

// SoftmaxEarly says whether the value product and the next softmax may start while the
// division is going on: the first column of the product leaves the array after it.
func (s *Shape) SoftmaxEarly() bool { return s.NumDepth >= 13 }

// softmaxCycles is from the start of a row tile's softmax to its end.
func (s *Shape) softmaxCycles() int64 {
	if s.SoftmaxEarly() {
		return int64(s.ScoreDepth) + softmaxEarly
	}
	return int64(s.ScoreDepth) + softmaxTail
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
	s          *Shape
	mem        MemoryTiming
	steps      []Step
	segs       []Segment
	bus, banks int

	// Loader: the cycle from which it may claim the next buffer, the segment it is at.
	decode   int64
	seg      int
	tile     int
	supplyAt int64 // arrival of the first beat

	// Read channel, for memories that keep the loader waiting.
	prompt  bool      // it never does
	taken   []float64 // when each of the last beats was taken, as many as the FIFO holds
	count   int       // beats taken
	arrival float64   // of the last beat

	// Bursts: none crosses the end of an image or of the stream, or a 4 KiB page.
	burstEnd int  // beats up to the end of the burst
	partLeft int  // beats of the image or stream behind it
	inStream bool // the part is the stream
	address  int  // of the next burst, in beats; images follow one another
	image0   int  // address of the next image

	loaded   [SegTiles]int64 // when the buffer was filled; consumed by the op that reads it
	freed    [SegTiles]int64 // when the buffer was last given back
	used     [SegTiles]bool
	tileDone []int64 // per tile column: last beat
	tileFree []int64 // per tile column: last column drained
	started  int     // tile columns the array has begun

	ready   int64   // the sequencer may hand over its next step
	fed     int64   // last cycle of the feeder's last op
	drained []int64 // ends of all matmuls
	softmax []int64 // ends of the image's softmaxes
	taken2  int     // of them that a value product has used
	chain   rows    // the unit that makes operand a, and its start
	chained int64
	quiet   int64    // all units but the array have ended
	now     int64    // end of the last store
	counted int64    // end that was counted last
	ends    []ending // of the image
}

func (t *timeline) end(at int64, op, port int) { t.ends = append(t.ends, ending{at, op, port}) }

// image appends one image to the run.
func (t *timeline) image() {
	t.ready = t.now + stepTurnaround
	t.softmax, t.taken2 = t.softmax[:0], 0
	for i := 0; i < len(t.steps); i++ {
		p := &t.steps[i]
		if p.Loops == 0 {
			t.step(p)
			continue
		}
		for range p.Loops { // two steps, taking turns
			t.step(p)
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
	if p.Opcode == StepMatmul {
		if n := len(t.drained) - queueDepth; n >= 0 {
			at = max(at, t.drained[n]+1)
		}
		t.ready = at + stepTurnaround
		t.matmul(p, at+1)
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
	case StepNorm:
		t.chain, t.chained = t.s.normRows(), start
		end = t.chain.made(start, p.MT-1)
		t.free(end, SegNorm)
		if p.FreePos {
			t.free(end, SegPos)
		}
		t.end(end, p.Op, endNorm)
	case StepStore:
		end = start + t.store()
		t.now = end
		t.end(end, p.Op, endStore)
	}
	t.quiet = end
}

// need moves ready to the cycle in which the buffer is full, running the loader up to there.
func (t *timeline) need(ready int64, needed bool, kind SegmentKind) int64 {
	if !needed {
		return ready
	}
	for t.loaded[kind] == 0 {
		t.load()
	}
	return max(ready, t.loaded[kind]+loadedToReady)
}

func (t *timeline) free(end int64, kind SegmentKind) {
	t.freed[kind], t.used[kind], t.loaded[kind] = end, false, 0
}

// load runs the loader through one segment, or one tile column of it.
func (t *timeline) load() {
	g := &t.segs[t.seg]
	claim := t.decode + 2
	if g.Kind == SegTiles {
		if n := len(t.tileDone) - t.banks; n >= 0 {
			claim = max(claim, t.tileFree[n]+1)
		}
	} else {
		if t.used[g.Kind] {
			panic("hwmodel: the stream needs a buffer that no op gives back")
		}
		if t.freed[g.Kind] > 0 {
			claim = max(claim, t.freed[g.Kind]+1)
		}
	}
	var last int64
	switch {
	case g.Kind == SegGELU:
		beats := CeilDiv(8*g.Words, t.bus) // each stays for its bytes
		last = t.take(claim, beats, CeilDiv(g.Words, beats))
	default:
		beats := g.Params*g.ParamBeats + g.Words*g.WordBeats
		last = t.take(claim, beats, 1)
	}
	if g.Kind == SegTiles {
		t.tileDone = append(t.tileDone, last)
		t.tileFree = append(t.tileFree, 0)
		if t.tile++; t.tile < g.Tiles {
			t.decode = last - 1 // straight back to claiming
			return
		}
	} else {
		t.used[g.Kind], t.loaded[g.Kind] = true, last
	}
	t.tile = 0
	t.seg = (t.seg + 1) % len(t.segs)
	t.decode = last + 1
}

// take is the cycle in which the last of so many beats is taken, the first at claim + 1 at
// the earliest, every beat spacing cycles after the one before if none is late.
func (t *timeline) take(claim int64, beats, spacing int) int64 {
	if t.prompt {
		return max(claim+1, t.supplyAt) + int64(beats*spacing) - 1
	}
	next := float64(claim + 1)
	for range beats {
		next = t.beat(next) + float64(spacing)
	}
	return int64(math.Ceil(next)) - 1
}

// burst moves on to the next burst.
func (t *timeline) burst() {
	if t.partLeft == 0 {
		if t.count > 0 {
			t.inStream = !t.inStream
		}
		if t.inStream {
			t.partLeft, t.address = t.s.StreamBeats, 0
		} else {
			t.partLeft, t.address = t.s.ImageBeats, t.image0
			t.image0 += t.s.ImageBeats
		}
	}
	page := 4096 / (t.bus / 8)
	n := min(BurstBeats, t.partLeft, page-t.address%page)
	t.burstEnd += n
	t.partLeft -= n
	t.address += n
}

// beat takes the next beat of the stream at the earliest at a cycle, and is when it is taken.
// The read master asks for a burst when the FIFO has room for all of it, which is when the
// beat FIFO places before the burst's last has been taken.
func (t *timeline) beat(earliest float64) float64 {
	fifo := len(t.taken)
	if t.count == t.burstEnd {
		t.burst()
	}
	asked := 0.0
	if before := t.burstEnd - 1 - fifo; before >= 0 {
		asked = t.taken[before%fifo]
	}
	pause := 1 / (1 - t.mem.Stall) // cycles between beats, on average
	t.arrival = max(t.arrival+pause, asked+float64(t.mem.Latency)+readTurnaround)
	at := max(earliest, t.arrival)
	t.taken[t.count%fifo] = at
	t.count++
	return at
}

// matmul runs a matmul that is in the array's queue from a cycle on.
func (t *timeline) matmul(p *Step, queued int64) {
	start := max(queued, t.fed+1)
	switch n := len(t.drained); {
	case p.Wait == WaitDrained && n > 0:
		start = max(start, t.drained[n-1]+1)
	case p.Wait == WaitSoftmax:
		start = max(start, t.softmax[t.taken2]+1)
		t.taken2++
	}
	at := start + 1 // first cycle of the first slot
	var lastSlot, lastColumn int64
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
			at = max(at, t.tileDone[t.started]+loadedToReady)
		}
		if p.Chained && n == 0 {
			for m := range p.MT {
				lastSlot = max(at, t.chain.made(t.chained, m)+1)
				at = lastSlot + period
			}
		} else {
			lastSlot = at + int64(p.MT-1)*period
			at = lastSlot + period
		}
		lastColumn = lastSlot + int64(p.KT) - 1 + t.s.arrayLatency() + groups*passes - 1
		if p.BFrom == FromWeights {
			t.tileFree[t.started] = lastColumn
			t.started++
		}
	}
	t.fed = lastSlot + int64(p.PeriodEnd) - 1
	end := lastColumn + drainLatency
	t.drained = append(t.drained, end)
	t.end(end, p.Op, endMatmul)
	if p.GELU {
		t.free(end, SegGELU)
	}
	if p.To == ToScores {
		filled := end + 1
		if n := len(t.softmax); n > 0 {
			filled = max(filled, t.softmax[n-1]+1)
		}
		t.softmax = append(t.softmax, filled+t.s.softmaxCycles())
		t.end(filled+t.s.softmaxCycles(), p.Op+1, endSoftmax)
	}
}

// store is the time of the result's bursts: address, data, response.
func (t *timeline) store() int64 {
	cycles, left := int64(0), t.s.ResultBeats
	for left > 0 {
		n := min(left, BurstBeats)
		data := int64(float64(n)/(1-t.mem.Stall) + 0.5)
		cycles += 2 + data + int64(t.mem.Latency)
		left -= n
	}
	return cycles + 1
}

// Cycles is the predicted total for one image out of a longer run's start.
func (s *Shape) Cycles(mem MemoryTiming) int64 {
	var sum int64
	for _, c := range s.Timeline(mem, 1)[0] {
		sum += c
	}
	return sum
}

// StoreName is the name of the pseudo op after the last: the write of the result.
const StoreName = "store"
