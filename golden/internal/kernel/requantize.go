package kernel

import "vitdse/golden/intnet"

// Requant requantizes the accumulators of a layer:
// y = sat(((acc*M[o] + 2^(Shift-1)) >> Shift) + Zero).
type Requant struct {
	m []uint32 // one a column; padded, because assembly reads whole vectors from odd columns too
	scaling
	table  *[256]int8 // of Lookup, in the order of the index's byte
	values []int8
	n      int
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

// Codes writes codes of at most 8 bits: rows side by side.
func (r *Requant) Codes(dst []int8, acc []int32) {
	rows, stride := len(dst)/r.n, Stride(r.n)
	whole := requantize(requantizeCodesAVX2, requantizeCodesAVX512, dst, r.n, acc, r.m, rows, r.n, &r.scaling)
	for i := range rows {
		for o := whole; o < r.n; o++ {
			dst[i*r.n+o] = int8(r.one(acc[i*stride+o], int64(r.m[o])))
		}
	}
}

// Add adds the result to values of the same width and clamps the sum: the residual add.
func (r *Requant) Add(dst, acc []int32) {
	rows, stride := len(dst)/r.n, Stride(r.n)
	whole := requantize(requantizeAddAVX2, requantizeAddAVX512, dst, r.n, acc, r.m, rows, r.n, &r.scaling)
	for i := range rows {
		for o := whole; o < r.n; o++ {
			y := &dst[i*r.n+o]
			*y = int32(clamp(int64(*y)+r.one(acc[i*stride+o], int64(r.m[o])), r.low, r.high))
		}
	}
}

// Values writes the result as it is, of any width.
func (r *Requant) Values(dst, acc []int32) {
	rows, stride := len(dst)/r.n, Stride(r.n)
	whole := requantize(requantizeValuesAVX2, requantizeValuesAVX512, dst, r.n, acc, r.m, rows, r.n, &r.scaling)
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
