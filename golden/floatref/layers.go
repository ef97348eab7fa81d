package floatref

import (
	"math"

	"vitdse/configs"
)

// linear is y = x W^T + b with W of Out x In.
type linear struct {
	in   int
	w, b []float64
}

func newLinear(w, b []float32) linear {
	return linear{in: len(w) / len(b), w: widen(w), b: widen(b)}
}

func widen(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

// rows is the part of the layer that computes outputs [from, to).
func (l linear) rows(from, to int) linear {
	return linear{l.in, l.w[from*l.in : to*l.in], l.b[from:to]}
}

// run computes the given number of rows: two rows by three outputs at a time, then
// what is left one by one.
func (l linear) run(x, y []float64, rows int) {
	in, out := l.in, len(l.b)
	r := 0
	for ; r+2 <= rows; r += 2 {
		x0, x1 := x[r*in:(r+1)*in], x[(r+1)*in:(r+2)*in]
		y0, y1 := y[r*out:(r+1)*out], y[(r+1)*out:(r+2)*out]
		o := 0
		for ; o+3 <= out; o += 3 {
			t := tile(x0, x1, l.w[o*in:(o+1)*in], l.w[(o+1)*in:(o+2)*in], l.w[(o+2)*in:(o+3)*in])
			for j := range 3 {
				y0[o+j] = t[j] + l.b[o+j]
				y1[o+j] = t[3+j] + l.b[o+j]
			}
		}
		for ; o < out; o++ {
			w := l.w[o*in : (o+1)*in]
			y0[o], y1[o] = dot(x0, w)+l.b[o], dot(x1, w)+l.b[o]
		}
	}
	for ; r < rows; r++ {
		for o := range out {
			y[r*out+o] = dot(x[r*in:(r+1)*in], l.w[o*in:(o+1)*in]) + l.b[o]
		}
	}
}

// add is run into pre, followed by the residual add into y.
func (l linear) add(x, res, pre, y []float64, rows int) []float64 {
	l.run(x, pre, rows)
	for i, v := range pre {
		y[i] = res[i] + v
	}
	return y
}

// tile is the six dot products of two rows with three weight rows.
func tile(x0, x1, w0, w1, w2 []float64) [6]float64 {
	n := len(x0)
	x1, w0, w1, w2 = x1[:n], w0[:n], w1[:n], w2[:n]
	var a, b, c, d, e, f float64
	for k, p := range x0 {
		q, u, v, w := x1[k], w0[k], w1[k], w2[k]
		a += p * u
		b += p * v
		c += p * w
		d += q * u
		e += q * v
		f += q * w
	}
	return [6]float64{a, b, c, d, e, f}
}

func dot(x, w []float64) float64 {
	w = w[:len(x)]
	var s float64
	for k, v := range x {
		s += v * w[k]
	}
	return s
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
	case configs.ReLU:
		return func(x float64) float64 { return max(x, 0) }
	}
	return GELU
}

// pool is the mean, or the maximum, over rows of Dim channels.
func (n *Network) pool(x, pooled []float64) {
	rows := float64(len(x) / len(pooled))
	copy(pooled, x)
	for i, v := range x[len(pooled):] {
		if c := i % len(pooled); n.Model.Pool == configs.PoolMax {
			pooled[c] = max(pooled[c], v)
		} else {
			pooled[c] += v
		}
	}
	if n.Model.Pool != configs.PoolMax {
		for c := range pooled {
			pooled[c] /= rows
		}
	}
}

// attend computes scores (scaled by 1/sqrt(d)), probabilities and their product
// with v, per head.
func (n *Network) attend(q, k, v, scores, prob, av []float64) {
	tokens, dim, hd := n.Model.Tokens(), n.Model.Dim, n.Model.HeadDim()
	scale := 1 / math.Sqrt(float64(hd))
	for h := range n.Model.Heads {
		col := h * hd
		for i := range tokens {
			at := (h*tokens + i) * tokens
			s, p := scores[at:at+tokens], prob[at:at+tokens]
			for j := range s {
				s[j] = scale * dot(q[i*dim+col:i*dim+col+hd], k[j*dim+col:j*dim+col+hd])
			}
			softmax(s, p)
			out := av[(h*tokens+i)*hd : (h*tokens+i+1)*hd]
			clear(out)
			for j, w := range p {
				for d, x := range v[j*dim+col : j*dim+col+hd] {
					out[d] += w * x
				}
			}
		}
	}
}

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
