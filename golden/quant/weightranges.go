package quant

import (
	"math"
	"slices"

	"vitdse/configs"
)

// weightEstimator chooses the scale of weights that share one; 0 if all of them are 0.
type weightEstimator interface {
	scale(w, importance []float64) float64
}

func weightEstimatorOf(menu configs.Quantizer, w []float64, in int, r codeRange) weightEstimator {
	switch menu.Weights {
	case configs.MinMax:
		return clipped{r, func(w []float64) float64 { return largest(w) }}
	case configs.Percentile:
		return clipped{r, func(w []float64) float64 { return magnitude(w, menu.Percentile) }}
	case configs.KL:
		ratio := divergenceRatio(w, in, r)
		return clipped{r, func(w []float64) float64 { return ratio * largest(w) }}
	}
	return leastLoss{r}
}

// clipped lets the codes span up to a magnitude of the weights.
type clipped struct {
	codeRange
	top func(w []float64) float64
}

func (c clipped) scale(w, _ []float64) float64 { return c.codeRange.scale(c.top(w)) }

// magnitude is that which the given percentage of the weights does not exceed.
func magnitude(w []float64, share float64) float64 {
	v := make([]float64, len(w))
	for i, x := range w {
		v[i] = math.Abs(x)
	}
	slices.Sort(v)
	return v[len(v)-1-int(math.Floor((1-share/100)*float64(len(v))))]
}

// leastLoss searches the clip ratio of the least error in the layer's output.
type leastLoss struct{ codeRange }

func (l leastLoss) scale(w, importance []float64) float64 {
	top := l.codeRange.scale(largest(w))
	best, bestLoss := top, math.Inf(1)
	if top == 0 {
		return 0
	}
	for _, r := range clips() {
		if r < 0.3 {
			break
		}
		if e := weightLoss(w, r*top, l.codeRange, importance, bestLoss); e < bestLoss {
			best, bestLoss = r*top, e
		}
	}
	return best
}

// divergenceRatio is the clip ratio of least divergence for all outputs of a layer
// together, each relative to its largest weight: one output has too few weights for a
// histogram.
func divergenceRatio(w []float64, in int, r codeRange) float64 {
	v := make([]float64, 0, len(w))
	for at := 0; at < len(w); at += in {
		if top := largest(w[at : at+in]); top > 0 {
			for _, x := range w[at : at+in] {
				v = append(v, x/top)
			}
		}
	}
	if len(v) == 0 {
		return 1
	}
	h := newDensity(append(v, -1, 1)) // a range of -1..1
	best, ratio := math.Inf(1), 1.0
	for _, c := range clips() {
		if d := h.divergence(-c, c, grid{Scale: r.scale(c)}, r.bits); d < best {
			best, ratio = d, c
		}
	}
	return ratio
}
