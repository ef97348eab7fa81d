package kernel

import (
	"math"

	"vitdse/golden/intnet"
)

// MaxExp is how many softmax numerators a table has at most, and MaxNumerator the largest
// of them: they have 8 bits.
const (
	MaxExp       = 1 << 12
	MaxNumerator = 255
)

// Softmax turns rows of scores into numerators:
// T[min(((max - score)*M + 2^(Shift-1)) >> Shift, last)].
type Softmax struct {
	m, round int64
	shift    uint
	last     int32
	far      uint32 // scores so much below the largest have the last entry
	table    []int32
	bytes    *[320]uint8 // the table, if it is so short
}

// NewSoftmax prepares one head of an attention. Entries that are as the last one are left
// out: a table of 2^9 entries for 8 bits has 289.
func NewSoftmax(exp *intnet.Exp, m uint16, shift uint) *Softmax {
	n := len(exp.Table)
	for n > 1 && exp.Table[n-2] == exp.Table[n-1] {
		n--
	}
	s := &Softmax{m: int64(m), round: int64(1) << shift >> 1, shift: shift, last: int32(n - 1), table: make([]int32, n)}
	if n <= len(s.bytes) {
		s.bytes = &[320]uint8{}
	}
	for i, v := range exp.Table[:n] {
		s.table[i] = int32(v)
		if s.bytes != nil {
			s.bytes[i] = uint8(v)
		}
	}
	s.far = math.MaxUint32
	if m > 0 {
		s.far = uint32(min((int64(s.last)<<shift-s.round+s.m-1)/s.m, math.MaxUint32))
	}
	return s
}

// Masked is a score that takes no part: its numerator is the table's last one, 0. At least
// one score of a row is another.
const Masked = math.MinInt32

// Numerators makes the rows of dst from rows of n scores, Stride(n) apart, and gives the sum
// of each.
func (s *Softmax) Numerators(dst *Rows, scores []int32, n int, sums []int64) {
	rows, stride := len(sums), Stride(n)
	dst.Resize(rows, n)
	_ = scores[(rows-1)*stride+n-1]
	if active == vnni && s.bytes != nil {
		softmaxRows(&dst.b[0], &scores[0], s.bytes, &sums[0], uintptr(rows), uintptr(n), uintptr(dst.stride),
			uintptr(4*stride), s.far, s.m, s.round, uint64(s.shift), s.last)
		return
	}
	for i := range sums {
		row := scores[i*stride:][:n]
		if active == vnni {
			sums[i] = numeratorsOf(s, dst.b[i*dst.stride:], row)
		} else {
			sums[i] = s.row(dst.v[i*dst.stride:][:n], row)
		}
	}
}

// row does a row with AVX2, or what there is of it.
func (s *Softmax) row(dst []int16, scores []int32) int64 {
	whole := active.whole(len(dst))
	if whole == 0 {
		return numeratorsOf(s, dst, scores)
	}
	top := rowMax(&scores[0], uintptr(whole))
	for _, v := range scores[whole:] {
		top = max(top, v)
	}
	sum := int64(numerators(&dst[0], &scores[0], uintptr(whole), &s.table[0], top, s.far, s.m, s.round,
		uint64(s.shift), s.last))
	return sum + entries(s, dst[whole:], scores[whole:], top)
}

func numeratorsOf[T int16 | uint8](s *Softmax, dst []T, scores []int32) int64 {
	top := scores[0]
	for _, v := range scores[1:] {
		top = max(top, v)
	}
	return entries(s, dst, scores, top)
}

// entries writes the numerators relative to the largest score, top, and gives their sum.
func entries[T int16 | uint8](s *Softmax, dst []T, scores []int32, top int32) int64 {
	sum := int64(0)
	for i, v := range scores {
		far := int64(min(uint32(top)-uint32(v), s.far))
		e := s.table[min((far*s.m+s.round)>>s.shift, int64(s.last))]
		dst[i] = T(e)
		sum += int64(e)
	}
	return sum
}
