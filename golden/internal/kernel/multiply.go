package kernel

// Rows is the left operand of a product: n rows of k integers, activation codes or softmax
// numerators. The zero value is ready for use and keeps its memory from call to call.
type Rows struct {
	n, k, stride int     // stride: k rounded up to a pair
	v            []int16 // whole tiles of rows; what pads them is arbitrary
	words        []int64 // portable: two rows, 32 bits each
}

// Resize makes room for n x k integers of any content.
func (r *Rows) Resize(n, k int) {
	r.n, r.k, r.stride = n, k, roundUp(k, 2)
	r.v = grow(r.v, roundUp(n, tileRows)*r.stride)
}

// Len is the number of rows.
func (r *Rows) Len() int { return r.n }

// Row is row i, to be written.
func (r *Rows) Row(i int) []int16 { return r.v[i*r.stride:][:r.k] }

// Codes copies n rows of k codes that are stride apart.
func (r *Rows) Codes(x []int8, n, k, stride int) {
	r.Resize(n, k)
	for i := range n {
		widenRow(r.Row(i), x[i*stride:][:k])
	}
}

func widenRow(dst []int16, src []int8) {
	at := 0
	if simd && len(src) >= 16 {
		widen(&dst[0], &src[0], uintptr(len(src)/16))
		at = len(src) &^ 15
	}
	for i, v := range src[at:] {
		dst[at+i] = int16(v)
	}
}

// Right is the right operand of a product, out x k integers within -2048..2047, and what
// is added to each of the out columns of the result.
type Right struct {
	out, k int
	w      []int16 // with assembly panels of 16 outputs: [out/16][k/2][16][2], else out x k
	bias   []int32 // out, rounded up to a panel
}

// NewRight prepares weights (out x k) and biases.
func NewRight(w []int16, bias []int64) *Right {
	r := &Right{}
	out := len(bias)
	r.resize(out, len(w)/out)
	for o, b := range bias {
		r.bias[o] = int32(b)
		for k := range r.k {
			r.w[r.index(o, k)] = w[o*r.k+k]
		}
	}
	return r
}

// resize makes room; panels that are not full stay so, with zeros at their ends.
func (r *Right) resize(out, k int) {
	n := out * k
	if simd {
		n = roundUp(out, tileCols) * roundUp(k, 2)
	}
	if r.out != out || r.k != k {
		clear(r.w)
	}
	r.out, r.k = out, k
	r.w, r.bias = grow(r.w, n), grow(r.bias, Stride(out))
}

// index is where a weight is kept.
func (r *Right) index(o, k int) int {
	if !simd {
		return o*r.k + k
	}
	return (o/tileCols*((r.k+1)/2)+k/2)*2*tileCols + o%tileCols*2 + k%2
}

// Rows copies out rows of k codes that are stride apart: the keys of an attention head.
func (r *Right) Rows(x []int8, out, k, stride int) {
	r.resize(out, k)
	if !simd {
		for o := range out {
			widenRow(r.w[o*k:][:k], x[o*stride:][:k])
		}
		return
	}
	whole := 0 // outputs and inputs that the assembly does, in eights and sixteens
	if k >= 16 {
		whole = out &^ 7
	}
	for o := 0; o < whole; o += 8 {
		_ = x[(o+7)*stride+k-1]
		packRows(&r.w[r.index(o, 0)], &x[o*stride], uintptr(stride), uintptr(k/16))
	}
	for o := range out {
		src, dst := x[o*stride:][:k], r.w[r.index(o, 0):]
		i := 0
		if o < whole {
			i = k &^ 15
		}
		for ; i < k; i++ {
			dst[i/2*2*tileCols+i%2] = int16(src[i])
		}
	}
}

// Columns copies out columns of k codes, of which those of the same k are neighbours and
// the rows stride apart: the values of an attention head.
func (r *Right) Columns(x []int8, out, k, stride int) {
	r.resize(out, k)
	if !simd {
		for i := range k {
			for o, v := range x[i*stride:][:out] {
				r.w[o*k+i] = int16(v)
			}
		}
		return
	}
	for o := 0; o < out; o += tileCols {
		n, first := min(tileCols, out-o), 0
		if n == tileCols && k >= 2 {
			first = k &^ 1
			_ = x[(first-1)*stride+o+n-1]
			packColumns(&r.w[r.index(o, 0)], &x[o], uintptr(stride), uintptr(k/2))
		}
		for i := first; i < k; i++ {
			dst := r.w[r.index(o, i):]
			for j, v := range x[i*stride+o:][:n] {
				dst[2*j] = int16(v)
			}
		}
	}
}

// Multiply computes acc[r*Stride(out)+o] = bias[o] + sum_k rows[from+r][k]*right[o][k] for n
// rows, exactly; the sums must fit 32 bits. from is a multiple of the tile's rows, as Block
// is; acc has AccSize(n, out) places.
func Multiply(acc []int32, rows *Rows, from, n int, right *Right) {
	if rows.k != right.k {
		panic("kernel: operands of different length")
	}
	stride := Stride(right.out)
	if !simd {
		rows.multiply(acc, from, n, right, stride)
		return
	}
	pairs := rows.stride / 2
	_ = acc[AccSize(n, right.out)-1]
	for o := 0; o < right.out; o += tileCols {
		w := &right.w[o*rows.stride]
		for r := 0; r < n; r += tileRows {
			tile(&rows.v[(from+r)*rows.stride], uintptr(2*rows.stride), w, uintptr(pairs), &right.bias[o], &acc[r*stride+o], uintptr(4*stride))
		}
	}
}

// multiply packs two rows into words of 64 bits, so that one multiplication does two
// products, as FPGA designs do in a DSP slice. The lower sum borrows from the upper one
// where it is negative, which is given back at the end.
func (r *Rows) multiply(acc []int32, from, n int, right *Right, stride int) {
	k := r.k
	r.words = grow(r.words, k)
	for i := 0; i < n; i += 2 {
		low, high := r.Row(from+i), []int16(nil) // the last row may be alone
		for j, v := range low {
			r.words[j] = int64(v)
		}
		if i+1 < n {
			high = r.Row(from + i + 1)
			for j, v := range high {
				r.words[j] += int64(v) << 32
			}
		}
		dst := acc[i*stride:]
		put := func(o int, sum int64) {
			low := int32(sum)
			dst[o] = low + right.bias[o]
			if high != nil {
				dst[stride+o] = int32((sum-int64(low))>>32) + right.bias[o]
			}
		}
		o := 0
		for ; o+4 <= right.out; o += 4 {
			w := right.w[o*k : (o+4)*k]
			s0, s1, s2, s3 := dot4(r.words, w[:k], w[k:2*k], w[2*k:3*k], w[3*k:])
			put(o, s0)
			put(o+1, s1)
			put(o+2, s2)
			put(o+3, s3)
		}
		for ; o < right.out; o++ {
			sum := int64(0)
			for j, w := range right.w[o*k : (o+1)*k] {
				sum += r.words[j] * int64(w)
			}
			put(o, sum)
		}
	}
}

// dot4 is the packed sum of products with four rows of weights. Apart, so that its loop has
// all registers.
//
//go:noinline
func dot4(x []int64, w0, w1, w2, w3 []int16) (a, b, c, d int64) {
	n := len(x)
	w0, w1, w2, w3 = w0[:n], w1[:n], w2[:n], w3[:n]
	for i, v := range x {
		a += v * int64(w0[i])
		b += v * int64(w1[i])
		c += v * int64(w2[i])
		d += v * int64(w3[i])
	}
	return a, b, c, d
}
