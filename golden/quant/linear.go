package quant

import (
	"fmt"
	"math"

	"vitdse/configs"
	"vitdse/golden/intnet"
)

// activations are the codes that a layer reads: their grid and width, and what the
// calibration knows of each channel.
type activations struct {
	grid
	bits     int
	mean     []float64 // of the real value
	coded    []float64 // mean of what the codes stand for
	variance []float64 // of the real value
	source   *mapped
	// codes of the same rows that the quantized layers before it give; nil where they are those of the real values
	fed *sample
}

// of is the same grid with what is known of another sample's values.
func (a activations) of(s *sample) activations {
	a.source = &mapped{sample: s, f: a.source.f}
	a.mean, a.variance = a.source.moments()
	a.coded = a.source.coded(a.grid, a.bits)
	return a
}

// linear is a matmul in real numbers, with what is known about both its ends.
type linear struct {
	name    string
	layer   configs.LayerBits
	w       []float64 // Out x In
	bias    []float64
	rounded rounded
	biased  bool // the mean error of rounding weights and input stays in
	bits    int  // of the weights
	in      activations
	out     []float64 // real size of one output step, one an output
	zero    int
	outBits int
}

// build rounds a matmul to integers, as the quantizer's menu says.
func (q *quantizer) build(l linear) (intnet.Linear, error) {
	own := l.layer
	own.Name = l.name
	l.biased = q.menu.BiasCorrection == configs.Off || q.givenWeights(l.layer) != nil || q.givenWeights(own) != nil
	lin, err := l.build()
	if err == nil {
		q.report.linear(l, &lin)
	}
	return lin, err
}

// biasRows is how many rows it takes to trust half of the mean error that coding the inputs causes:
// of one row the error is no mean.
const biasRows = 8

// build rounds the matmul to integers. The mean error that rounding weights and input
// causes is taken out through the bias.
func (l linear) build() (intnet.Linear, error) {
	n, k := len(l.bias), len(l.in.mean)
	q := intnet.Linear{
		Name: l.name, In: k, Out: n, WeightBits: l.bits, ActBits: l.in.bits,
		W: l.rounded.weights, Bias: make([]int64, n), Zero: int32(l.zero), Bits: l.outBits,
		Group: l.rounded.group, GroupM: l.rounded.mult,
	}
	if q.Dynamic = l.in.bits == intnet.FineBits; q.Dynamic {
		q.ActBits = l.layer.Activations
	}
	ratios := make([]float64, n)
	// What coding the inputs adds is trusted as far as its rows go, what rounding the weights adds always.
	trust := float64(l.in.source.rows) / (float64(l.in.source.rows) + biasRows)
	for o := range n {
		row, scale := l.w[o*k:(o+1)*k], l.rounded.scales[o]
		bias := l.bias[o]
		sum, size := int64(0), int64(0)
		for c, v := range row {
			code := int64(q.Weight(o, c))
			if !l.biased {
				bias += trust * (v*l.in.mean[c] - float64(code)*scale*l.in.coded[c])
				bias += (1 - trust) * (v - float64(code)*scale) * l.in.mean[c]
			}
			sum += code
			size += max(code, -code)
		}
		step := l.in.Scale * scale
		code := hup(bias / step)
		if !(code > -1<<40 && code < 1<<40) {
			return q, fmt.Errorf("%s: bias of output %d is %g steps of its accumulator; expected less than 2^31: "+
				"its weights are too small for it", l.name, o, code)
		}
		q.Bias[o] = int64(code) - int64(l.in.Zero)*sum
		bound := uint64(size) << (q.ActBits - 1)
		if !q.Dynamic {
			bound += uint64(max(q.Bias[o], -q.Bias[o]))
		}
		q.AccBits = max(q.AccBits, signedBits(bound))
		ratios[o] = step / l.out[o]
	}
	var err error
	if q.M, q.Shift, err = multipliers(ratios); err != nil {
		return q, fmt.Errorf("%s: %w", l.name, err)
	}
	if q.AccBits > 32 {
		return q, fmt.Errorf("%s: accumulator needs %d bits; at most 32 are covered: use fewer weight or activation bits",
			l.name, q.AccBits)
	}
	return q, nil
}

