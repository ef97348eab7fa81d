package kernel

import (
	"math/rand/v2"
	"testing"

	"vitdse/golden/intnet"
)

// both runs a test with assembly, where the machine has it, and without.
func both(t *testing.T, test func(t *testing.T)) {
	was := simd
	defer func() { simd = was }()
	for _, on := range []bool{false, true} {
		if simd = on && was; simd == on {
			t.Run(Vectors(), test)
		}
	}
}

func random[T int8 | int16 | int32 | int64](rng *rand.Rand, n int, low, high int64) []T {
	v := make([]T, n)
	for i := range v {
		switch rng.IntN(8) {
		case 0:
			v[i] = T(low)
		case 1:
			v[i] = T(high)
		default:
			v[i] = T(low + rng.Int64N(high-low+1))
		}
	}
	return v
}

// naive is the definition of a product.
func naive(a, w []int16, bias []int64, k int) []int32 {
	var acc []int32
	for ; len(a) > 0; a = a[k:] {
		for o, b := range bias {
			for i := range k {
				b += int64(a[i]) * int64(w[o*k+i])
			}
			acc = append(acc, int32(b))
		}
	}
	return acc
}

func widened(x []int8) []int16 {
	v := make([]int16, len(x))
	for i, c := range x {
		v[i] = int16(c)
	}
	return v
}

// holdProduct multiplies in chunks and compares every element.
func holdProduct(t *testing.T, rows *Rows, right *Right, want []int32) {
	t.Helper()
	n, out := rows.n, right.out
	const chunk = 2 * tileRows
	acc := make([]int32, AccSize(chunk, out))
	for from := 0; from < n; from += chunk {
		some := min(chunk, n-from)
		Multiply(acc, rows, from, some, right)
		for r := range some {
			for o := range out {
				if got, e := acc[r*Stride(out)+o], want[(from+r)*out+o]; got != e {
					t.Fatalf("%d x %d x %d: row %d, column %d is %d; expected %d", n, rows.k, out, from+r, o, got, e)
				}
			}
		}
	}
}

func TestMultiply(t *testing.T) {
	both(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		var rows Rows
		for _, k := range []int{1, 2, 3, 16, 31, 64, 192} {
			for _, n := range []int{1, 2, 6, 7, 17, 25} {
				for _, out := range []int{1, 4, 10, 16, 17, 40} {
					x, w, bias := random[int8](rng, n*k, -128, 127), random[int16](rng, out*k, -2032, 2032), random[int64](rng, out, -1<<20, 1<<20)
					rows.Codes(x, n, k, k)
					holdProduct(t, &rows, NewRight(w, bias), naive(widened(x), w, bias, k))
				}
			}
		}
	})
}

// Sums at the ends of 32 bits: 4,096 products of -128 and +-2,032, beyond what any network has.
func TestMultiplyAtTheLimits(t *testing.T) {
	both(t, func(t *testing.T) {
		const k, n, out = 4096, 3, 5
		var rows Rows
		for _, a := range []int64{-128, 127} {
			for _, b := range []int64{-2032, 2032} {
				x, w, bias := random[int8](rand.New(rand.NewPCG(1, 2)), n*k, a, a), random[int16](rand.New(rand.NewPCG(1, 2)), out*k, b, b), make([]int64, out)
				rows.Codes(x, n, k, k)
				holdProduct(t, &rows, NewRight(w, bias), naive(widened(x), w, bias, k))
			}
		}
	})
}

// The operands of an attention head are parts of rows of all heads.
func TestMultiplyParts(t *testing.T) {
	both(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		var rows Rows
		var right Right
		for range 50 {
			n, k, out, more := 1+rng.IntN(40), 1+rng.IntN(70), 1+rng.IntN(70), rng.IntN(9)
			x, keys, values := random[int8](rng, n*(k+more), -128, 127), random[int8](rng, out*(k+more), -128, 127), random[int8](rng, k*(out+more), -128, 127)
			a, w, wt := make([]int16, 0, n*k), make([]int16, out*k), make([]int16, out*k)
			for r := range n {
				a = append(a, widened(x[r*(k+more):][:k])...)
			}
			for o := range out {
				for i := range k {
					w[o*k+i], wt[o*k+i] = int16(keys[o*(k+more)+i]), int16(values[i*(out+more)+o])
				}
			}
			rows.Codes(x, n, k, k+more)
			right.Rows(keys, out, k, k+more)
			holdProduct(t, &rows, &right, naive(a, w, make([]int64, out), k))
			right.Columns(values, out, k, out+more)
			holdProduct(t, &rows, &right, naive(a, wt, make([]int64, out), k))
		}
	})
}

// The assembly must equal the Go code wherever it says that it can be used; constants are
// drawn so that it may, and so that it may not.
func TestVectorsEqualGo(t *testing.T) {
	if !simd {
		t.Skip("no assembly on this machine: the Go code is all there is")
	}
	rng := rand.New(rand.NewPCG(5, 6))
	used := map[string]int{}
	for range 4000 {
		n, rows := 1+rng.IntN(70), 1+rng.IntN(4)
		for name, run := range map[string]func() ([]int32, bool){
			"codes": drawCodes(rng, n, rows), "add": drawAdd(rng, n, rows), "lookup": drawLookup(rng, n, rows),
			"scale": drawScale(rng, n), "norm": drawNorm(rng, n, rows), "softmax": drawSoftmax(rng, n),
		} {
			simd = true
			got, vectors := run()
			simd = false
			want, _ := run()
			simd = true
			if vectors {
				used[name]++
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%s, %d columns: element %d is %d with vectors and %d without", name, n, i, got[i], want[i])
				}
			}
		}
	}
	for _, name := range []string{"codes", "add", "lookup", "scale", "norm", "softmax"} {
		if used[name] < 1000 {
			t.Errorf("%s: vectors were used %d times of 4000: the test proves little", name, used[name])
		}
	}
}

