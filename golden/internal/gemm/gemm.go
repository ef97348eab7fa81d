// Package gemm multiplies int8 matrices exactly.
//
// The portable kernel packs three activation rows into one 64-bit word, 21 bits
// each, so that one multiplication does three products (the packing that FPGA
// designs use in a DSP slice). Partial sums of 64 products stay within a lane.
package gemm

// Lane geometry: 64 products of at most 128*127 need 20 bits and a sign.
const (
	laneBits = 21
	span     = 64
	lanes    = 3
)

// Packed holds activation rows, three to a word. The zero value is ready for use
// and keeps its memory from call to call.
type Packed struct {
	rows, k int
	words   []int64 // ceil(rows/3) x k
}

// Pack stores rows x k activations of the full int8 range.
func (p *Packed) Pack(a []int8, rows, k int) {
	p.rows, p.k = rows, k
	groups := (rows + lanes - 1) / lanes
	if cap(p.words) < groups*k {
		p.words = make([]int64, groups*k)
	}
	p.words = p.words[:groups*k]
	for g := range groups {
		dst := p.words[g*k : (g+1)*k]
		for i := range dst {
			dst[i] = int64(a[lanes*g*k+i])
		}
		for l := 1; l < lanes && lanes*g+l < rows; l++ {
			for i, v := range a[(lanes*g+l)*k:][:k] {
				dst[i] += int64(v) << (l * laneBits)
			}
		}
	}
}

// Mul computes acc[r*len(bias)+o] = bias[o] + sum_k a[r][k]*w[o*K+k], exactly, for
// weights in -127..127; the sums must fit int32.
func Mul(p *Packed, w []int8, bias []int64, acc []int32) {
	out, k := len(bias), p.k
	for g := 0; g*lanes < p.rows; g++ {
		row := p.words[g*k : (g+1)*k]
		n := min(lanes, p.rows-g*lanes)
		dst := acc[g*lanes*out : (g*lanes+n)*out]
		o := 0
		for ; o+4 <= out; o += 4 {
			four(row, w[o*k:(o+4)*k], bias[o:o+4], dst[o:], out)
		}
		for ; o < out; o++ {
			one(row, w[o*k:(o+1)*k], bias[o], dst[o:], out)
		}
	}
}

// four computes four outputs of one packed group of rows.
func four(row []int64, w []int8, bias []int64, dst []int32, stride int) {
	k := len(row)
	var s [4][lanes]int64
	for from := 0; from < k; from += span {
		to := min(from+span, k)
		x := row[from:to]
		a, b, c, d := dot4(x, w[from:to], w[k+from:k+to], w[2*k+from:2*k+to], w[3*k+from:3*k+to])
		unpack(&s[0], a)
		unpack(&s[1], b)
		unpack(&s[2], c)
		unpack(&s[3], d)
	}
	for l, at := 0, 0; l < lanes && at < len(dst); l, at = l+1, at+stride {
		for j := range 4 {
			dst[at+j] = int32(s[j][l] + bias[j])
		}
	}
}

// one computes one output of one packed group of rows.
func one(row []int64, w []int8, bias int64, dst []int32, stride int) {
	var s [lanes]int64
	for from := 0; from < len(row); from += span {
		to := min(from+span, len(row))
		var a int64
		v := w[from:to]
		for i, x := range row[from:to] {
			a += x * int64(v[i])
		}
		unpack(&s, a)
	}
	for l, at := 0, 0; l < lanes && at < len(dst); l, at = l+1, at+stride {
		dst[at] = int32(s[l] + bias)
	}
}

// dot4 is the packed sum of products with four weight rows.
func dot4(x []int64, w0, w1, w2, w3 []int8) (a, b, c, d int64) {
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

// unpack adds the three signed lanes of a packed sum to s. A negative lane has
// borrowed from the one above, which is given back.
func unpack(s *[lanes]int64, v int64) {
	const shift = 64 - laneBits
	l0 := v << shift >> shift
	v = (v - l0) >> laneBits
	l1 := v << shift >> shift
	s[0] += l0
	s[1] += l1
	s[2] += (v - l1) >> laneBits
}

// Dot is the exact sum of products of two int8 vectors of the same length.
func Dot(a, b []int8) int32 {
	b = b[:len(a)]
	var s, t int32
	i := 0
	for ; i+2 <= len(a); i += 2 {
		s += int32(a[i]) * int32(b[i])
		t += int32(a[i+1]) * int32(b[i+1])
	}
	if i < len(a) {
		s += int32(a[i]) * int32(b[i])
	}
	return s + t
}
