package kernel

// Right is the right operand of a product, out x k integers within -2048..2047, and what
// is added to each of the out columns of the result.
type Right struct {
	out, k int
	w      []int16 // portable: out x k; AVX2: panels of pairs
	bias   []int32 // out, rounded up to a tile
	quads          // VNNI
}

// NewRight prepares weights (out x k) and biases.
func NewRight(w []int16, bias []int64) *Right {
	r := &Right{}
	out := len(bias)
	r.resize(out, len(w)/out, planes(w))
	for o, b := range bias {
		r.bias[o] = int32(b)
	}
	switch active {
	case vnni:
		r.setQuads(w)
	case avx2:
		r.setPairs(w)
	default:
		copy(r.w, w)
	}
	return r
}

// resize makes room; panels that are not full stay so, with zeros at their ends.
func (r *Right) resize(out, k, planes int) {
	if r.out != out || r.k != k || r.planes != planes {
		clear(r.w)
		clear(r.b)
	}
	r.out, r.k, r.planes, r.corrected = out, k, planes, false
	r.bias = grow(r.bias, Stride(out))
	switch active {
	case vnni:
		r.b = grow(r.b, planes*Stride(out)*roundUp(k, 4))
		r.start = grow(r.start, Stride(out))
	case avx2:
		r.w = grow(r.w, Stride(out)*roundUp(k, 2))
	default:
		r.w = grow(r.w, out*k)
	}
}

// Rows copies out rows of k codes that are stride apart: the keys of an attention head.
func (r *Right) Rows(x []int8, out, k, stride int) {
	r.resize(out, k, 1)
	_ = x[(out-1)*stride+k-1]
	switch active {
	case vnni:
		r.rowQuads(x, stride)
	case avx2:
		r.rowPairs(x, stride)
	default:
		for o := range out {
			widenRow(r.w[o*k:][:k], x[o*stride:][:k])
		}
	}
}

// Columns copies out columns of k codes, of which those of the same k are neighbours and
// the rows stride apart: the values of an attention head.
func (r *Right) Columns(x []int8, out, k, stride int) {
	r.resize(out, k, 1)
	_ = x[(k-1)*stride+out-1]
	switch active {
	case vnni:
		r.columnQuads(x, stride)
	case avx2:
		r.columnPairs(x, stride)
	default:
		for i := range k {
			for o, v := range x[i*stride:][:out] {
				r.w[o*k+i] = int16(v)
			}
		}
	}
}
