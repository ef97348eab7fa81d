package quant

import (
	"math"

	"vitdse/configs"
)

// weightKey names the weights of a layer and what their codes depend on.
type weightKey struct {
	inputKey
	bits int
	gran configs.Granularity
}

// rounded is a layer's weights as codes, Out x In, and the scale of each output.
type rounded struct {
	scales []float64
	codes  []int8
}

// rows is the part for outputs [from, to).
func (r rounded) rows(from, to int) rounded {
	in := len(r.codes) / len(r.scales)
	return rounded{r.scales[from:to], r.codes[from*in : to*in]}
}

// weightScales finds the scale of every output channel (one value repeated for
// per-layer granularity): the clip of the largest weight that leaves the least error
// in the layer's output, taking input channels as independent with the given
// importance (variance).
func weightScales(w []float64, in, bits int, gran configs.Granularity, importance []float64) []float64 {
	out := len(w) / in
	scales := make([]float64, out)
	if gran == configs.PerLayer {
		s := bestScale(w, bits, importance)
		if s == 0 {
			s = 1 // all weights are 0
		}
		for o := range scales {
			scales[o] = s
		}
		return scales
	}
	top := 0.0
	for o := range scales {
		scales[o] = bestScale(w[o*in:(o+1)*in], bits, importance)
		top = max(top, scales[o])
	}
	if top == 0 {
		top = 1
	}
	for o := range scales { // keeps every multiplier M at 64 or more
		scales[o] = max(scales[o], top/512)
	}
	return scales
}

// bestScale searches the clip ratio of one group of weights; 0 if all of them are 0.
func bestScale(w []float64, bits int, importance []float64) float64 {
	limit := float64(int(1)<<(bits-1) - 1)
	top := largest(w) / limit
	if top == 0 {
		return 0
	}
	best, bestLoss := top, math.Inf(1)
	for _, r := range clips() {
		if r < 0.3 {
			break
		}
		if e := weightLoss(w, r*top, limit, importance); e < bestLoss {
			best, bestLoss = r*top, e
		}
	}
	return best
}

// weightLoss is the importance-weighted squared error of rounding to multiples of
// the scale within +-limit.
func weightLoss(w []float64, scale, limit float64, importance []float64) float64 {
	sum, inverse, n := 0.0, 1/scale, len(importance)
	for base := 0; base < len(w); base += n {
		for c, v := range w[base : base+n] {
			q := min(max(math.Floor(v*inverse+0.5), -limit), limit)
			d := v - q*scale
			sum += importance[c] * d * d
		}
	}
	return sum
}

// weightCode rounds one weight to its restricted symmetric code.
func weightCode(v, scale float64, bits int) int8 {
	limit := float64(int(1)<<(bits-1) - 1)
	return int8(min(max(hup(v/scale), -limit), limit))
}
