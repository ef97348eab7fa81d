package kernel

// AVX2 multiplies pairs of 16-bit integers. Its right operand is panels of 16 outputs:
// [out/16][k/2][16][2].

// pair is where a weight is kept.
func (r *Right) pair(o, k int) int {
	return (o/tileCols*((r.k+1)/2)+k/2)*2*tileCols + o%tileCols*2 + k%2
}

func (r *Right) setPairs(w []int16) {
	for i, v := range w {
		r.w[r.pair(i/r.k, i%r.k)] = v
	}
}

// rowPairs packs rows: assembly does eight outputs and sixteen inputs at a time.
func (r *Right) rowPairs(x []int8, stride int) {
	whole := 0
	if r.k >= 16 {
		whole = r.out &^ 7
	}
	for o := 0; o < whole; o += 8 {
		packRowPairs(&r.w[r.pair(o, 0)], &x[o*stride], uintptr(stride), uintptr(r.k/16))
	}
	for o := range r.out {
		src, dst := x[o*stride:][:r.k], r.w[r.pair(o, 0):]
		i := 0
		if o < whole {
			i = r.k &^ 15
		}
		for ; i < r.k; i++ {
			dst[i/2*2*tileCols+i%2] = int16(src[i])
		}
	}
}

// columnPairs packs columns: assembly does sixteen outputs and two inputs at a time.
func (r *Right) columnPairs(x []int8, stride int) {
	for o := 0; o < r.out; o += tileCols {
		n, first := min(tileCols, r.out-o), 0
		if n == tileCols && r.k >= 2 {
			first = r.k &^ 1
			packColumnPairs(&r.w[r.pair(o, 0)], &x[o], uintptr(stride), uintptr(r.k/2))
		}
		for i := first; i < r.k; i++ {
			dst := r.w[r.pair(o, i):]
			for j, v := range x[i*stride+o:][:n] {
				dst[2*j] = int16(v)
			}
		}
	}
}

// multiplyPairs is Multiply with AVX2.
func (r *Rows) multiplyPairs(acc []int32, from, n int, right *Right) {
	stride := Stride(right.out)
	for o := 0; o < right.out; o += tileCols {
		w := &right.w[o*r.stride]
		for i := 0; i < n; i += tileRows {
			multiplyPairs(&r.v[(from+i)*r.stride], uintptr(2*r.stride), w, uintptr(r.stride/2), &right.bias[o], &acc[i*stride+o],
				uintptr(4*stride))
		}
	}
}
