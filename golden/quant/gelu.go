package quant

import (
	"vitdse/golden/floatref"
	"vitdse/golden/intnet"
)

// geluFloor is where GELU is as good as 0: GELU(-4) = -0.00013.
const geluFloor = -4

// geluInput spreads the index codes over the inputs that make a difference: from the
// least one (not below geluFloor) to the first that saturates the output.
func geluInput(hidden *sample, out activations, width int) grid {
	lo, hi := 0.0, 0.0
	for c := range hidden.lo {
		lo, hi = min(lo, hidden.lo[c]), max(hi, hidden.hi[c])
	}
	lo = max(lo, geluFloor)
	top := float64(1<<(out.bits-1)-1-out.Zero) * out.Scale
	hi = min(hi, inverseGELU(top+out.Scale/2))
	return gridBetween(lo, max(hi, 1e-6), width)
}

// inverseGELU finds x >= 0 with GELU(x) = y by bisection; y is at least 0.
func inverseGELU(y float64) float64 {
	lo, hi := 0.0, y+1
	for range 60 {
		if mid := (lo + hi) / 2; floatref.GELU(mid) < y {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// geluTable tabulates the output code of every index code.
func geluTable(name string, in grid, width int, out activations) intnet.GELU {
	g := intnet.GELU{Name: name, InBits: width, OutBits: out.bits}
	limit := float64(int(1) << (out.bits - 1))
	half := 1 << (width - 1)
	for h := -half; h < half; h++ {
		y := hup(floatref.GELU(float64(h-in.Zero)*in.Scale)/out.Scale) + float64(out.Zero)
		if y = min(max(y, -limit), limit-1); out.bits == intnet.FineBits {
			g.Fine = append(g.Fine, int16(y))
		} else {
			g.Table = append(g.Table, int8(y))
		}
	}
	return g
}
