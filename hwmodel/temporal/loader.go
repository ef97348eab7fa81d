package temporal

import (
	"math"

	"vitdse/hwmodel"
)

// loader is the stream loader and the read channel that feeds it, as Timeline follows them.
type loader struct {
	mem                     hwmodel.MemoryTiming
	segs                    []Segment
	bus, banks              int
	ahead                   int // segment before which the next image is loaded
	imageBeats, streamBeats int
	headBeats               int // of the stream, before the next image

	// Loader: the cycle from which it may claim the next buffer, the segment it is at.
	decode   int64
	seg      int // segment 0 is an image: this one's, or with next the one's after it
	next     bool
	left     int // images whose stream is to come, this one included
	tile     int
	supplyAt int64 // arrival of the first beat

	// Read channel, for memories that keep the loader waiting.
	prompt  bool      // it never does
	taken   []float64 // when each of the last beats was taken, as many as the FIFO holds
	count   int       // beats taken
	arrival float64   // of the last beat

	// Bursts: none crosses the end of a part, or a 4 KiB page.
	burstEnd int  // beats up to the end of the burst
	part     part // that is read
	partLeft int  // beats of it behind the burst
	unread   int  // images that have not been begun
	address  int  // of the next burst, in beats; images follow one another
	aside    int  // where the images, or the stream, go on

	loaded     [SegTiles]int64 // when the buffer was filled; consumed by the op that reads it
	freed      [SegTiles]int64 // when the buffer was last given back
	used       [SegTiles]bool
	tileDone   []int64   // per tile column: last beat
	tileFree   []int64   // per tile column: last column drained
	tileSpread []float64 // per tile column: standard deviation of the time its beats take
	started    int       // tile columns the array has begun

	// Per head's bias: when its bank was filled, and when the last of its scores had been added up.
	biasDone, biasFree []int64
	biased             int // heads whose scores have begun

	record func(hwmodel.Span) // nil but in Spans
}

// part is what the read channel fetches in one piece: the first image, head, the next image, tail,
// head, the next image, tail ... and at last the whole stream.
type part int

const (
	partFirst part = iota
	partHead       // the stream up to the next image; all of it for the last image
	partNext
	partTail
)

func newLoader(s *Shape, mem hwmodel.MemoryTiming, images int) loader {
	ahead, headBeats := s.Ahead()
	return loader{
		ahead: ahead, headBeats: headBeats, left: images, unread: images - 1, partLeft: s.ImageBeats,
		mem: mem, segs: s.Segments(), bus: s.Design.Engine.BusBits, banks: s.Design.Engine.WeightBuffers,
		imageBeats: s.ImageBeats, streamBeats: s.StreamBeats,
		prompt: prompt(mem, s.Design.Engine.ReadFIFO), taken: make([]float64, s.Design.Engine.ReadFIFO),
		supplyAt: int64(mem.Latency) + 3,
		decode:   -2, // it has been waiting for the first beat since reset
	}
}

// prompt says whether the read FIFO never runs dry for want of the memory: no pauses, and it
// holds what is taken while a burst is given back, asked for and on its way.
func prompt(m hwmodel.MemoryTiming, fifo int) bool {
	return m.Stall == 0 && fifo >= m.Latency+readTurnaround+BurstBeats
}

// spread is the standard deviation of the cycles that so many beats take: a pause after each with the
// chance of a stall, and again after each of those.
func spread(m hwmodel.MemoryTiming, beats int) float64 {
	return math.Sqrt(float64(beats)*m.Stall) / (1 - m.Stall)
}

// later is the mean of the later of a cycle and another that is spread so far around its mean, as a
// normal distribution: where the two are close, waiting for what is late costs more than its mean.
func later(at, done, spread float64) float64 {
	z := (done - at) / spread
	if !(math.Abs(z) < 4) { // none at all among them
		return max(at, done)
	}
	density, below := math.Exp(-z*z/2)/math.Sqrt(2*math.Pi), math.Erfc(-z/math.Sqrt2)/2
	return at + spread*(density+z*below)
}

// need moves ready to the cycle in which the buffer is full, running the loader up to there.
func (l *loader) need(ready int64, needed bool, kind SegmentKind) int64 {
	if !needed {
		return ready
	}
	for l.loaded[kind] == 0 {
		l.load()
	}
	return max(ready, l.loaded[kind]+loadedToReady)
}

func (l *loader) free(end int64, kind SegmentKind) {
	l.freed[kind], l.used[kind], l.loaded[kind] = end, false, 0
}

