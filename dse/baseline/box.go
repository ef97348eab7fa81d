package baseline

import (
	"math"
	"slices"
)

// Box is the region in which fronts are compared: from the least to the largest of each cost of
// some fronts, by their logarithms, and a tenth of that beyond.
type Box struct{ lo, hi []float64 }

// NewBox is the box of fronts, which hold costs, at least one.
func NewBox(fronts ...[][]float64) Box {
	var b Box
	for _, costs := range slices.Concat(fronts...) {
		for i, v := range costs {
			v = logCost(v)
			if len(b.lo) <= i {
				b.lo, b.hi = append(b.lo, v), append(b.hi, v)
			}
			b.lo[i], b.hi[i] = math.Min(b.lo[i], v), math.Max(b.hi[i], v)
		}
	}
	return b
}

// logCost is a cost on a logarithmic scale; 0, a resource that is not used, is a tenth of 1.
func logCost(v float64) float64 {
	if v <= 0 {
		return -1
	}
	return math.Log10(v)
}

// Hypervolume is what of the box a front dominates, its sides being 1.1.
func (b Box) Hypervolume(front [][]float64) float64 {
	var in [][]float64
	for _, costs := range front {
		p := make([]float64, len(costs))
		for i, v := range costs {
			p[i] = (logCost(v) - b.lo[i]) / math.Max(b.hi[i]-b.lo[i], 1e-12)
		}
		in = append(in, p)
	}
	return Hypervolume(in, slices.Repeat([]float64{1.1}, len(b.lo)))
}
