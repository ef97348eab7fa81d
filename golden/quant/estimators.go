package quant

import (
	"math"
	"slices"

	"vitdse/configs"
)

// tensor is the values of an activation tensor in the order of calibration.
type tensor struct {
	parts  []part
	images int // of calibration that the values are from
}

// part is rows of values, each channel with the weight of its error in the next layer's output.
type part struct{ values, weights []float64 }

// alike are the weights of values that all count the same.
var alike = []float64{1}

// scheme makes a grid of codes over a range of real numbers that holds 0.
type scheme interface {
	between(lo, hi float64, bits int) grid
	// search finds the grid of least squared error among clipped ranges.
	search(h *histogram, bits int) grid
}

// affine has a zero point of its own: the codes reach from lo to hi.
type affine struct{}

func (affine) between(lo, hi float64, bits int) grid { return gridBetween(lo, hi, bits) }
func (affine) search(h *histogram, bits int) grid    { return h.asymmetric(bits) }

// symmetric has zero point 0.
type symmetric struct{ full bool }

func (s symmetric) between(lo, hi float64, bits int) grid {
	return grid{Scale: codeRange{bits, s.full}.scale(max(-lo, hi))}
}

func (s symmetric) search(h *histogram, bits int) grid {
	return h.symmetric(bits, s.between(h.lo, h.hi, bits).Scale)
}

func schemeOf(q configs.Quantizer) scheme {
	if q.Scheme == configs.Symmetric {
		return symmetric{q.CodeRange == configs.FullRange}
	}
	return affine{}
}

// estimator chooses the grids of an activation tensor for 2..8 bits.
type estimator interface {
	grids(t tensor, s scheme) [9]grid
}

func estimatorOf(q configs.Quantizer) estimator {
	switch q.Activations {
	case configs.MinMax:
		return bounded{func(v []float64) (lo, hi float64) { return slices.Min(v), slices.Max(v) }}
	case configs.Percentile:
		return bounded{func(v []float64) (lo, hi float64) { return percentile(v, q.Percentile) }}
	case configs.Average:
		return bounded{average}
	case configs.KL:
		return divergence{}
	}
	return leastSquares{}
}

// leastSquares minimises the weighted squared error, with a stretched tail.
type leastSquares struct{}

func (leastSquares) grids(t tensor, s scheme) (set [9]grid) {
	h := newHistogram(t.parts, tailWeight(t.images))
	for bits := 2; bits <= 8; bits++ {
		set[bits] = s.search(h, bits)
	}
	return set
}

// bounded takes a range of the values that does not depend on the bits.
type bounded struct {
	of func(v []float64) (lo, hi float64) // may reorder v
}

func (b bounded) grids(t tensor, s scheme) (set [9]grid) {
	lo, hi := b.of(t.values())
	lo, hi = min(lo, 0), max(hi, 0)
	if lo == hi {
		hi = 1e-6
	}
	for bits := 2; bits <= 8; bits++ {
		set[bits] = s.between(lo, hi, bits)
	}
	return set
}

func (t tensor) values() []float64 {
	var v []float64 // of its own: estimators reorder it
	for _, p := range t.parts {
		v = append(v, p.values...)
	}
	return v
}

// percentile leaves out half of the rest of the values at either end.
func percentile(v []float64, share float64) (lo, hi float64) {
	slices.Sort(v)
	out := int(math.Floor((1 - share/100) / 2 * float64(len(v))))
	return v[out], v[len(v)-1-out]
}

// batches is the number of batches whose extremes Average averages.
const batches = 16

// average is the mean over batches of their least and greatest value: the moving average
// of an observer that sees one batch after the other, all with the same weight.
func average(v []float64) (lo, hi float64) {
	n := min(batches, len(v))
	for i := range n {
		part := v[i*len(v)/n : (i+1)*len(v)/n]
		lo += slices.Min(part) / float64(n)
		hi += slices.Max(part) / float64(n)
	}
	return lo, hi
}

// divergence clips where the quantized distribution tells least from the real one:
// Kullback-Leibler divergence of their histograms, as Migacz (8-bit inference with
// TensorRT, 2017) does for symmetric ranges.
type divergence struct{}

func (divergence) grids(t tensor, s scheme) (set [9]grid) {
	h := newDensity(t.values())
	for bits := 2; bits <= 8; bits++ {
		lo, hi := h.clip(func(lo, hi float64) grid { return s.between(lo, hi, bits) }, bits)
		set[bits] = s.between(lo, hi, bits)
	}
	return set
}
