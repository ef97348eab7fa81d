package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The product of reals is, bit for bit, the sum of rounded products in the order of k.
func TestMultiplyReals(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			rows, n, k := 1+rng.IntN(20), 1+rng.IntN(40), 1+rng.IntN(50)
			stride, cStride := k+rng.IntN(3), n+rng.IntN(3)
			normal := func(n int) []float64 {
				v := make([]float64, n)
				for i := range v {
					v[i] = rng.NormFloat64()
				}
				return v
			}
			a, w, c := normal(rows*stride), normal(n*k), normal(rows*cStride)
			want := slices.Clone(c)
			for r := range rows {
				for o := range n {
					for i := range k {
						want[r*cStride+o] += float64(a[r*stride+i] * w[o*k+i])
					}
				}
			}
			var b Reals
			if rng.IntN(2) == 0 {
				b.RealRows(w, n, k, k)
			} else {
				x := make([]float64, n*k)
				for i := range x {
					x[i] = w[i%n*k+i/n]
				}
				b.RealColumns(x, n, k, n)
			}
			whole := slices.Clone(c)
			MultiplyReals(whole, cStride, a, stride, rows, &b, nil)
			if !slices.Equal(whole, want) {
				t.Fatalf("%d x %d x %d: not the sums of rounded products", rows, k, n)
			}
			MultiplyReals(c, cStride, a, stride, rows, &b, func(r int) int { return min(r, n-1) })
			for r := range rows {
				for o := min(r, n-1); o < n; o++ {
					if c[r*cStride+o] != want[r*cStride+o] {
						t.Fatalf("%d x %d x %d, upper triangle: row %d, column %d differs", rows, k, n, r, o)
					}
				}
			}
		}
	})
}

func BenchmarkMultiplyReals(b *testing.B) {
	eachTier(b, "reals", func(b *testing.B) {
		const rows, n, k = 192, 192, 768
		a, w, c := make([]float64, rows*k), make([]float64, n*k), make([]float64, rows*n)
		var r Reals
		r.RealRows(w, n, k, k)
		gops(b, rows*n*k, func() { MultiplyReals(c, n, a, k, rows, &r, nil) })
	})
}
