package kernel

// scaling is what is alike for all columns and rows of a requantization,
// sat(((acc*m + 2^(shift-1)) >> shift) + zero).
type scaling struct {
	shift       uint
	round, zero int64
	low, high   int64

	// For assembly: whether results fit 32 bits in front of the clamp, and what is added in
	// front of the shift and behind it.
	vectors       bool
	before, after int64
}

// newScaling takes the largest magnitude of a product.
func newScaling(product uint64, shift uint, zero int64, width int) scaling {
	s := scaling{shift: shift, round: int64(1) << shift >> 1, zero: zero, low: -1 << (width - 1), high: 1<<(width-1) - 1}
	s.vectors = product>>shift < 1<<30 && zero < 1<<29 && zero > -1<<29
	s.before, s.after = arithmetic(s.round, shift)
	s.after = int64(int32(s.after + zero))
	return s
}

// arithmetic gives what is added in front of a shift and behind it, as far as the low 32 bits
// of the result go. AVX2 has no arithmetic shift of 64 bits to the right: 2^63 goes into the
// rounding constant and makes the logical one do, and 2^(63-shift) comes out again behind.
func arithmetic(round int64, shift uint) (before, after int64) {
	if active != avx2 {
		return round, 0
	}
	return round + -1<<63, -int64(uint64(1) << (63 - shift) & (1<<32 - 1))
}

// one requantizes one accumulator.
func (s *scaling) one(acc int32, m int64) int64 {
	return clamp((int64(acc)*m+s.round)>>s.shift+s.zero, s.low, s.high)
}

// requantizer is a function of the assembly. Strides are in values.
type requantizer[T int8 | int32, M uint32 | int64] func(dst *T, acc *int32, m *M, rows, n, dstStride, accStride uintptr,
	before int64, shift uint64, after, low, high int32)

// requantize does rows of n columns with the active tier's function, and tells how many
// columns of each; the others are the caller's.
func requantize[T int8 | int32, M uint32 | int64](ymm, zmm requantizer[T, M], dst []T, stride int, acc []int32, m []M,
	rows, n int, s *scaling) int {
	whole := active.whole(n)
	if whole == 0 || rows == 0 || !s.vectors {
		return 0
	}
	f := ymm
	if active == vnni {
		f = zmm
	}
	_, _ = dst[(rows-1)*stride+n-1], acc[(rows-1)*Stride(n)+n-1]
	f(&dst[0], &acc[0], &m[0], uintptr(rows), uintptr(whole), uintptr(stride), uintptr(Stride(n)), s.before,
		uint64(s.shift), int32(s.after), int32(s.low), int32(s.high))
	return whole
}
