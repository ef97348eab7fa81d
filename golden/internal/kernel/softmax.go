package kernel

import (
	"math"

	"vitdse/golden/intnet"
)

// MaxExp is how many softmax numerators a table has at most, of at most 15 bits.
const MaxExp = 1 << 12

// Softmax turns rows of scores into numerators:
// T[min(((max - score)*M + 2^(Shift-1)) >> Shift, last)].
type Softmax struct {
	m, round int64
	shift    uint
	last     int32
	far      uint32 // scores so much below the largest have the last entry
	table    []int32
}

// NewSoftmax prepares one head of an attention.
func NewSoftmax(exp *intnet.Exp, m uint16, shift uint) *Softmax {
	s := &Softmax{m: int64(m), round: int64(1) << shift >> 1, shift: shift, last: int32(len(exp.Table) - 1), table: make([]int32, len(exp.Table))}
	for i, v := range exp.Table {
		s.table[i] = int32(v)
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

// Numerators writes a row of numerators and returns their sum.
func (s *Softmax) Numerators(dst []int16, scores []int32) int64 {
	n := len(dst)
	scores = scores[:n]
	top, at := scores[0], 0
	if simd && n >= lanes {
		at = n &^ (lanes - 1)
		top = rowMax(&scores[0], uintptr(n/lanes))
	}
	for _, v := range scores[at:] {
		top = max(top, v)
	}
	sum := int64(0)
	if at > 0 {
		sum = int64(numerators(&dst[0], &scores[0], uintptr(n/lanes), &s.table[0], top, s.far, s.m, s.round, uint64(s.shift), s.last))
	}
	for i, v := range scores[at:] {
		far := int64(min(uint32(top)-uint32(v), s.far))
		e := s.table[min((far*s.m+s.round)>>s.shift, int64(s.last))]
		dst[at+i] = int16(e)
		sum += int64(e)
	}
	return sum
}
