package quant

import (
	"math"
	"sort"
	"sync"
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

// columns are the values of some channels, row after row.
func (s *sample) columns(from, to int) []float64 {
	list := make([]float64, 0, s.rows*(to-from))
	for r := range s.rows {
		for _, x := range s.values[r*s.channels+from : r*s.channels+to] {
			list = append(list, float64(x))
		}
	}
	return list
}

// mapped is a sample as a layer reads it: f of every value and its channel, computed when first asked for.
type mapped struct {
	*sample
	f    func(x float64, c int) float64 // nil is the value itself
	once sync.Once
	list []float64
}

// real is what the layer reads, rows x channels.
func (m *mapped) real() []float64 {
	m.once.Do(func() {
		m.list = make([]float64, len(m.values))
		for i, x := range m.values {
			m.list[i] = float64(x)
		}
		if m.f == nil {
			return
		}
		for row := m.list; len(row) > 0; row = row[m.channels:] {
			for c, x := range row[:m.channels] {
				row[c] = m.f(x, c)
			}
		}
	})
	return m.list
}

// moments returns mean and variance of every channel.
func (m *mapped) moments() (mean, variance []float64) {
	mean, variance = make([]float64, m.channels), make([]float64, m.channels)
	for row := m.real(); len(row) > 0; row = row[m.channels:] {
		for c, v := range row[:m.channels] {
			mean[c] += v
			variance[c] += v * v
		}
	}
	for c := range mean {
		mean[c] /= float64(m.rows)
		variance[c] = max(0, variance[c]/float64(m.rows)-mean[c]*mean[c])
	}
	return mean, variance
}

// coded returns the mean of every channel's values rounded to codes of a grid.
func (m *mapped) coded(g grid, bits int) []float64 {
	mean := make([]float64, m.channels)
	for row := m.real(); len(row) > 0; row = row[m.channels:] {
		for c, v := range row[:m.channels] {
			mean[c] += g.round(v, bits)
		}
	}
	for c := range mean {
		mean[c] /= float64(m.rows)
	}
	return mean
}
