package quant

import (
	"math"
	"sort"
)

// inputKey names a layer's input tensor.
type inputKey struct {
	layer string
	fold  float64
}

// maxGroup bounds the channels that are rounded together, and so the cubic cost of
// their factor; channels of different groups are taken as independent.
const maxGroup = 1024

// damping is added to the covariance's diagonal, relative to its mean.
const damping = 0.01

// factor says how rounding errors of one group of input channels are to be made up
// by the channels rounded later: an upper triangular U with U^T U the inverse of the
// covariance, channels in rounding order.
type factor struct {
	order []int     // channels, in the order of rounding
	u     []float64 // n x n, row-major
}

// compensate rounds weights (Out x In) to codes one input channel after the other.
// Each channel's rounding error is made up as far as possible by the channels that
// are still to be rounded, as the covariance of the inputs says: the method that
// Frantar et al. call GPTQ (2022). Plain rounding is the case of independent inputs.
func compensate(w, scales []float64, bits int, inputs []factor) []int8 {
	in := len(w) / len(scales)
	codes := make([]int8, len(w))
	for o, scale := range scales {
		for _, f := range inputs {
			f.round(w[o*in:(o+1)*in], codes[o*in:(o+1)*in], scale, bits)
		}
	}
	return codes
}

// round rounds one output's weights of the group.
func (f factor) round(w []float64, codes []int8, scale float64, bits int) {
	n := len(f.order)
	left := make([]float64, n)
	for i, c := range f.order {
		left[i] = w[c]
	}
	for i, c := range f.order {
		code := weightCode(left[i], scale, bits)
		codes[c] = code
		u := f.u[i*n : (i+1)*n]
		e := (left[i] - float64(code)*scale) / u[i]
		for j := i + 1; j < n; j++ {
			left[j] -= e * u[j]
		}
	}
}

// factors prepares the groups of a layer's input channels.
func factors(in activations) []factor {
	var list []factor
	for from := 0; from < len(in.mean); from += maxGroup {
		to := min(from+maxGroup, len(in.mean))
		order := make([]int, to-from)
		for i := range order {
			order[i] = from + i
		}
		sort.SliceStable(order, func(i, j int) bool { return in.variance[order[i]] > in.variance[order[j]] })
		list = append(list, factor{order, inverseFactor(in.covariance(order), len(order))})
	}
	return list
}

// covariance of the given channels, n x n, with damping.
func (a activations) covariance(order []int) []float64 {
	n := len(order)
	h := make([]float64, n*n)
	row := make([]float64, n)
	trace := 0.0
	for r := range a.source.rows {
		values := a.source.values[r*a.source.channels:]
		for i, c := range order {
			row[i] = a.f(float64(values[c]), c) - a.mean[c]
		}
		for i, v := range row {
			dst := h[i*n : (i+1)*n]
			for j := i; j < n; j++ {
				dst[j] += v * row[j]
			}
		}
	}
	for i := range n {
		trace += h[i*n+i]
	}
	for i := range n {
		h[i*n+i] += damping*trace/float64(n) + 1e-9
		for j := range i {
			h[i*n+j] = h[j*n+i]
		}
	}
	return h
}

// inverseFactor is the upper triangular U with U^T U = H^-1. H is symmetric and
// positive definite; it is overwritten. With H = R R^T, R upper, U is R^-1.
func inverseFactor(h []float64, n int) []float64 {
	for j := n - 1; j >= 0; j-- { // R in place, column by column from the last
		rj := h[j*n : (j+1)*n]
		d := rj[j]
		for k := j + 1; k < n; k++ {
			d -= rj[k] * rj[k]
		}
		rj[j] = math.Sqrt(max(d, 1e-300))
		for i := range j {
			ri := h[i*n : (i+1)*n]
			s := ri[j]
			for k := j + 1; k < n; k++ {
				s -= ri[k] * rj[k]
			}
			ri[j] = s / rj[j]
		}
	}
	u := make([]float64, n*n)
	for i := n - 1; i >= 0; i-- { // row i of U from the rows below it
		ui := u[i*n : (i+1)*n]
		for k := i + 1; k < n; k++ {
			r := h[i*n+k]
			for j := k; j < n; j++ {
				ui[j] -= r * u[k*n+j]
			}
		}
		inverse := 1 / h[i*n+i]
		ui[i] = 1
		for j := i; j < n; j++ {
			ui[j] *= inverse
		}
	}
	return u
}