// product folds a per-channel scale and offset of the input into the matmul:
// w (scale x + offset) + b = (w scale) x + (b + w offset). scale and offset may be nil.
func product(w, b []float32, scale, offset []float64) (weights, bias []float64) {
	in := len(w) / len(b)
	weights, bias = make([]float64, len(w)), make([]float64, len(b))
	for o := range b {
		bias[o] = float64(b[o])
		for c := range in {
			v := float64(w[o*in+c])
			if offset != nil {
				bias[o] += v * offset[c]
			}
			if scale != nil {
				v *= scale[c]
			}
			weights[o*in+c] = v
		}
	}
	return weights, bias
}

// columnPower is sum_o w[o][c]^2: how much an error in input channel c matters.
func columnPower(w []float64, in int) []float64 {
	p := make([]float64, in)
	for i, v := range w {
		p[i%in] += v * v
	}
	return p
}

// repeat is n times the value v.
func repeat(v float64, n int) []float64 {
	list := make([]float64, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// round returns the remembered scales and codes of a layer's weights; out is the real size
// of each output's step.
func (q *quantizer) round(bits configs.LayerBits, w []float64, in activations, fold float64, out []float64) rounded {
	if s := q.givenWeights(bits); s != nil {
		return givenCodes(w, s, 1, bits.Weights)
	}
	key := weightKey{inputKey{bits.Name, in.bits, fold, q.menu}, bits.Weights, bits.Granularity, bits.Group, ""}
	var grow func(o int, scale float64) float64
	if q.menu.Scales == configs.PowerOfTwos {
		key.outs = fmt.Sprint(out)
		grow = func(o int, scale float64) float64 { return powerOfTwoAbove(in.Scale*scale/out[o]) * out[o] / in.Scale }
	}
	compute := q.stats.weights.get
	if in.fed != nil {
		compute = q.fed[bits.Name].once
	}
	return compute(key, func() rounded {
		k := len(in.mean)
		if q.menu.Rounding == configs.Nearest {
			s := weightSteps(w, k, bits, q.menu, in.variance, grow)
			return rounded{s, nearest(w, s)}
		}
		inputs, best := q.fitted(key.inputKey, w, in)
		s := weightSteps(best, k, bits, q.menu, in.variance, grow)
		codes := compensate(best, s, inputs)
		if q.menu.Rounding == configs.Descent {
			descend(best, s, codes, inputs, largest(s.scales)/512, bits.Granularity == configs.PerChannel && grow == nil)
		}
		return rounded{s, codes}
	})
}

// fitted returns the factors of a layer's inputs and its weights refitted to them, remembered unless the inputs are
// what this network's quantized layers give.
func (q *quantizer) fitted(key inputKey, w []float64, in activations) (inputs []factor, best []float64) {
	inputsOf := func() []factor { return factors(in, q.menu.Rounding == configs.Descent) }
	if in.fed != nil {
		inputs = inputsOf()
		return inputs, refit(w, len(in.mean), inputs)
	}
	inputs = q.stats.inputs.get(key, inputsOf)
	return inputs, q.stats.refits.get(key, func() []float64 { return refit(w, len(in.mean), inputs) })
}

// powerOfTwoAbove is the least power of two that is not below v, but for rounding errors.
func powerOfTwoAbove(v float64) float64 { return math.Exp2(math.Ceil(math.Log2(v) - 1e-9)) }

// nearest rounds every weight by itself.
func nearest(w []float64, s steps) []int8 {
	in := len(w) / len(s.scales)
	codes, row := make([]int8, len(w)), make([]float64, in)
	for i, v := range w {
		if i%in == 0 {
			s.row(i/in, row)
		}
		codes[i] = s.codes.code(v, row[i%in])
	}
	return codes
}
