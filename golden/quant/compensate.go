package quant

import "vitdse/golden/internal/kernel"

// refit returns the weights that do best on coded inputs, before any rounding: those
// that minimise E (w x - w' coded(x))^2. They predict part of a channel's coding error
// from the other channels. They solve w' H = w cross: w' = (w cross) U^T U.
func refit(w []float64, in int, inputs []factor) []float64 {
	best, out := make([]float64, len(w)), len(w)/in
	for _, f := range inputs {
		n := len(f.order)
		a, b := f.gather(w, in), make([]float64, out*n)
		var right kernel.Reals
		right.RealColumns(f.cross, n, n, n)
		kernel.MultiplyReals(b, n, a, n, out, &right, nil)
		clear(a)
		right.RealRows(f.u, n, n, n)
		kernel.MultiplyReals(a, n, b, n, out, &right, nil)
		clear(b)
		right.RealColumns(f.u, n, n, n)
		kernel.MultiplyReals(b, n, a, n, out, &right, nil)
		for o := range out {
			for i, c := range f.order {
				best[o*in+c] = b[o*n+i]
			}
		}
	}
	return best
}

// gather is the weights of the group's channels in its order, Out x n.
func (f factor) gather(w []float64, in int) []float64 {
	n, out := len(f.order), len(w)/in
	part := make([]float64, out*n)
	for o := range out {
		for i, c := range f.order {
			part[o*n+i] = w[o*in+c]
		}
	}
	return part
}

// compensate rounds weights (Out x In) to codes one input channel after the other.
// Each channel's rounding error is made up as far as possible by the channels that
// are still to be rounded, as the covariance of the inputs says: the method that
// Frantar et al. call GPTQ (2022). Plain rounding is the case of independent inputs.
func compensate(w []float64, s steps, inputs []factor) []int8 {
	codes := make([]int8, len(w))
	for _, f := range inputs {
		f.round(w, codes, s)
	}
	return codes
}

// roundedTogether is how many channels are rounded before their errors reach the channels behind them.
const roundedTogether = 64

// round rounds the weights of the group's channels, of all outputs.
func (f factor) round(w []float64, codes []int8, s steps) {
	n, out := len(f.order), len(s.scales)
	left := f.gather(w, len(w)/out)
	errors := make([]float64, out*roundedTogether)
	var right kernel.Reals
	for from := 0; from < n; from += roundedTogether {
		to := min(n, from+roundedTogether)
		for o := range out {
			f.roundPart(left[o*n:(o+1)*n], errors[o*roundedTogether:], codes, s, o, from, to)
		}
		if to < n {
			right.RealColumns(f.u[from*n+to:], n-to, to-from, n)
			kernel.MultiplyReals(left[to:], n, errors, roundedTogether, out, &right, nil)
		}
	}
}

// roundPart rounds channels [from, to) of the order for one output, and writes by how much the channels behind them are
// to change for each.
func (f factor) roundPart(left, errors []float64, codes []int8, s steps, o, from, to int) {
	n, in := len(left), len(codes)/len(s.scales)
	for i := from; i < to; i++ {
		c := f.order[i]
		scale := s.at(o, c, in)
		code := s.codes.code(left[i], scale)
		codes[o*in+c] = code
		u := f.u[i*n : i*n+to]
		e := (left[i] - float64(code)*scale) / u[i]
		errors[i-from] = -e
		for j := i + 1; j < to; j++ {
			left[j] -= e * u[j]
		}
	}
}