// load runs the loader through one segment, or one tile column of it.
func (l *loader) load() {
	g := &l.segs[l.seg]
	claim := l.decode + 2
	switch {
	case g.Kind == SegTiles:
		if n := len(l.tileDone) - l.banks; n >= 0 {
			claim = max(claim, l.tileFree[n]+1)
		}
	case g.Kind == SegBias:
		if n := len(l.biasDone) - BiasBanks; n >= 0 {
			claim = max(claim, l.biasFree[n]+1)
		}
	default:
		if l.used[g.Kind] {
			panic("temporal: the stream needs a buffer that no op gives back")
		}
		if l.freed[g.Kind] > 0 {
			claim = max(claim, l.freed[g.Kind]+1)
		}
	}
	var last int64
	switch {
	case g.Kind == SegGELU:
		beats := g.Beats(l.bus) // each stays for its entries
		last = l.take(claim, beats, hwmodel.CeilDiv(g.Words, beats))
	default:
		last = l.take(claim, g.tileBeats(), 1)
	}
	l.span(unitLoader, g.Op, max(claim+1, l.supplyAt), last)
	switch g.Kind {
	case SegTiles:
		l.tileDone = append(l.tileDone, last+g.Written)
		l.tileFree = append(l.tileFree, 0)
		l.tileSpread = append(l.tileSpread, spread(l.mem, g.tileBeats()))
		if l.tile++; l.tile < g.Tiles {
			l.decode = last - 1 // straight back to claiming
			return
		}
	case SegBias:
		l.biasDone, l.biasFree = append(l.biasDone, last), append(l.biasFree, 0)
	default:
		l.used[g.Kind], l.loaded[g.Kind] = true, last
	}
	l.tile = 0
	l.decode = last + 1
	switch look := l.seg == l.ahead-1 && l.left > 1; {
	case look:
		l.seg, l.next = 0, true
	case l.next:
		l.seg, l.next = l.ahead, false
	case l.seg == len(l.segs)-1:
		l.left--
		l.seg = 1
	default:
		l.seg++
	}
}

// take is the cycle in which the last of so many beats is taken, the first at claim + 1 at
// the earliest, every beat spacing cycles after the one before if none is late.
func (l *loader) take(claim int64, beats, spacing int) int64 {
	if l.prompt {
		return max(claim+1, l.supplyAt) + int64(beats*spacing) - 1
	}
	next := float64(claim + 1)
	for range beats {
		next = l.beat(next, spacing) + float64(spacing)
	}
	return int64(math.Ceil(next)) - 1
}

// needBias moves ready to the cycle in which the next head's bias is there.
func (l *loader) needBias(ready int64) int64 {
	for len(l.biasDone) <= l.biased {
		l.load()
	}
	l.biased++
	return max(ready, l.biasDone[l.biased-1]+loadedToReady)
}

// burst moves on to the next burst.
func (l *loader) burst() {
	if l.partLeft == 0 {
		l.nextPart()
	}
	page := 4096 / (l.bus / 8)
	n := min(BurstBeats, l.partLeft, page-l.address%page)
	l.burstEnd += n
	l.partLeft -= n
	l.address += n
}

// nextPart moves on to the next part.
func (l *loader) nextPart() {
	switch l.part {
	case partFirst, partTail:
		if l.part == partFirst {
			l.aside = l.address
		}
		l.part, l.partLeft, l.address = partHead, l.headBeats, 0
		if l.unread == 0 {
			l.partLeft = l.streamBeats
		}
	case partHead:
		l.unread--
		l.part, l.partLeft = partNext, l.imageBeats
		l.address, l.aside = l.aside, l.address
	case partNext:
		l.part, l.partLeft = partTail, l.streamBeats-l.headBeats
		l.address, l.aside = l.aside, l.address
	}
}

// beat takes the next beat of the stream at the earliest at a cycle, and is when it is taken. It
// stays at the head of the FIFO for so many cycles.
// The read master asks for a burst when the FIFO has room for all of it, which is when the
// beat FIFO places before the burst's last has been taken. What lies between that and the answer spreads
// like the beats that the FIFO holds beside the burst.
func (l *loader) beat(earliest float64, stays int) float64 {
	fifo, begins := len(l.taken), l.count == l.burstEnd
	if begins {
		l.burst()
	}
	asked := float64(3 - readTurnaround) // the first bursts are asked for by themselves
	if before := l.burstEnd - 1 - fifo; before >= 0 {
		asked = l.taken[before%fifo]
	}
	pause := 1 / (1 - l.mem.Stall) // cycles between beats, on average
	next, answer := l.arrival+pause, asked+float64(l.mem.Latency)+readTurnaround+pause-1
	if l.arrival = max(next, answer); begins {
		l.arrival = later(next, answer, spread(l.mem, fifo-BurstBeats))
	}
	at := max(earliest, l.arrival)
	l.taken[l.count%fifo] = at + float64(stays-1)
	l.count++
	return at
}
