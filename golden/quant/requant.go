package quant

import (
	"fmt"
	"math"
	"math/bits"
)

// maxShift bounds every requantization shift, so that the rounding constant and the
// product fit 64 bits.
const maxShift = 48

// multipliers turns positive ratios into M/2^shift with one shift for all: the
// largest (at most maxShift) with every M below 2^16.
func multipliers(ratios []float64) (m []uint16, shift uint, err error) {
	top := 0.0
	for i, r := range ratios {
		if !(r > 0) || math.IsInf(r, 0) {
			return nil, 0, fmt.Errorf("scale ratio %d is %g; expected a positive number", i, r)
		}
		top = max(top, r)
	}
	if hup(top) > math.MaxUint16 {
		return nil, 0, fmt.Errorf("scale ratio %g does not fit 16 bits", top)
	}
	for shift < maxShift && hup(math.Ldexp(top, int(shift)+1)) <= math.MaxUint16 {
		shift++
	}
	m = make([]uint16, len(ratios))
	for i, r := range ratios {
		m[i] = uint16(hup(math.Ldexp(r, int(shift))))
	}
	return m, shift, nil
}

// signedBits is the width of a signed number of magnitude at most v.
func signedBits(v uint64) int { return 1 + bits.Len64(v) }
