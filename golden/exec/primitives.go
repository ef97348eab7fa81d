package exec

import "math/bits"

// rsh is floor(x/2^s + 1/2): an arithmetic shift right that rounds half up.
func rsh(x int64, s uint) int64 {
	return (x + int64(1)<<s>>1) >> s
}

// sat clamps x to a signed number of b bits.
func sat(x int64, b int) int64 {
	limit := int64(1) << (b - 1)
	return min(max(x, -limit), limit-1)
}

// rq requantizes an accumulator: sat_b(rsh(acc*m, s) + z).
func rq(acc int64, m uint16, s uint, z int64, b int) int64 {
	return sat(rsh(acc*int64(m), s)+z, b)
}

// rsqrt is LayerNorm's reciprocal square root: about 2^k/sqrt(d), at most 2^17-1, by
// table look-up. d is positive.
func rsqrt(d int64, k uint, table []uint32) int64 {
	e := (bits.Len64(uint64(d)) - 1) / 2
	var idx int64 // in [64, 256)
	if e <= 3 {
		idx = d << (6 - 2*e)
	} else {
		idx = d >> (2*e - 6)
	}
	q := int64(table[idx-64])
	if up := int(k) - 17 - e; up >= 0 {
		q <<= up
	} else {
		q >>= -up
	}
	return min(q, 1<<17-1)
}
