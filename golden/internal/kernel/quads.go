package kernel

// quads is a right operand for VPDPBUSD, which multiplies four unsigned bytes by four
// signed ones and adds the products to a 32-bit sum. Codes become unsigned by adding 128,
// and the product starts at bias - 128*sum_k w instead of the bias: modulo 2^32 that is
// exact, and so are results that fit 32 bits. Weights of more than 8 bits have
// a plane of their high bytes and one of their low ones, w = 256*high + low.
//
// A panel is 64 outputs, or 16 where no 64 are left: [plane][k/4][64 or 16][4].
type quads struct {
	b         []int8
	planes    int
	start     []int32 // bias - 128*sum_k w
	corrected bool    // start is as it says
}

// planes is how many bytes the weights need.
func planes(w []int16) int {
	for _, v := range w {
		if v != int16(int8(v)) {
			return 2
		}
	}
	return 1
}

// panel gives the first output of an output's panel and the panel's width.
func (r *Right) panel(o int) (first, width int) {
	const wide = 4 * tileCols
	if first = o &^ (wide - 1); first+wide <= Stride(r.out) {
		return first, wide
	}
	return o &^ (tileCols - 1), tileCols
}

// quad is where a weight's byte is kept.
func (r *Right) quad(o, k, plane int) int {
	first, width := r.panel(o)
	return (first*r.planes+width*plane)*roundUp(r.k, 4) + k/4*4*width + (o-first)*4 + k%4
}

func (r *Right) setQuads(w []int16) {
	for o := range r.out {
		sum := int32(0)
		for k, v := range w[o*r.k:][:r.k] {
			r.b[r.quad(o, k, r.planes-1)] = int8(v)
			if r.planes == 2 {
				r.b[r.quad(o, k, 0)] = int8((v - int16(int8(v))) >> 8)
			}
			sum += int32(v)
		}
		r.start[o] = r.bias[o] - 128*sum
	}
	r.corrected = true
}

// correct prepares start, where an operand of one plane has been packed.
func (r *Right) correct() {
	for o := 0; o < r.out; o += tileCols {
		_, width := r.panel(o)
		correct(&r.start[o], &r.bias[o], &r.b[r.quad(o, 0, 0)], uintptr(roundUp(r.k, 4)/4), uintptr(4*width))
	}
	r.corrected = true
}

// rowQuads packs rows: assembly does sixteen outputs and sixteen inputs at a time. The last
// rows are copied to where others may follow them; those go to columns that pad the product.
func (r *Right) rowQuads(x []int8, stride int) {
	whole := r.k &^ 15
	var last [tileCols * 64]int8
	for o := 0; o < r.out; o += tileCols {
		_, width := r.panel(o)
		n := min(tileCols, r.out-o)
		for i := 0; i < whole; {
			src, apart, some := x[o*stride+i:], stride, whole-i
			if n < tileCols {
				some = min(some, 64)
				for j := range n {
					copy(last[64*j:], src[j*stride:][:some])
				}
				src, apart = last[:], 64
			}
			packRowQuads(&r.b[r.quad(o, i, 0)], &src[0], uintptr(apart), uintptr(some/16), uintptr(4*width))
			i += some
		}
		for j := range n {
			for i, v := range x[(o+j)*stride+whole:][:r.k-whole] {
				r.b[r.quad(o+j, whole+i, 0)] = v
			}
		}
	}
}

// columnQuads packs columns: assembly does sixteen outputs and four inputs at a time.
func (r *Right) columnQuads(x []int8, stride int) {
	for o := 0; o < r.out; o += tileCols {
		_, width := r.panel(o)
		n, first := min(tileCols, r.out-o), 0
		if n == tileCols && r.k >= 4 {
			first = r.k &^ 3
			packColumnQuads(&r.b[r.quad(o, 0, 0)], &x[o], uintptr(stride), uintptr(r.k/4), uintptr(4*width))
		}
		for i := first; i < r.k; i++ {
			dst := r.b[r.quad(o, i, 0):]
			for j, v := range x[i*stride+o:][:n] {
				dst[4*j] = v
			}
		}
	}
}

// multiplyQuads is Multiply with VNNI.
func (r *Rows) multiplyQuads(acc []int32, from, n int, right *Right) {
	start := right.bias
	if r.signed {
		if !right.corrected {
			right.correct()
		}
		start = right.start
	}
	stride, inner := Stride(right.out), uintptr(r.stride)
	a, tiles := &r.b[from*r.stride], uintptr(roundUp(n, tileRows)/tileRows)
	for o := 0; o < right.out; {
		first, width := right.panel(o)
		w := &right.b[right.quad(first, 0, 0)]
		if width == tileCols {
			multiplyQuads16(a, inner, w, inner/4, uintptr(right.planes), &start[o], &acc[o], uintptr(4*stride), tiles)
		} else {
			multiplyQuads64(a, inner, w, inner/4, uintptr(right.planes), &start[o], &acc[o], uintptr(4*stride), tiles)
		}
		o += width
	}
}
