package kernel

import (
	"math/rand/v2"
	"testing"

	"vitdse/golden/intnet"
)

// tiers are all that the machine has, the definition first.
var tiers = []tier{portable, avx2, vnni}[:detect()+1]

// each runs a test with every tier.
func each(t *testing.T, test func(t *testing.T)) {
	for _, one := range tiers {
		using(one, func() { t.Run(Vectors(), test) })
	}
}

func using(t tier, do func()) {
	was := active
	defer func() { active = was }()
	active = t
	do()
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
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		var rows Rows
		for _, k := range []int{1, 2, 3, 4, 5, 16, 31, 64, 192} {
			for _, n := range []int{1, 2, 5, 6, 7, 17, 25} {
				for _, out := range []int{1, 4, 10, 16, 17, 40, 49, 64, 65, 150} {
					for _, limit := range []int64{127, 128, 2032} { // codes, any byte, codes times multipliers
						x, w, bias := random[int8](rng, n*k, -128, 127), random[int16](rng, out*k, -limit, min(limit, 2032)),
							random[int64](rng, out, -1<<20, 1<<20)
						rows.Codes(x, n, k, k)
						holdProduct(t, &rows, NewRight(w, bias), naive(widened(x), w, bias, k))
					}
				}
			}
		}
	})
}

// Sums at the ends of 32 bits: 4,096 products of -128 and +-2,032, beyond what any network has.
func TestMultiplyAtTheLimits(t *testing.T) {
	each(t, func(t *testing.T) {
		const k, n, out = 4096, 3, 5
		var rows Rows
		for _, a := range []int64{-128, 127} {
			for _, b := range []int64{-2032, 2032} {
				x, w, bias := random[int8](rand.New(rand.NewPCG(1, 2)), n*k, a, a),
					random[int16](rand.New(rand.NewPCG(1, 2)), out*k, b, b), make([]int64, out)
				rows.Codes(x, n, k, k)
				holdProduct(t, &rows, NewRight(w, bias), naive(widened(x), w, bias, k))
			}
		}
	})
}

// Numerators times values: the left operand has no sign.
func TestMultiplyNumerators(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		var rows Rows
		var right Right
		for range 50 {
			n, k, out := 1+rng.IntN(20), 1+rng.IntN(200), 1+rng.IntN(70)
			values, scores, a := random[int8](rng, k*out, -128, 127), random[int32](rng, AccSize(n, k), -4000, 4000),
				make([]int16, 0, n*k)
			exp := &intnet.Exp{Table: make([]uint16, 256)}
			for i := range exp.Table {
				exp.Table[i] = uint16(255 - i)
			}
			NewSoftmax(exp, 1<<10, 14).Numerators(&rows, scores, k, make([]int64, n))
			row := make([]int32, k)
			for r := range n {
				rows.Row(row, r)
				for _, e := range row {
					a = append(a, int16(e))
				}
			}
			w := make([]int16, out*k)
			for i := range w {
				w[i] = int16(values[i%k*out+i/k])
			}
			right.Columns(values, out, k, out)
			holdProduct(t, &rows, &right, naive(a, w, make([]int64, out), k))
		}
	})
}

// The operands of an attention head are parts of rows of all heads.
func TestMultiplyParts(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		var rows Rows
		var right Right
		for range 50 {
			n, k, out, more := 1+rng.IntN(40), 1+rng.IntN(70), 1+rng.IntN(70), rng.IntN(9)
			x, keys, values := random[int8](rng, n*(k+more), -128, 127), random[int8](rng, out*(k+more), -128, 127),
				random[int8](rng, k*(out+more), -128, 127)
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

// draws are what is done apart from products, each with constants drawn so that the assembly
// may be used, and so that it may not. What a draw returns prepares and runs it with the
// active tier, and tells whether that used vectors.
var draws = map[string]func(rng *rand.Rand, n, rows int) func() ([]int32, bool){
	"codes": drawCodes, "values": drawValues, "add": drawAdd, "lookup": drawLookup, "scale": drawScale, "norm": drawNorm,
	"softmax":       drawSoftmax,
	"norm's values": drawNormValues, "patches": drawPatches,
}

// holdTiers runs a draw with every tier and compares. It counts where each used vectors.
func holdTiers(t *testing.T, name string, rng *rand.Rand, n, rows int, used map[string]int) {
	t.Helper()
	run := draws[name](rng, n, rows)
	var want []int32
	for _, one := range tiers {
		using(one, func() {
			got, vectors := run()
			if one == portable {
				want = got
				return
			}
			if vectors {
				used[name+", "+Vectors()]++
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%s, %d rows of %d columns: element %d is %d with %s and %d without",
						name, rows, n, i, got[i], Vectors(), want[i])
				}
			}
		})
	}
}

