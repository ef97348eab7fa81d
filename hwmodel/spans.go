package hwmodel

// Unit is one of the engine's units that work side by side.
type Unit int

// The units, in the order in which an image meets them.
const (
	UnitLoader  Unit = iota // the stream loader fills buffers
	UnitPatches             // the patch gather
	UnitNorm                // LayerNorm
	UnitArray               // the PE array is fed, or its slot waits for the drain
	UnitDrain               // columns leave the array: requantize, GELU, residual add, row sums
	UnitSoftmax
	UnitStore   // the result is written
	UnitPool    // the mean or the maximum over the tokens, where a network has one
	UnitRegroup // rows of the residual stream are moved, where attention is in windows
)

// Units names them.
var Units = [...]string{"loader", "patch gather", "layernorm", "array", "drain", "softmax", "store", "token pool",
	"regroup"}

// Units names those that the network's engine has.
func (s *Shape) Units() []string {
	if s.Windowed {
		return Units[:]
	}
	if _, pools := s.Pool(); !pools {
		return Units[:UnitPool]
	}
	return Units[:UnitRegroup]
}

// Span is a stretch of cycles in which a unit works on an op: it begins when From cycles have
// passed since the start and ends when To have. Op is an index into network.Network.Ops, the number
// of ops for the store of the result; that of the loader is the op that needs what it loads.
type Span struct {
	Unit     Unit
	Op       int
	From, To int64
}

// Spans predicts what every unit does when for a run of images, from the walk that Timeline counts: in
// order of their ends unit by unit, those of a unit one after the other but for the loader's and
// the drain's, of which the next may begin before the last has ended.
func (s *Shape) Spans(mem MemoryTiming, images int) []Span {
	var spans []Span
	t := newTimeline(s, mem, images)
	t.record = func(x Span) {
		if x.To > x.From {
			spans = append(spans, x)
		}
	}
	for range images {
		t.image()
	}
	return spans
}

// span enters the work of a unit from its first cycle to its last.
func (l *loader) span(u Unit, op int, first, last int64) {
	if l.record != nil {
		l.record(Span{u, op, first - 1, last})
	}
}

// slotEnd is the last cycle of a row tile's slot that would end at a cycle: the op's last slot is
// as long as the op that follows asks for.
func (p *Step) slotEnd(column, row int, last int64) int64 {
	if column == p.NT-1 && row == p.MT-1 {
		return last + int64(p.PeriodEnd-p.PeriodLast)
	}
	return last
}
