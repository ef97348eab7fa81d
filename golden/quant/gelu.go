package quant

import (
	"vitdse/configs"
	"vitdse/golden/floatref"
	"vitdse/golden/intnet"
)

// activationFloor is where an activation is as good as 0: GELU(-4) = -0.00013, and that of the
// quick one at -6 is -0.00022.
func activationFloor(a configs.Activation) float64 {
	switch a {
	case configs.QuickGELU:
		return -6
	case configs.SiLU:
		return -10
	case configs.ReLU:
		return 0
	}
	return -4
}

// geluInput spreads the index codes over the inputs that make a difference: from the
// least one (not below the activation's floor) to the first that saturates the output.
func (q *quantizer) geluInput(hidden *sample, out activations) grid {
	lo, hi := q.activated(hidden)
	top := float64(1<<(out.bits-1)-1-out.Zero) * out.Scale
	hi = min(hi, inverse(floatref.ActivationOf(q.model), top+out.Scale/2))
	return gridBetween(lo, max(hi, 1e-6), q.num.GELUBits)
}

// activated is the range of an activation's inputs that make a difference.
func (q *quantizer) activated(hidden *sample) (lo, hi float64) {
	for c := range hidden.lo {
		lo, hi = min(lo, hidden.lo[c]), max(hi, hidden.hi[c])
	}
	lo, hi = lo*q.stats.reach(), hi*q.stats.reach()
	return max(lo, activationFloor(q.model.ActivationOf())), hi
}

// inverse finds x >= 0 with f(x) = y by bisection; y is at least 0, and f(y+1) at least y.
func inverse(f func(x float64) float64, y float64) float64 {
	lo, hi := 0.0, y+1
	for range 60 {
		if mid := (lo + hi) / 2; f(mid) < y {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// geluTable tabulates the output code of every index code, for whatever activation the model has.
func (q *quantizer) geluTable(name string, in grid, out activations) intnet.GELU {
	width, f := q.num.GELUBits, floatref.ActivationOf(q.model)
	g := intnet.GELU{Name: name, InBits: width, OutBits: out.bits}
	limit := float64(int(1) << (out.bits - 1))
	half := 1 << (width - 1)
	for h := -half; h < half; h++ {
		y := hup(f(float64(h-in.Zero)*in.Scale)/out.Scale) + float64(out.Zero)
		if y = min(max(y, -limit), limit-1); out.bits == intnet.FineBits {
			g.Fine = append(g.Fine, int16(y))
		} else {
			g.Table = append(g.Table, int8(y))
		}
	}
	return g
}
