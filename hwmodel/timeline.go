package hwmodel

import "math"

// Memory behaviour the cycle model is asked for.
type MemoryTiming struct {
	Latency int     // cycles from a read request to its first beat, at least 1
	Stall   float64 // chance of a pause on a channel in a cycle, 0 .. 1
}

// IdealMemory answers in the next cycle and never pauses.
var IdealMemory = MemoryTiming{Latency: 1}

// Timeline predicts the cycles of every op, image by image, for a run of images one after
// the other: result[image][op], with the store of the result as op len(ops). An op's cycles
// are those from the end of the op before it to its own end, waiting included, so that they
// add up to the run's cycles.
//
// With IdealMemory the prediction is exact. It follows three clocks: the stream loader's,
// which runs ahead until the buffer it needs is in use, the array's, which waits for
// weights at the start of each tile column, and the sequencer's.
func (s *Shape) Timeline(mem MemoryTiming, images int) [][]int64 {
	ops, _ := s.Model.Ops()
	t := &timeline{
		s: s, mem: mem, steps: s.Program(), segs: s.Segments(),
		bus: s.Design.Engine.BusBits, banks: s.Design.Engine.WeightBuffers,
	}
	t.prompt, t.taken = mem.prompt(s.Design.Engine.ReadFIFO), make([]float64, s.Design.Engine.ReadFIFO)
	t.supplyAt = int64(mem.Latency) + 3
	t.decode = -2 // the loader has been waiting for the first beat since reset
	out := make([][]int64, images)
	for i := range out {
		out[i] = make([]int64, len(ops)+1)
		t.image(out[i])
	}
	return out
}

// prompt says whether the read FIFO never runs dry for want of the memory: no pauses, and it
// holds what is taken while a burst is given back, asked for and on its way.
func (m MemoryTiming) prompt(fifo int) bool {
	return m.Stall == 0 && fifo >= m.Latency+readTurnaround+BurstBeats
}

// Pipeline lengths of the emitted RTL, in cycles.
const (
	readTurnaround = 3  // a FIFO place given back to the request, and the beat's way in
	opTurnaround   = 3  // end of an op to the next op's readiness check
	loadedToReady  = 2  // last beat of a segment to its buffer being ready
	drainLatency   = 7  // last column at the array to the end of the op
	softmaxTail    = 24 // beyond one cycle a score
	normTile       = 17 // beyond two cycles a channel and one a lane
	patchTail      = 3
)

// arrayLatency is from a tile's last beat leaving the buffers to its first column.
func (s *Shape) arrayLatency() int64 {
	if s.TK > 1 {
		return 6
	}
	return 5
}

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

	loaded   [SegTiles]int64 // when the buffer was filled; consumed by the op that reads it
	freed    [SegTiles]int64 // when the buffer was last given back
	used     [SegTiles]bool
	tileDone []int64 // per tile column: last beat
	tileFree []int64 // per tile column: last column drained
	started  int     // tile columns the array has begun
	now      int64   // end of the last op
}

// image appends one image to the run and fills its ops' cycles.
func (t *timeline) image(cycles []int64) {
	for i := range t.steps {
		// The passes of a loop are taken together, at its first step.
		if t.steps[i].Opcode == StepMatmul && t.steps[i].To == ToScores {
			t.attention(t.steps[i:i+3], cycles)
			continue
		}
		if t.steps[i].Loops > 0 {
			continue
		}
		t.step(&t.steps[i], cycles)
	}
}

func (t *timeline) attention(st []Step, cycles []int64) {
	var each [3]int64
	before := t.now
	for k := range st {
		t.step(&st[k], cycles)
		each[k], before = t.now-before, t.now
	}
	// Every pass takes the same time: nothing in it waits for the memory.
	more := int64(st[0].Loops - 1)
	for k := range st {
		cycles[st[k].Op] += more * each[k]
		t.now += more * each[k]
	}
}

func (t *timeline) step(p *Step, cycles []int64) {
	ready := t.now + opTurnaround
	ready = t.need(ready, p.NeedImage, SegImage)
	ready = t.need(ready, p.NeedPos, SegPos)
	ready = t.need(ready, p.NeedNorm, SegNorm)
	ready = t.need(ready, p.NeedGELU, SegGELU)
	start := ready + 1
	var end int64
	s := t.s
	switch p.Opcode {
	case StepPatches:
		end = start + int64(p.MT*s.TM*s.Model.PatchInner()) + patchTail
	case StepNorm:
		end = start + int64(p.MT*(2*s.Dim+s.TM+normTile)) + 1
	case StepSoftmax:
		end = start + int64(s.Tokens) + softmaxTail
	case StepStore:
		end = start + t.store()
	case StepMatmul:
		end = t.matmul(p, start)
	}
	cycles[p.Op] += end - t.now
	t.now = end
	t.free(end, p.FreeImage, SegImage)
	t.free(end, p.FreePos, SegPos)
	t.free(end, p.FreeNorm, SegNorm)
	t.free(end, p.FreeGELU, SegGELU)
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

func (t *timeline) free(end int64, frees bool, kind SegmentKind) {
	if frees {
		t.freed[kind], t.used[kind], t.loaded[kind] = end, false, 0
	}
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

// beat takes the next beat of the stream at the earliest at a cycle, and is when it is taken.
// The read master asks for a burst when the FIFO has room for all of it, which is when the
// beat FIFO places before the burst's last has been taken.
func (t *timeline) beat(earliest float64) float64 {
	fifo := len(t.taken)
	asked := 0.0
	if before := t.count - t.count%BurstBeats + BurstBeats - 1 - fifo; before >= 0 {
		asked = t.taken[before%fifo]
	}
	pause := 1 / (1 - t.mem.Stall) // cycles between beats, on average
	t.arrival = max(t.arrival+pause, asked+float64(t.mem.Latency)+readTurnaround)
	at := max(earliest, t.arrival)
	t.taken[t.count%fifo] = at
	t.count++
	return at
}

func (t *timeline) matmul(p *Step, start int64) int64 {
	at := start + 1 // first cycle of the first slot
	var lastColumn int64
	passes := int64(1)
	if p.To == ToValues {
		passes = int64(t.s.TM / t.s.TK)
	}
	for n := range p.NT {
		period, columns := int64(p.PeriodFull), int64(p.ColumnsFull)
		if n == p.NT-1 {
			period, columns = int64(p.PeriodLast), int64(p.ColumnsLast)
		}
		if p.BFrom == FromWeights {
			for len(t.tileDone) <= t.started {
				t.load()
			}
			at = max(at, t.tileDone[t.started]+loadedToReady)
		}
		lastSlot := at + int64(p.MT-1)*period
		at += int64(p.MT) * period
		lastColumn = lastSlot + int64(p.KT) - 1 + t.s.arrayLatency() + columns*passes - 1
		if p.BFrom == FromWeights {
			t.tileFree[t.started] = lastColumn
			t.started++
		}
	}
	return lastColumn + drainLatency
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