func wide(x []int8) []int32 {
	v := make([]int32, len(x))
	for i, c := range x {
		v[i] = int32(c)
	}
	return v
}

// drawLinear draws a layer's requantization and accumulators for it.
func drawLinear(rng *rand.Rand, n, rows, bits int) (*intnet.Linear, []int32) {
	l := &intnet.Linear{Out: n, Bits: bits, AccBits: 4 + rng.IntN(29), Zero: int32(rng.IntN(1<<bits) - 1<<(bits-1))}
	l.Shift = uint(rng.IntN(49))
	if rng.IntN(2) == 0 { // a shift that leaves a code's range
		l.Shift = uint(max(0, l.AccBits+16-bits-rng.IntN(4)))
	}
	for range n {
		l.M = append(l.M, uint16(rng.IntN(1<<16)))
	}
	limit := int64(1) << (l.AccBits - 1)
	return l, random[int32](rng, AccSize(rows, n), -limit, limit-1)
}

func drawCodes(rng *rand.Rand, n, rows int) func() ([]int32, bool) {
	l, acc := drawLinear(rng, n, rows, 2+rng.IntN(7))
	r := NewRequant(l)
	return func() ([]int32, bool) {
		dst := make([]int8, rows*n)
		r.Codes(dst, acc)
		return wide(dst), r.whole() > 0
	}
}

func drawAdd(rng *rand.Rand, n, rows int) func() ([]int32, bool) {
	l, acc := drawLinear(rng, n, rows, 16)
	r, start := NewRequant(l), random[int32](rng, rows*n, -1<<15, 1<<15-1)
	return func() ([]int32, bool) {
		dst := append([]int32(nil), start...)
		r.Add(dst, acc)
		return dst, r.whole() > 0
	}
}

func drawLookup(rng *rand.Rand, n, rows int) func() ([]int32, bool) {
	l, acc := drawLinear(rng, n, rows, 4+rng.IntN(7))
	r := NewRequant(l).WithTable(random[int8](rng, 1<<l.Bits, -128, 127))
	return func() ([]int32, bool) {
		dst := make([]int8, rows*n)
		r.Lookup(dst, acc)
		return wide(dst), simd && r.table != nil && len(dst) >= 32
	}
}

func drawScale(rng *rand.Rand, n int) func() ([]int32, bool) {
	bits, m := 8+rng.IntN(22), 1+rng.Int64N(1<<17-1)
	acc := random[int32](rng, n, -1<<bits, 1<<bits)
	s := NewScale(1<<17, 1<<(bits+17), uint(max(0, bits+17-9-rng.IntN(8)+rng.IntN(3))), int32(rng.IntN(256)-128), 2+rng.IntN(7))
	return func() ([]int32, bool) {
		dst := make([]int8, n)
		s.Codes(dst, acc, m)
		return wide(dst), simd && s.vectors && n >= lanes
	}
}

func drawNorm(rng *rand.Rand, n, rows int) func() ([]int32, bool) {
	ln := &intnet.LayerNorm{Channels: n, E: 1 + rng.Int64N(1<<20), K: uint(16 + rng.IntN(30)), SG: uint(1 + rng.IntN(26)), Bits: 2 + rng.IntN(7)}
	offset := 8 + rng.IntN(39)
	for range n {
		ln.G = append(ln.G, int16(rng.IntN(1<<16)-1<<15))
		ln.B = append(ln.B, rng.Int64N(2<<offset)-1<<offset)
	}
	table := make([]uint32, 192)
	for i := range table { // as the contract's, or nearly
		table[i] = uint32(min(1<<17*8/isqrt(64*uint64(i+64)), 1<<17-1))
	}
	norm, spread := NewNorm(ln, table), int64(1)<<rng.IntN(16)
	x := random[int32](rng, n*rows, -spread, spread-1)
	return func() ([]int32, bool) {
		dst := make([]int8, n*rows)
		norm.Codes(dst, x)
		return wide(dst), simd && norm.vectors && n >= lanes
	}
}

func isqrt(v uint64) uint64 {
	r := uint64(0)
	for (r+1)*(r+1) <= v {
		r++
	}
	return r
}

func drawSoftmax(rng *rand.Rand, n int) func() ([]int32, bool) {
	exp := &intnet.Exp{Table: make([]uint16, 1<<(4+rng.IntN(7)))}
	for i := range exp.Table[:len(exp.Table)-1] {
		exp.Table[i] = uint16(rng.IntN(256))
	}
	s := NewSoftmax(exp, uint16(rng.IntN(1<<16)), uint(rng.IntN(49)))
	bits := 4 + rng.IntN(28)
	scores := random[int32](rng, n, -1<<(bits-1), 1<<(bits-1)-1)
	if n > 1 && rng.IntN(2) == 0 {
		scores[rng.IntN(n)] = Masked
	}
	return func() ([]int32, bool) {
		dst := make([]int16, n)
		sum := s.Numerators(dst, scores)
		got := []int32{int32(sum)}
		for _, e := range dst {
			got = append(got, int32(e))
		}
		return got, simd && n >= lanes
	}
}
