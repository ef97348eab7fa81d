package kernel

// realCols is the number of columns of a panel of real numbers.
const realCols = 8

// Reals is the right operand of a product of real numbers, k x n: panels of realCols columns,
// the last filled up with zeros.
type Reals struct {
	k, n int
	b    []float64
}

// RealRows prepares the operand whose columns are the n rows of w, k values each, stride apart.
func (r *Reals) RealRows(w []float64, n, k, stride int) {
	r.resize(n, k)
	for c := range n {
		panel := r.b[c/realCols*k*realCols+c%realCols:]
		for i, v := range w[c*stride:][:k] {
			panel[i*realCols] = v
		}
	}
}

// RealColumns prepares the operand whose k rows are those of x, n values each, stride apart.
func (r *Reals) RealColumns(x []float64, n, k, stride int) {
	r.resize(n, k)
	for from := 0; from < n; from += realCols {
		panel := r.b[from*k:]
		for i := range k {
			copy(panel[i*realCols:], x[i*stride:][from:min(from+realCols, n)])
		}
	}
}

func (r *Reals) resize(n, k int) {
	size := roundUp(n, realCols) * k
	if r.n != n || r.k != k {
		r.b = grow(r.b, size)
		clear(r.b)
	}
	r.n, r.k = n, k
}

// MultiplyReals adds a*b to c: rows x n values, cStride apart, a of rows x k values, stride
// apart. Every value of c grows by its products one by one, in the order of k and each rounded
// before it is added, so that the result is the same on every machine. Columns before the
// least of a row's tile may be left out: c[r][j] is computed for j >= from(r) at least; from
// may be nil.
func MultiplyReals(c []float64, cStride int, a []float64, stride, rows int, b *Reals, from func(row int) int) {
	if rows == 0 || b.n == 0 || b.k == 0 {
		return
	}
	_, _ = c[(rows-1)*cStride+b.n-1], a[(rows-1)*stride+b.k-1]
	if active == portable {
		multiplyGo(c, cStride, a, stride, rows, b, from)
		return
	}
	var edge []float64 // of rows that do not fill a tile
	var tile [tileRows * realCols]float64
	for r := 0; r < rows; r += tileRows {
		left, leftStride, n := a[r*stride:], stride, min(tileRows, rows-r)
		if n < tileRows {
			edge = make([]float64, tileRows*b.k)
			for i := range n {
				copy(edge[i*b.k:][:b.k], left[i*stride:])
			}
			left, leftStride = edge, b.k
		}
		first := 0
		if from != nil {
			first = from(r) / realCols * realCols
		}
		for col := first; col < b.n; col += realCols {
			panel := &b.b[col*b.k]
			m := min(realCols, b.n-col)
			if n == tileRows && m == realCols {
				multiplyReals(&left[0], uintptr(8*leftStride), panel, uintptr(b.k), &c[r*cStride+col], uintptr(8*cStride))
				continue
			}
			for i := range n {
				copy(tile[i*realCols:][:m], c[(r+i)*cStride+col:])
			}
			multiplyReals(&left[0], uintptr(8*leftStride), panel, uintptr(b.k), &tile[0], 8*realCols)
			for i := range n {
				copy(c[(r+i)*cStride+col:][:m], tile[i*realCols:])
			}
		}
	}
}

// multiplyGo is the definition.
func multiplyGo(c []float64, cStride int, a []float64, stride, rows int, b *Reals, from func(row int) int) {
	for r := range rows {
		first := 0
		if from != nil {
			first = from(r) / realCols * realCols
		}
		for col := first; col < b.n; col += realCols {
			panel := b.b[col*b.k:][:b.k*realCols]
			var sums [realCols]float64
			dst := c[r*cStride+col:][:min(realCols, b.n-col)]
			copy(sums[:], dst)
			for i, x := range a[r*stride:][:b.k] {
				for j, w := range panel[i*realCols:][:realCols] {
					sums[j] += float64(x * w) // the conversion keeps compilers from fusing both
				}
			}
			copy(dst, sums[:])
		}
	}
}
