package quant

import (
	"math"
	"sort"

	"vitdse/configs"
	"vitdse/golden/internal/kernel"
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
			values := a.source.real()[(from+r)*a.source.channels:]
			for i, c := range order {
				x := values[c]
				real[i*rows+r] = x - a.mean[c]
				v := a.round(x, a.bits)
				if a.fed != nil {
					v = a.number(a.fed.values[(from+r)*a.source.channels+c])
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

// factoredTogether is how many rows and columns of a factor are made at a time.
const factoredTogether = 32

// inverseFactor is the upper triangular U with U^T U = H^-1. H is symmetric and
// positive definite; its upper triangle is read and overwritten. With H = R R^T, R upper, U is R^-1.
func inverseFactor(h []float64, n int) []float64 {
	var right kernel.Reals
	for to := n; to > 0; to -= factoredTogether { // R in place, some columns after the other from the last
		from := max(0, to-factoredTogether)
		if to < n {
			right.RealRows(negative(h[from*n+to:], to-from, n-to, n), to-from, n-to, n-to)
			kernel.MultiplyReals(h[from:], n, h[to:], n, to, &right, nil)
		}
		rootColumns(h, n, from, to)
	}
	u := make([]float64, n*n)
	for to := n; to > 0; to -= factoredTogether { // rows of U from those below them
		from := max(0, to-factoredTogether)
		if to < n {
			right.RealColumns(u[to*n+to:], n-to, n-to, n)
			kernel.MultiplyReals(u[from*n+to:], n, negative(h[from*n+to:], to-from, n-to, n), n-to, to-from, &right, nil)
		}
		inverseRows(u, h, n, from, to)
	}
	return u
}

// negative is -a of rows x cols values, its rows stride apart.
func negative(a []float64, rows, cols, stride int) []float64 {
	list := make([]float64, 0, rows*cols)
	for r := range rows {
		for _, v := range a[r*stride:][:cols] {
			list = append(list, -v)
		}
	}
	return list
}

// rootColumns makes columns [from, to) of R, all but what the columns behind them take off.
func rootColumns(h []float64, n, from, to int) {
	for j := to - 1; j >= from; j-- {
		rj := h[j*n : j*n+to]
		d := rj[j]
		for k := j + 1; k < to; k++ {
			d -= rj[k] * rj[k]
		}
		rj[j] = math.Sqrt(max(d, 1e-300))
		for i := range j {
			ri := h[i*n : i*n+to]
			s := ri[j]
			for k := j + 1; k < to; k++ {
				s -= ri[k] * rj[k]
			}
			ri[j] = s / rj[j]
		}
	}
}

// inverseRows makes rows [from, to) of U, all but what the rows below them take off.
func inverseRows(u, h []float64, n, from, to int) {
	for i := to - 1; i >= from; i-- {
		ui := u[i*n : (i+1)*n]
		for k := i + 1; k < to; k++ {
			r := h[i*n+k]
			for j, v := range u[k*n+k : (k+1)*n] {
				ui[k+j] -= r * v
			}
		}
		inverse := 1 / h[i*n+i]
		ui[i] = 1
		for j := i; j < n; j++ {
			ui[j] *= inverse
		}
	}
}
