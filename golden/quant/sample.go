package quant

import (
	"math"
	"sort"
)

// A tensor's sample has minSample values, more where twice as many rows as channels
// need them (for the channels' covariance), but not more than maxSample: 1 to 32 MB.
const (
	minSample = 1 << 18
	maxSample = 1 << 23
)

// sample is one activation tensor over the calibration images: the extremes of
// every channel over all rows, and the values of a subset of the rows.
type sample struct {
	channels int
	lo, hi   []float64 // a channel
	rows     int       // rows kept
	values   []float32 // rows x channels

	pick []int // indices of the rows to keep, ascending, of those not seen yet
	seen int   // rows seen
}

// newSample expects total rows in all. Kept rows are spread by the golden ratio, so
// that no regular pattern of tokens or images is favoured.
func newSample(channels, total int) *sample {
	s := &sample{channels: channels, lo: make([]float64, channels), hi: make([]float64, channels)}
	for c := range s.lo {
		s.lo[c], s.hi[c] = math.Inf(1), math.Inf(-1)
	}
	keep := min(total, max(1, min(maxSample, max(minSample, 2*channels*channels))/channels))
	taken := map[int]bool{}
	for i := 0; len(taken) < keep; i++ {
		_, frac := math.Modf(float64(i) * math.Phi)
		row := int(frac * float64(total))
		if keep == total {
			row = i
		}
		if !taken[row] {
			taken[row] = true
			s.pick = append(s.pick, row)
		}
	}
	sort.Ints(s.pick)
	return s
}

// add takes in the rows of one image; images come in order.
func (s *sample) add(v []float64) {
	n := s.channels
	for ; len(v) > 0; v = v[n:] {
		for c, x := range v[:n] {
			s.lo[c], s.hi[c] = min(s.lo[c], x), max(s.hi[c], x)
		}
		if len(s.pick) > 0 && s.pick[0] == s.seen {
			s.pick = s.pick[1:]
			s.rows++
			for _, x := range v[:n] {
				s.values = append(s.values, float32(x))
			}
		}
		s.seen++
	}
}

// moments returns mean and variance of every channel of f(value, channel).
func (s *sample) moments(f func(x float64, c int) float64) (mean, variance []float64) {
	mean, variance = make([]float64, s.channels), make([]float64, s.channels)
	for i, x := range s.values {
		c := i % s.channels
		v := f(float64(x), c)
		mean[c] += v
		variance[c] += v * v
	}
	for c := range mean {
		mean[c] /= float64(s.rows)
		variance[c] = max(0, variance[c]/float64(s.rows)-mean[c]*mean[c])
	}
	return mean, variance
}
