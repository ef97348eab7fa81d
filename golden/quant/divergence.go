package quant

import (
	"math"
	"slices"
)

// densityBins is the resolution of the histograms that are compared: that of Migacz.
const densityBins = 2048

// density is a histogram of a tensor's values.
type density struct {
	lo, hi float64
	count  [densityBins]float64
}

func newDensity(v []float64) *density {
	h := &density{lo: min(0, slices.Min(v)), hi: max(0, slices.Max(v))}
	if h.lo == h.hi {
		h.hi = 1e-6
	}
	for _, x := range v {
		h.count[h.bin(x)]++
	}
	return h
}

func (h *density) bin(x float64) int {
	return min(densityBins-1, max(0, int((x-h.lo)/(h.hi-h.lo)*densityBins)))
}

// clip searches the clipped range of least divergence: both ends together, then each alone.
func (h *density) clip(gridOf func(lo, hi float64) grid, bits int) (lo, hi float64) {
	low, high := searchEnds(cuts(), 1, func(l, u float64) float64 {
		return h.divergence(l*h.lo, u*h.hi, gridOf(l*h.lo, u*h.hi), bits)
	})
	return low * h.lo, high * h.hi
}

// cuts are every second one of clips: a divergence is costly and flat around its least.
func cuts() []float64 {
	var list []float64
	for i, r := range clips() {
		if i%2 == 0 {
			list = append(list, r)
		}
	}
	return list
}

// divergence is sum p log(p/q) over the bins of [lo, hi]. p is the histogram with what
// lies outside in the bins at the ends; q spreads what each code stands for evenly over
// the bins that hold anything, so that it lacks what was cut off.
func (h *density) divergence(lo, hi float64, g grid, bits int) float64 {
	first, last := h.bin(lo), h.bin(hi)
	width := (h.hi - h.lo) / densityBins
	code := func(b int) int {
		limit := float64(int(1) << (bits - 1))
		x := h.lo + (float64(b)+0.5)*width
		return int(min(max(hup(x/g.Scale)+float64(g.Zero), -limit), limit-1))
	}
	var p, q [densityBins]float64
	total, kept := 0.0, 0.0
	for b, c := range h.count {
		p[min(max(b, first), last)] += c
		total += c
	}
	for from, next := first, code(first); from <= last; {
		sum, filled, to, own := 0.0, 0.0, from, next
		for to <= last && next == own {
			if sum += h.count[to]; h.count[to] > 0 {
				filled++
			}
			to++
			next = code(to)
		}
		for b := from; b < to; b++ {
			if h.count[b] > 0 {
				q[b] = sum / filled
			}
		}
		kept += sum
		from = to
	}
	const empty = 1e-4 // counts in a bin of q that has nothing of its own
	d := 0.0
	for b := first; b <= last; b++ {
		if p[b] > 0 {
			d += p[b] / total * math.Log(p[b]/total*max(kept, 1)/max(q[b], empty))
		}
	}
	return d
}
