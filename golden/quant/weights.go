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
	outs  string // sizes of the outputs' steps, where the scales depend on them
}

// steps are the sizes of the weights' codes: a scale an output, and with groups an
// integer multiplier for each group of inputs.
type steps struct {
	scales []float64 // Out
	group  int       // 0 for none
	mult   []uint8   // Out x In/group, 1..maxMult
	codes  codeRange
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

// at is the step of the weight of output o that reads input c, of in inputs.
func (s steps) at(o, c, in int) float64 {
	if s.group > 0 {
		return s.scales[o] * float64(s.mult[(o*in+c)/s.group])
	}
	return s.scales[o]
}

// rounded is a layer's weights as codes, Out x In, and what they stand for.
type rounded struct {
	steps
	weights []int8
}

// rows is the part for outputs [from, to).
func (r rounded) rows(from, to int) rounded {
	in := len(r.weights) / len(r.scales)
	part := rounded{steps{scales: r.scales[from:to], group: r.group, codes: r.codes}, r.weights[from*in : to*in]}
	if r.group > 0 {
		part.mult = r.mult[from*in/r.group : to*in/r.group]
	}
	return part
}

// codeRange is which codes weights may have.
type codeRange struct {
	bits int
	full bool
}

// least and most are the ends of the range. The code -128 never occurs.
func (r codeRange) least() float64 {
	if r.full && r.bits < 8 {
		return -r.most() - 1
	}
	return -r.most()
}

func (r codeRange) most() float64 { return float64(int(1)<<(r.bits-1) - 1) }

// scale is the size of a step if numbers up to top span the codes.
func (r codeRange) scale(top float64) float64 {
	if r.full {
		return 2 * top / (2*r.most() + 1)
	}
	return top / r.most()
}

// code rounds one weight.
func (r codeRange) code(v, scale float64) int8 {
	return int8(min(max(hup(v/scale), r.least()), r.most()))
}

// weightSteps finds the steps of a layer's weights for its granularity. grow, which may be
// nil, raises the scale of an output. Input channels are taken as independent, with the
// given importance (variance).
func weightSteps(w []float64, in int, bits configs.LayerBits, menu configs.Quantizer, importance []float64,
	grow func(o int, scale float64) float64) steps {
	r := codeRange{bits.Weights, menu.CodeRange == configs.FullRange}
	est := weightEstimatorOf(menu, w, in, r)
	out, part, unit := len(w)/in, in, 1
	switch bits.Granularity {
	case configs.PerLayer:
		part = len(w)
	case configs.PerGroup:
		part, unit = bits.Group, maxMult
	}
	s := steps{scales: make([]float64, out), codes: r}
	top := 0.0
	for i := 0; i < len(w); i += part {
		scale := est.scale(w[i:i+part], window(importance, i, part)) / float64(unit)
		for o := i / in; o == i/in || o*in < i+part; o++ {
			s.scales[o] = max(s.scales[o], scale)
		}
		top = max(top, scale)
	}
	if top == 0 {
		top = 1 // all weights are 0
	}
	for o := range s.scales {
		s.scales[o] = max(s.scales[o], top/512) // keeps every multiplier M at 64 or more
		if grow != nil {
			s.scales[o] = grow(o, s.scales[o])
		}
	}
	if bits.Granularity == configs.PerGroup {
		s.group = bits.Group
		s.mult = groupMultipliers(w, in, s, importance)
	}
	return s
}

// window is the importance of the inputs that weights [i, i+n) read.
func window(importance []float64, i, n int) []float64 {
	if n >= len(importance) {
		return importance
	}
	at := i % len(importance)
	return importance[at : at+n]
}

// groupMultipliers finds the multiplier of least error for every group.
func groupMultipliers(w []float64, in int, s steps, importance []float64) []uint8 {
	mult := make([]uint8, len(w)/s.group)
	for i := range mult {
		at := i * s.group
		best := math.Inf(1)
		for m := maxMult; m > 0; m-- { // the largest of equals
			if e := weightLoss(w[at:at+s.group], float64(m)*s.scales[at/in], s.codes,
				window(importance, at, s.group), best); e < best {
				best, mult[i] = e, uint8(m)
			}
		}
	}
	return mult
}

// weightLoss is the importance-weighted squared error of rounding to codes of the scale, or, once it has reached the
// limit, what it is so far.
func weightLoss(w []float64, scale float64, r codeRange, importance []float64, limit float64) float64 {
	sum, inverse, n := 0.0, 1/scale, len(importance)
	least, most := r.least(), r.most()
	for base := 0; base < len(w); base += n {
		for c, v := range w[base : base+n] {
			q := math.Floor(v*inverse + 0.5)
			if q < least {
				q = least
			} else if q > most {
				q = most
			}
			d := v - q*scale
			if sum += importance[c] * d * d; sum >= limit {
				return sum
			}
		}
	}
	return sum
}
