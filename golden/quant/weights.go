package quant

import (
	"math"

	"vitdse/configs"
)

// weightKey names the weights of a layer and what their codes depend on.
type weightKey struct {
	inputKey
	bits  int
	gran  configs.Granularity
	group int
}

// steps are the sizes of the weights' codes: a scale an output, and with groups an
// integer multiplier for each group of inputs.
type steps struct {
	scales []float64 // Out
	group  int       // 0 for none
	mult   []uint8   // Out x In/group, 1..maxMult
}

// maxMult is the largest multiplier of a group.
const maxMult = 1 << configs.GroupMultBits

// row writes the step of each weight of output o.
func (s steps) row(o int, dst []float64) {
	for c := range dst {
		dst[c] = s.scales[o]
		if s.group > 0 {
			dst[c] *= float64(s.mult[(o*len(dst)+c)/s.group])
		}
	}
}

// rounded is a layer's weights as codes, Out x In, and what they stand for.
type rounded struct {
	steps
	codes []int8
}

// rows is the part for outputs [from, to).
func (r rounded) rows(from, to int) rounded {
	in := len(r.codes) / len(r.scales)
	part := rounded{steps{scales: r.scales[from:to], group: r.group}, r.codes[from*in : to*in]}
	if r.group > 0 {
		part.mult = r.mult[from*in/r.group : to*in/r.group]
	}
	return part
}

// weightSteps finds the steps of a layer's weights for its granularity.
func weightSteps(w []float64, in int, bits configs.LayerBits, importance []float64) steps {
	if bits.Granularity == configs.PerGroup {
		return groupSteps(w, in, bits.Weights, bits.Group, importance)
	}
	return steps{scales: weightScales(w, in, bits.Weights, bits.Granularity, importance)}
}

// groupSteps finds the best scale of every group, and the multipliers of the least error
// relative to the largest of the output's groups.
func groupSteps(w []float64, in, bits, group int, importance []float64) steps {
	out, limit := len(w)/in, float64(int(1)<<(bits-1)-1)
	s := steps{scales: make([]float64, out), group: group, mult: make([]uint8, len(w)/group)}
	part := func(i int) (values, power []float64) { // of group i of all outputs
		at := i * group % in
		return w[i*group : (i+1)*group], importance[at : at+group]
	}
	top := 0.0
	for i := range s.mult {
		values, power := part(i)
		o := i * group / in
		s.scales[o] = max(s.scales[o], bestScale(values, bits, power)/maxMult)
		top = max(top, s.scales[o])
	}
	floorScales(s.scales, top)
	for i := range s.mult {
		values, power := part(i)
		best := math.Inf(1)
		for m := maxMult; m > 0; m-- { // the largest of equals
			if e := weightLoss(values, float64(m)*s.scales[i*group/in], limit, power); e < best {
				best, s.mult[i] = e, uint8(m)
			}
		}
	}
	return s
}

// floorScales raises scales to at least 1/512 of the largest, which keeps every
// multiplier M at 64 or more.
func floorScales(scales []float64, top float64) {
	if top == 0 {
		top = 1 // all weights are 0
	}
	for o := range scales {
		scales[o] = max(scales[o], top/512)
	}
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
	floorScales(scales, top)
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
