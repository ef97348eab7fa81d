package kernel

import (
	"math"
	"math/bits"

	"vitdse/golden/intnet"
)

// Requant requantizes the accumulators of a layer:
// y = sat(((acc*M[o] + 2^(Shift-1)) >> Shift) + Zero).
type Requant struct {
	m []uint32 // one a column; padded, because assembly reads whole vectors from odd columns too
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

// NewRequant prepares a layer's requantization.
func NewRequant(l *intnet.Linear) *Requant {
	r := &Requant{n: l.Out, m: make([]uint32, Stride(l.Out)+1)}
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

// split gives the number of rows and how many columns of each go to the assembly.
func (r *Requant) split(size int) (rows, whole int) {
	if rows = size / r.n; rows > 0 && r.vectors {
		whole = active.whole(r.n)
	}
	return rows, whole
}

// Codes writes codes of at most 8 bits: rows side by side.
func (r *Requant) Codes(dst []int8, acc []int32) {
	stride := Stride(r.n)
	rows, whole := r.split(len(dst))
	if whole > 0 {
		_ = acc[(rows-1)*stride+r.n-1]
		requantizeCodes(&dst[0], &acc[0], &r.m[0], rows, whole, r.n, stride, &r.scaling)
	}
	for i := range rows {
		for o := whole; o < r.n; o++ {
			dst[i*r.n+o] = int8(r.one(acc[i*stride+o], int64(r.m[o])))
		}
	}
}

// Add adds the result to values of the same width and clamps the sum: the residual add.
func (r *Requant) Add(dst, acc []int32) {
	stride := Stride(r.n)
	rows, whole := r.split(len(dst))
	if whole > 0 {
		_ = acc[(rows-1)*stride+r.n-1]
		requantizeAdd(&dst[0], &acc[0], &r.m[0], rows, whole, 4*r.n, stride, &r.scaling)
	}
	for i := range rows {
		for o := whole; o < r.n; o++ {
			y := &dst[i*r.n+o]
			*y = int32(clamp(int64(*y)+r.one(acc[i*stride+o], int64(r.m[o])), r.low, r.high))
		}
	}
}

// Values writes the result as it is, of any width.
func (r *Requant) Values(dst, acc []int32) {
	stride := Stride(r.n)
	rows, whole := r.split(len(dst))
	if whole > 0 {
		_ = acc[(rows-1)*stride+r.n-1]
		requantizeValues(&dst[0], &acc[0], &r.m[0], rows, whole, 4*r.n, stride, &r.scaling)
	}
	for i := range rows {
		for o := whole; o < r.n; o++ {
			dst[i*r.n+o] = int32(r.one(acc[i*stride+o], int64(r.m[o])))
		}
	}
}

// Lookup writes the table's entries for the result: GELU.
func (r *Requant) Lookup(dst []int8, acc []int32) {
	if r.table != nil {
		r.Codes(dst, acc)
		at := 0
		switch n := len(dst); {
		case active == vnni && n > 0:
			lookupAVX512(&dst[0], r.table, uintptr(n))
			at = n
		case active == avx2 && n >= 32:
			at = n &^ 31
			lookupAVX2(&dst[0], r.table, uintptr(at))
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

// Codes writes the codes of rows of n columns, stride apart; each row has its multiplier in m.
func (s *Scale) Codes(dst []int8, stride int, acc []int32, n int, m []int64) {
	rows, whole := len(m), 0
	if s.vectors && rows > 0 {
		whole = active.whole(n)
	}
	if whole > 0 {
		_, _ = dst[(rows-1)*stride+n-1], acc[(rows-1)*Stride(n)+n-1]
		scaleCodes(&dst[0], &acc[0], &m[0], rows, whole, stride, Stride(n), &s.scaling)
	}
	for i := range rows {
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

// width is how many bits a magnitude has.
func width(v int64) int {
	if v < 0 {
		v = -v
	}
	return bits.Len64(uint64(v))
}
