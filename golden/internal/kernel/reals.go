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
	edge := lastRows(a, stride, rows, b.k)
	for k := 0; k < b.k; k += realDepth { // sums go on in c, as they would in registers
		p := product{c, cStride, a, stride, rows, edge, b, k, min(realDepth, b.k-k)}
		for top := 0; top < rows; top += realRows {
			for col := 0; col < b.n; col += realCols {
				p.panel(top, min(rows, top+realRows), col, from)
			}
		}
	}
}

// A panel of the right operand stays in the first-level cache while it is multiplied with rows that stay in the second:
// so many products along k, and so many rows.
const (
	realDepth = 256
	realRows  = 16 * tileRows
)

// lastRows is a copy of the rows that do not fill a tile, with zeros below them; nil if all do.
func lastRows(a []float64, stride, rows, k int) []float64 {
	first := rows - rows%tileRows
	if first == rows {
		return nil
	}
	edge := make([]float64, tileRows*k)
	for i := range rows - first {
		copy(edge[i*k:][:k], a[(first+i)*stride:])
	}
	return edge
}

// product is part of a product, k to k+depth of its inner dimension.
type product struct {
	c       []float64
	cStride int
	a       []float64
	stride  int
	rows    int
	edge    []float64 // see lastRows
	b       *Reals
	k       int
	depth   int
}

// panel adds the products of rows [top, bottom) with the panel of columns at col.
func (p *product) panel(top, bottom, col int, from func(row int) int) {
	panel := &p.b.b[col*p.b.k+p.k*realCols]
	m := min(realCols, p.b.n-col)
	var tile [tileRows * realCols]float64
	for r := top; r < bottom; r += tileRows {
		if from != nil && from(r)/realCols*realCols > col {
			continue
		}
		n, left, leftStride := min(tileRows, p.rows-r), &p.a[r*p.stride+p.k], p.stride
		if n < tileRows {
			left, leftStride = &p.edge[p.k], p.b.k
		}
		if n == tileRows && m == realCols {
			multiplyReals(left, uintptr(8*leftStride), panel, uintptr(p.depth), &p.c[r*p.cStride+col], uintptr(8*p.cStride))
			continue
		}
		for i := range n {
			copy(tile[i*realCols:][:m], p.c[(r+i)*p.cStride+col:])
		}
		multiplyReals(left, uintptr(8*leftStride), panel, uintptr(p.depth), &tile[0], 8*realCols)
		for i := range n {
			copy(p.c[(r+i)*p.cStride+col:][:m], tile[i*realCols:])
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
