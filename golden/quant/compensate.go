package quant

import (
	"math"
	"sort"

	"vitdse/golden/internal/kernel"

	"vitdse/configs"
)

// inputKey names a layer's input codes.
type inputKey struct {
	layer     string
	bits      int
	fold      float64
	quantizer configs.Quantizer
}

// maxGroup bounds the channels that are rounded together, and so the cubic cost of
// their factor; channels of different groups are taken as independent.
const maxGroup = 1024

// The covariance's mean diagonal element, times damping and scarcity times channels
// per sampled row, is added to the diagonal: the fewer the rows, the less they are
// trusted. Measured on the digits network, where the last block has one row an image.
const (
	damping  = 0.01
	scarcity = 0.6
)

// factor is what one group of input channels knows of itself: H is the covariance of
// the values that the codes stand for. Matrices are n x n, row-major, channels in the
// order of rounding.
type factor struct {
	order []int
	u     []float64 // upper triangular, U^T U is the inverse of H
	cross []float64 // covariance of real values (rows) and coded values (columns)
	h     []float64 // H itself, whole; kept for coordinate descent
}

// refit returns the weights that do best on coded inputs, before any rounding: those
// that minimise E (w x - w' coded(x))^2. They predict part of a channel's coding error
// from the other channels.
func refit(w []float64, in int, inputs []factor) []float64 {
	best := make([]float64, len(w))
	for base := 0; base < len(w); base += in {
		for _, f := range inputs {
			f.refit(w[base:base+in], best[base:base+in])
		}
	}
	return best
}

// refit solves w' H = w cross for one output: w' = (w cross) U^T U.
func (f factor) refit(w, best []float64) {
	n := len(f.order)
	t, s := make([]float64, n), make([]float64, n)
	for i, c := range f.order {
		for j, v := range f.cross[i*n : (i+1)*n] {
			t[j] += w[c] * v
		}
	}
	for i := range n {
		u := f.u[i*n : (i+1)*n]
		sum := 0.0
		for j := i; j < n; j++ {
			sum += u[j] * t[j]
		}
		for j := i; j < n; j++ {
			s[j] += sum * u[j]
		}
	}
	for i, c := range f.order {
		best[c] = s[i]
	}
}

// compensate rounds weights (Out x In) to codes one input channel after the other.
// Each channel's rounding error is made up as far as possible by the channels that
// are still to be rounded, as the covariance of the inputs says: the method that
// Frantar et al. call GPTQ (2022). Plain rounding is the case of independent inputs.
func compensate(w []float64, s steps, inputs []factor) []int8 {
	in := len(w) / len(s.scales)
	codes, row := make([]int8, len(w)), make([]float64, in)
	for o := range s.scales {
		s.row(o, row)
		for _, f := range inputs {
			f.round(w[o*in:(o+1)*in], codes[o*in:(o+1)*in], row, s.codes)
		}
	}
	return codes
}

// round rounds one output's weights of the group to multiples of their scales.
func (f factor) round(w []float64, codes []int8, scales []float64, r codeRange) {
	n := len(f.order)
	left := make([]float64, n)
	for i, c := range f.order {
		left[i] = w[c]
	}
	for i, c := range f.order {
		scale := scales[c]
		code := r.code(left[i], scale)
		codes[c] = code
		u := f.u[i*n : (i+1)*n]
		e := (left[i] - float64(code)*scale) / u[i]
		for j := i + 1; j < n; j++ {
			left[j] -= e * u[j]
		}
	}
}

// factors prepares the groups of a layer's input channels.
func factors(in activations, keep bool) []factor {
	var list []factor
	for from := 0; from < len(in.mean); from += maxGroup {
		to := min(from+maxGroup, len(in.mean))
		order := make([]int, to-from)
		for i := range order {
			order[i] = from + i
		}
		sort.SliceStable(order, func(i, j int) bool { return in.variance[order[i]] > in.variance[order[j]] })
		h, cross := in.covariance(order)
		var whole []float64
		if keep {
			whole = mirrored(h, len(order))
		}
		list = append(list, factor{order, inverseFactor(h, len(order)), cross, whole})
	}
	return list
}

// covariance returns that of the coded values, its upper triangle only, and that of
// real and coded values.
// Both are damped alike: without other evidence a channel stands for itself.
func (a activations) covariance(order []int) (h, cross []float64) {
	n := len(order)
	h, cross = make([]float64, n*n), make([]float64, n*n)
	trace := 0.0
	var right kernel.Reals
	var real, coded, codedRows []float64 // real and coded: n x rows
	for from := 0; from < a.source.rows; from += covarianceRows {
		rows := min(covarianceRows, a.source.rows-from)
		real, coded, codedRows = resized(real, n*rows), resized(coded, n*rows), resized(codedRows, n*rows)
		for r := range rows {
			values := a.source.values[(from+r)*a.source.channels:]
			for i, c := range order {
				x := a.f(float64(values[c]), c)
				real[i*rows+r] = x - a.mean[c]
				v := a.round(x, a.bits)
				if a.fed != nil {
					v = a.real(a.fed.values[(from+r)*a.source.channels+c])
				}
				v -= a.coded[c]
				coded[i*rows+r], codedRows[r*n+i] = v, v
			}
		}
		right.RealColumns(codedRows, n, rows, n)
		kernel.MultiplyReals(h, n, coded, rows, n, &right, func(row int) int { return row })
		kernel.MultiplyReals(cross, n, real, rows, n, &right, nil)
	}
	for i := range n {
		trace += h[i*n+i]
	}
	extra := (damping+scarcity*float64(n)/float64(a.source.rows))*trace/float64(n) + 1e-9
	for i := range n {
		h[i*n+i] += extra
		cross[i*n+i] += extra
	}
	return h, cross
}

// covarianceRows is how many sampled rows are multiplied at a time.
const covarianceRows = 512

// resized is a slice of n values, v's own memory where it is long enough.
func resized(v []float64, n int) []float64 {
	if cap(v) < n {
		return make([]float64, n)
	}
	return v[:n]
}

// mirrored is the symmetric matrix of an upper triangle.
func mirrored(h []float64, n int) []float64 {
	m := make([]float64, n*n)
	for i := range n {
		for j := i; j < n; j++ {
			m[i*n+j], m[j*n+i] = h[i*n+j], h[i*n+j]
		}
	}
	return m
}

// inverseFactor is the upper triangular U with U^T U = H^-1. H is symmetric and
// positive definite; its upper triangle is read and overwritten. With H = R R^T, R upper, U is R^-1.
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
