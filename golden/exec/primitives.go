package exec

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
