package kernel

import "math"

// Scale requantizes rows that have one multiplier each: what follows a softmax's product
// with the values.
type Scale struct{ scaling }

// NewScale takes the largest multiplier and the largest magnitude of an accumulator times
// its multiplier.
func NewScale(top, product int64, shift uint, zero int32, width int) *Scale {
	s := &Scale{newScaling(uint64(product), shift, int64(zero), width)}
	s.vectors = s.vectors && top <= math.MaxInt32
	return s
}

// Codes writes the codes of rows of n columns, stride apart; each row has its multiplier in m.
func (s *Scale) Codes(dst []int8, stride int, acc []int32, n int, m []int64) {
	whole := requantize(scaleCodesAVX2, scaleCodesAVX512, dst, stride, acc, m, len(m), n, &s.scaling)
	for i := range m {
		for o := whole; o < n; o++ {
			dst[i*stride+o] = int8(s.one(acc[i*Stride(n)+o], m[i]))
		}
	}
}

// Values writes the result of one row as it is, of any width.
func (s *Scale) Values(dst, acc []int32, m int64) {
	for i := range dst {
		dst[i] = int32(s.one(acc[i], m))
	}
}
