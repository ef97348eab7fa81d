package temporal

import "vitdse/hwmodel"

// The units that work side by side, in the order in which an image meets them: indices of units.
const (
	unitLoader  = iota // the stream loader fills buffers
	unitPatches        // the patch gather
	unitNorm           // LayerNorm
	unitArray          // the PE array is fed, or its slot waits for the drain
	unitDrain          // columns leave the array: requantize, GELU, residual add, row sums
	unitSoftmax
	unitStore   // the result is written
	unitPool    // the mean or the maximum over the tokens, where a network has one
	unitRegroup // rows of the residual stream are moved, where attention is in windows
)

// units names them.
var units = [...]string{"loader", "patch gather", "layernorm", "array", "drain", "softmax", "store", "token pool",
	"regroup"}

// Units names those that the network's engine has.
func (s *Shape) Units() []string {
	if s.Windowed {
		return units[:]
	}
	if _, pools := s.Pool(); !pools {
		return units[:unitPool]
	}
	return units[:unitRegroup]
}

// Spans predicts what every unit does when for a run of images, from the walk that Timeline counts: in
// order of their ends unit by unit, those of a unit one after the other but for the loader's and
// the drain's, of which the next may begin before the last has ended.
func (s *Shape) Spans(mem hwmodel.MemoryTiming, images int) []hwmodel.Span {
	var spans []hwmodel.Span
	t := newTimeline(s, mem, images)
	t.record = func(x hwmodel.Span) {
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
func (l *loader) span(u int, op int, first, last int64) {
	if l.record != nil {
		l.record(hwmodel.Span{Unit: u, Op: op, From: first - 1, To: last})
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