// The assembly must equal the Go code wherever it says that it can be used.
func TestVectorsEqualGo(t *testing.T) {
	if len(tiers) == 1 {
		t.Skip("no assembly on this machine: the Go code is all there is")
	}
	rng := rand.New(rand.NewPCG(5, 6))
	used := map[string]int{}
	for range 4000 {
		n, rows := 1+rng.IntN(70), 1+rng.IntN(4)
		if rng.IntN(8) == 0 {
			n += 128
		}
		for name := range draws {
			holdTiers(t, name, rng, n, rows, used)
		}
	}
	for name := range draws {
		for _, one := range tiers[1:] {
			if n := used[name+", "+one.String()]; n < 1000 {
				t.Errorf("%s: vectors of %s were used %d times of 4000: the test proves little", name, one, n)
			}
		}
	}
}

// The same with a fuzzer's seeds and shapes, and a product of the same shape.
func FuzzVectorsEqualGo(f *testing.F) {
	f.Add(uint64(1), uint8(197), uint8(3), uint8(64))
	f.Add(uint64(2), uint8(1), uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, seed uint64, columns, height, inner uint8) {
		n, rows, k := max(1, int(columns)), 1+int(height)%20, max(1, int(inner))
		rng := rand.New(rand.NewPCG(seed, 0))
		for name := range draws {
			holdTiers(t, name, rng, n, rows, map[string]int{})
		}
		limit := []int64{127, 128, 2032}[seed%3]
		x, w, bias := random[int8](rng, rows*k, -128, 127), random[int16](rng, n*k, -limit, limit-1),
			random[int64](rng, n, -1<<20, 1<<20)
		want := naive(widened(x), w, bias, k)
		each(t, func(t *testing.T) {
			var left Rows
			left.Codes(x, rows, k, k)
			holdProduct(t, &left, NewRight(w, bias), want)
		})
	})
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
	return func() ([]int32, bool) {
		r, dst := NewRequant(l), make([]int8, rows*n)
		r.Codes(dst, acc)
		return wide(dst), r.vectors && active.whole(n) > 0
	}
}

func drawValues(rng *rand.Rand, n, rows int) func() ([]int32, bool) {
	l, acc := drawLinear(rng, n, rows, 16+rng.IntN(3))
	return func() ([]int32, bool) {
		r, dst := NewRequant(l), make([]int32, rows*n)
		r.Values(dst, acc)
		return dst, r.vectors && active.whole(n) > 0
	}
}

func drawAdd(rng *rand.Rand, n, rows int) func() ([]int32, bool) {
	l, acc := drawLinear(rng, n, rows, 16)
	start := random[int32](rng, rows*n, -1<<15, 1<<15-1)
	return func() ([]int32, bool) {
		r, dst := NewRequant(l), append([]int32(nil), start...)
		r.Add(dst, acc)
		return dst, r.vectors && active.whole(n) > 0
	}
}

func drawLookup(rng *rand.Rand, n, rows int) func() ([]int32, bool) {
	l, acc := drawLinear(rng, n, rows, 4+rng.IntN(7))
	table := random[int8](rng, 1<<l.Bits, -128, 127)
	return func() ([]int32, bool) {
		r, dst := NewRequant(l).WithTable(table), make([]int8, rows*n)
		r.Lookup(dst, acc)
		return wide(dst), r.table != nil && active.whole(len(dst)) >= 32
	}
}

func drawScale(rng *rand.Rand, n, rows int) func() ([]int32, bool) {
	bits, m, apart := 8+rng.IntN(22), make([]int64, rows), n+rng.IntN(9)
	for i := range m {
		m[i] = 1 + rng.Int64N(1<<17-1)
	}
	acc := random[int32](rng, AccSize(rows, n), -1<<bits, 1<<bits)
	shift, zero, width := uint(max(0, bits+17-9-rng.IntN(8)+rng.IntN(3))), int32(rng.IntN(256)-128), 2+rng.IntN(7)
	return func() ([]int32, bool) {
		s, dst := NewScale(1<<17, 1<<(bits+17), shift, zero, width), make([]int8, rows*apart)
		s.Codes(dst, apart, acc, n, m)
		return wide(dst), s.vectors && active.whole(n) > 0
	}
}

