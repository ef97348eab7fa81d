package kernel

// Multiply computes acc[r*Stride(out)+o] = bias[o] + sum_k rows[from+r][k]*right[o][k] for n
// rows, exactly; the sums must fit 32 bits. from is a multiple of the tile's rows, as Block
// is; acc has AccSize(n, out) places.
func Multiply(acc []int32, rows *Rows, from, n int, right *Right) {
	if rows.k != right.k {
		panic("kernel: operands of different length")
	}
	_ = acc[AccSize(n, right.out)-1]
	switch active {
	case vnni:
		rows.multiplyQuads(acc, from, n, right)
	case avx2:
		rows.multiplyPairs(acc, from, n, right)
	default:
		rows.multiply(acc, from, n, right, Stride(right.out))
	}
}

// multiply packs two rows into words of 64 bits, so that one multiplication does two
// products, as FPGA designs do in a DSP slice. The lower sum borrows from the upper one
// where it is negative, which is given back at the end.
func (r *Rows) multiply(acc []int32, from, n int, right *Right, stride int) {
	k := r.k
	r.words = grow(r.words, k)
	for i := 0; i < n; i += 2 {
		low, high := r.row(from+i), []int16(nil) // the last row may be alone
		for j, v := range low {
			r.words[j] = int64(v)
		}
		if i+1 < n {
			high = r.row(from + i + 1)
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

func (r *Rows) row(i int) []int16 { return r.v[i*r.stride:][:r.k] }

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
