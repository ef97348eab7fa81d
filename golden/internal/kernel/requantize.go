package kernel

import (
	"math"
	"math/bits"

	"vitdse/golden/intnet"
)

// Requant requantizes the accumulators of a layer:
// y = sat(((acc*M[o] + 2^(Shift-1)) >> Shift) + Zero).
type Requant struct {
	m []uint32 // one a column, padded to whole vectors
	scaling
	table  *[256]int8 // of Lookup, in the order of the index's byte
	values []int8
	n      int
}

// scaling is what is alike for all columns.
type scaling struct {
	shift         uint
	round, zero   int64
	low, high     int64
	vectors       bool // results fit 32 bits in front of the clamp
	vround, vzero int64
}

// newScaling takes the largest magnitude of a product.
func newScaling(product uint64, shift uint, zero int64, width int) scaling {
	s := scaling{shift: shift, round: int64(1) << shift >> 1, zero: zero, low: -1 << (width - 1), high: 1<<(width-1) - 1}
	s.vectors = product>>shift < 1<<30 && zero < 1<<29 && zero > -1<<29
	s.vround, s.vzero = arithmetic(s.round, shift)
	s.vzero = int64(int32(s.vzero + zero))
	return s
}

// arithmetic gives what makes a logical shift to the right an arithmetic one, as far as the
// low 32 bits of the result go: 2^63 with the rounding constant in front, and 2^(63-shift)
// less behind. AVX2 has no arithmetic shift of 64 bits.
func arithmetic(round int64, shift uint) (before, after int64) {
	return round + -1<<63, -int64(uint64(1) << (63 - shift) & (1<<32 - 1))
}

// one requantizes one accumulator.
func (s *scaling) one(acc int32, m int64) int64 {
	return clamp((int64(acc)*m+s.round)>>s.shift+s.zero, s.low, s.high)
}

// NewRequant prepares a layer's requantization.
func NewRequant(l *intnet.Linear) *Requant {
	r := &Requant{n: l.Out, m: make([]uint32, roundUp(l.Out, lanes))}
	top := uint32(0)
	for o, m := range l.M {
		r.m[o] = uint32(m)
		top = max(top, uint32(m))
	}
	r.scaling = newScaling(uint64(top)<<(l.AccBits-1), l.Shift, int64(l.Zero), l.Bits)
	return r
}

// WithTable prepares Lookup: table[y + 2^(Bits-1)].
func (r *Requant) WithTable(table []int8) *Requant {
	r.values = table
	if len(table) <= 256 {
		r.table = &[256]int8{}
		for i, v := range table {
			r.table[uint8(int64(i)+r.low)] = v
		}
	}
	return r
}

// whole is how many columns of a row go to the assembly.
func (r *Requant) whole() int {
	if !simd || !r.vectors {
		return 0
	}
	return r.n &^ (lanes - 1)
}

// Codes writes codes of at most 8 bits: rows side by side.
func (r *Requant) Codes(dst []int8, acc []int32) {
	whole, stride := r.whole(), Stride(r.n)
	for i := range len(dst) / r.n {
		y, a := dst[i*r.n:][:r.n], acc[i*stride:][:r.n]
		if whole > 0 {
			requantizeCodes(&y[0], &a[0], &r.m[0], uintptr(whole/lanes), r.vround, uint64(r.shift), int32(r.vzero), int32(r.low), int32(r.high))
		}
		for o := whole; o < r.n; o++ {
			y[o] = int8(r.one(a[o], int64(r.m[o])))
		}
	}
}

// Add adds the result to values of the same width and clamps the sum: the residual add.
func (r *Requant) Add(dst, acc []int32) {
	whole, stride := r.whole(), Stride(r.n)
	for i := range len(dst) / r.n {
		y, a := dst[i*r.n:][:r.n], acc[i*stride:][:r.n]
		if whole > 0 {
			requantizeAdd(&y[0], &a[0], &r.m[0], uintptr(whole/lanes), r.vround, uint64(r.shift), int32(r.vzero), int32(r.low), int32(r.high))
		}
		for o := whole; o < r.n; o++ {
			y[o] = int32(clamp(int64(y[o])+r.one(a[o], int64(r.m[o])), r.low, r.high))
		}
	}
}

// Values writes the result as it is, of any width.
func (r *Requant) Values(dst, acc []int32) {
	stride := Stride(r.n)
	for i := range len(dst) / r.n {
		for o, a := range acc[i*stride:][:r.n] {
			dst[i*r.n+o] = int32(r.one(a, int64(r.m[o])))
		}
	}
}

// Lookup writes the table's entries for the result: GELU.
func (r *Requant) Lookup(dst []int8, acc []int32) {
	if r.table != nil {
		r.Codes(dst, acc)
		at := 0
		if simd && len(dst) >= 32 {
			lookup(&dst[0], r.table, uintptr(len(dst)/32))
			at = len(dst) &^ 31
		}
		for i, v := range dst[at:] {
			dst[at+i] = r.table[uint8(v)]
		}
		return
	}
	stride := Stride(r.n)
	for i := range len(dst) / r.n {
		for o, a := range acc[i*stride:][:r.n] {
			dst[i*r.n+o] = r.values[r.one(a, int64(r.m[o]))-r.low]
		}
	}
}

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

// Codes writes the codes of one row.
func (s *Scale) Codes(dst []int8, acc []int32, m int64) {
	at := 0
	if simd && s.vectors && len(dst) >= lanes {
		scaleCodes(&dst[0], &acc[0], m, uintptr(len(dst)/lanes), s.vround, uint64(s.shift), int32(s.vzero), int32(s.low), int32(s.high))
		at = len(dst) &^ (lanes - 1)
	}
	for i, a := range acc[at:len(dst)] {
		dst[at+i] = int8(s.one(a, m))
	}
}

// Values writes the result of one row as it is, of any width.
func (s *Scale) Values(dst, acc []int32, m int64) {
	for i := range dst {
		dst[i] = int32(s.one(acc[i], m))
	}
}

// width is how many bits a magnitude has.
func width(v int64) int {
	if v < 0 {
		v = -v
	}
	return bits.Len64(uint64(v))
}