func drawNorm(rng *rand.Rand, n, rows int) func() ([]int32, bool) {
	prepare, x := drawLayerNorm(rng, n, rows, 2+rng.IntN(7))
	return func() ([]int32, bool) {
		norm, dst := prepare(), make([]int8, n*rows)
		norm.Codes(dst, x)
		return wide(dst), norm.whole() > 0
	}
}

func drawNormValues(rng *rand.Rand, n, rows int) func() ([]int32, bool) {
	prepare, start := drawLayerNorm(rng, n, rows, 16)
	return func() ([]int32, bool) {
		norm, x := prepare(), append([]int32(nil), start...)
		norm.Values(x)
		return x, norm.whole() > 0
	}
}

// drawLayerNorm draws a LayerNorm and rows for it.
func drawLayerNorm(rng *rand.Rand, n, rows, bits int) (prepare func() *Norm, x []int32) {
	ln := &intnet.LayerNorm{Channels: n, E: 1 + rng.Int64N(1<<20), K: uint(16 + rng.IntN(30)),
		SG: uint(1 + rng.IntN(26)), Bits: bits}
	offset := 8 + rng.IntN(39)
	for range n {
		ln.G = append(ln.G, int16(rng.IntN(1<<16)-1<<15))
		ln.B = append(ln.B, rng.Int64N(2<<offset)-1<<offset)
	}
	table := make([]uint32, 192)
	for i := range table { // as the contract's, or nearly
		table[i] = uint32(min(1<<17*8/isqrt(64*uint64(i+64)), 1<<17-1))
	}
	spread := int64(1) << rng.IntN(16)
	return func() *Norm { return NewNorm(ln, table) }, random[int32](rng, n*rows, -spread, spread-1)
}

func isqrt(v uint64) uint64 {
	r := uint64(0)
	for (r+1)*(r+1) <= v {
		r++
	}
	return r
}

// drawSoftmax draws any table, or one as the contract's that ends in many zeros.
func drawSoftmax(rng *rand.Rand, n, rows int) func() ([]int32, bool) {
	exp := &intnet.Exp{Table: make([]uint16, 1<<(4+rng.IntN(7)))}
	filled := len(exp.Table) - 1
	if rng.IntN(2) == 0 {
		filled = min(filled, 270+rng.IntN(50))
	}
	for i := range filled {
		exp.Table[i] = uint16(rng.IntN(MaxNumerator + 1))
	}
	m, shift := uint16(rng.IntN(1<<16)), uint(rng.IntN(49))
	if rng.IntN(2) == 0 { // all entries are reached
		shift = uint(rng.IntN(24))
	}
	bits := 4 + rng.IntN(28)
	scores := random[int32](rng, AccSize(rows, n), -1<<(bits-1), 1<<(bits-1)-1)
	if n > 1 && rng.IntN(2) == 0 {
		scores[rng.IntN(n)] = Masked
	}
	return func() ([]int32, bool) {
		var dst Rows
		s, sums, got := NewSoftmax(exp, m, shift), make([]int64, rows), []int32(nil)
		s.Numerators(&dst, scores, n, sums)
		row := make([]int32, n)
		for i, sum := range sums {
			dst.Row(row, i)
			got = append(append(got, int32(sum)), row...)
		}
		return got, active.whole(n) > 0 && (active != vnni || s.bytes != nil)
	}
}

// drawPatches takes the columns for channels and the rows for a patch's side.
func drawPatches(rng *rand.Rand, n, rows int) func() ([]int32, bool) {
	side, channels, across, down := rows*(1+rng.IntN(6)), 1+n%4, 1+rng.IntN(3), 1+rng.IntN(3)
	image := make([]uint8, side*side*channels*across*down)
	for i := range image {
		image[i] = uint8(rng.IntN(256))
	}
	codes := [256]int8(random[int8](rng, 256, -128, 127))
	return func() ([]int32, bool) {
		p, dst := NewPatches(codes, side, channels), make([]int8, len(image))
		p.Gather(dst, image, side*down, side*across)
		return wide(dst), active == avx2 || p.orders != nil // AVX2 leaves it to the Go code
	}
}
