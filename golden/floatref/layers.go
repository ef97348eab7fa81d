package floatref

import (
	"math"

	"vitdse/configs"
	"vitdse/golden/internal/kernel"
)

// linear is y = x W^T + b with W of Out x In.
type linear struct {
	in int
	w  kernel.Reals
	b  []float64
}

func newLinear(w, b []float32) linear {
	l := linear{in: len(w) / len(b), b: widen(b)}
	l.w.RealRows(widen(w), len(b), l.in, l.in)
	return l
}

// newParts are linears of equal parts of the outputs: q, k and v.
func newParts(w, b []float32, parts int) []linear {
	var list []linear
	for i := range parts {
		n, k := len(w)/parts, len(b)/parts
		list = append(list, newLinear(w[i*n:(i+1)*n], b[i*k:(i+1)*k]))
	}
	return list
}

func widen(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

// run computes the given number of rows.
func (l *linear) run(x, y []float64, rows int) {
	out := len(l.b)
	y = y[:rows*out]
	clear(y)
	kernel.MultiplyReals(y, out, x, l.in, rows, &l.w, nil)
	for ; len(y) > 0; y = y[out:] {
		for o, b := range l.b {
			y[o] += b
		}
	}
}

// add is run into pre, followed by the residual add into y.
func (l *linear) add(x, res, pre, y []float64, rows int) []float64 {
	l.run(x, pre, rows)
	for i, v := range pre {
		y[i] = res[i] + v
	}
	return y
}

// layerNorm normalises each row to mean 0 and variance 1, then scales and shifts.
type layerNorm struct {
	g, b []float64
	eps  float64
}

func newNorm(g, b []float32, eps float64) layerNorm {
	return layerNorm{widen(g), widen(b), eps}
}

func (l layerNorm) run(x, y []float64) {
	n := len(l.g)
	for ; len(x) > 0; x, y = x[n:], y[n:] {
		mean, variance := Moments(x[:n])
		scale := 1 / math.Sqrt(variance+l.eps)
		for c, v := range x[:n] {
			y[c] = (v-mean)*scale*l.g[c] + l.b[c]
		}
	}
}

// Moments returns mean and (biased) variance, as LayerNorm uses them.
func Moments(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / float64(len(x))
}

// GELU is the exact function x * Phi(x).
func GELU(x float64) float64 { return 0.5 * x * (1 + math.Erf(x/math.Sqrt2)) }

// ActivationOf is the function between the layers of a model's MLPs.
func ActivationOf(m configs.Model) func(x float64) float64 {
	switch m.ActivationOf() {
	case configs.GELUTanh:
		return func(x float64) float64 { return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))) }
	case configs.QuickGELU:
		return func(x float64) float64 { return x / (1 + math.Exp(-1.702*x)) }
	case configs.SiLU:
		return func(x float64) float64 { return x / (1 + math.Exp(-x)) }
	case configs.ReLU:
		return func(x float64) float64 { return max(x, 0) }
	}
	return GELU
}

// scratch are the right operands of an attention's products.
type scratch struct{ keys, values kernel.Reals }

// softmax writes exp(s) / sum exp(s), relative to the row's maximum.
func softmax(s, p []float64) {
	top := math.Inf(-1)
	for _, v := range s {
		top = max(top, v)
	}
	sum := 0.0
	for j, v := range s {
		p[j] = math.Exp(v - top)
		sum += p[j]
	}
	for j := range p {
		p[j] /= sum
	}
}
