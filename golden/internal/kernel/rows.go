package kernel

// Rows is the left operand of a product: n rows of k integers, activation codes or softmax
// numerators. The zero value is ready for use and keeps its memory from call to call.
type Rows struct {
	n, k, stride int
	v            []int16 // whole tiles of rows of whole pairs; what pads them is arbitrary
	b            []uint8 // with VNNI instead of v: rows of whole quads
	signed       bool    // b holds codes, each with 128 added
	words        []int64 // portable: two rows, 32 bits each
}

// Resize makes room for n x k numerators of any content.
func (r *Rows) Resize(n, k int) {
	r.n, r.k, r.signed = n, k, false
	if active == vnni {
		r.stride = roundUp(k, 4)
		r.b = grow(r.b, roundUp(n, tileRows)*r.stride)
		return
	}
	r.stride = roundUp(k, 2)
	r.v = grow(r.v, roundUp(n, tileRows)*r.stride)
}

// Len is the number of rows.
func (r *Rows) Len() int { return r.n }

// Row copies row i.
func (r *Rows) Row(dst []int32, i int) {
	for j := range dst[:r.k] {
		switch at := i*r.stride + j; {
		case active != vnni:
			dst[j] = int32(r.v[at])
		case r.signed:
			dst[j] = int32(r.b[at]) - 128
		default:
			dst[j] = int32(r.b[at])
		}
	}
}

// Codes copies n rows of k codes that are stride apart.
func (r *Rows) Codes(x []int8, n, k, stride int) {
	r.Resize(n, k)
	_ = x[(n-1)*stride+k-1]
	if active == vnni {
		r.signed = true
		unsign(&r.b[0], &x[0], uintptr(n), uintptr(k), uintptr(r.stride), uintptr(stride))
		return
	}
	for i := range n {
		widenRow(r.v[i*r.stride:][:k], x[i*stride:][:k])
	}
}

func widenRow(dst []int16, src []int8) {
	at := 0
	if active == avx2 && len(src) >= 16 {
		widen(&dst[0], &src[0], uintptr(len(src)/16))
		at = len(src) &^ 15
	}
	for i, v := range src[at:] {
		dst[at+i] = int16(v)
	}
}
