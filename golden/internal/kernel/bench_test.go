package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"vitdse/golden/intnet"
)

// shapes are DeiT-Tiny's and DeiT-Small's products, with weights of 8 bits or of 12, which
// groups have.
var shapes = []struct {
	name      string
	n, k, out int
	largest   int64
}{
	{"TinyQKV", 197, 192, 576, 127}, {"TinyProj", 197, 192, 192, 127}, {"TinyFC1", 197, 192, 768, 127},
	{"TinyFC2", 197, 768, 192, 127},
	{"Scores", 197, 64, 197, 127}, {"Values", 197, 197, 64, 127},
	{"SmallFC1", 197, 384, 1536, 127}, {"SmallFC2", 197, 1536, 384, 127},
	{"TinyFC1Groups", 197, 192, 768, 16 * 127},
}

// BenchmarkPeak is the ceiling of the others: products and sums on registers.
func BenchmarkPeak(b *testing.B) {
	const steps = 100_000
	for _, one := range tiers[1:] {
		b.Run(one.String(), func(b *testing.B) {
			f, products := peakPairs, 12*16
			if one == vnni {
				f, products = peakQuads, 24*64
			}
			gops(b, steps*products, func() { f(steps) })
		})
	}
}

// eachTier runs a benchmark with every tier, the best first.
func eachTier(b *testing.B, name string, bench func(b *testing.B)) {
	for i := range tiers {
		using(tiers[len(tiers)-1-i], func() { b.Run(name+"/"+Vectors(), bench) })
	}
}

func BenchmarkMultiply(b *testing.B) {
	for _, s := range shapes {
		eachTier(b, s.name, func(b *testing.B) {
			x, right := operands(s.n, s.k, s.out, s.largest)
			var rows Rows
			acc := make([]int32, AccSize(Block, s.out))
			gops(b, s.n*s.k*s.out, func() {
				rows.Codes(x, s.n, s.k, s.k)
				for from := 0; from < s.n; from += Block {
					Multiply(acc, &rows, from, min(Block, s.n-from), right)
				}
			})
		})
	}
}

// BenchmarkNaive is the triple loop that the portable path is compared with; of fewer rows,
// so that it may have the core for all of them.
func BenchmarkNaive(b *testing.B) {
	const n, k, out = 8, 192, 768
	x, _ := operands(n, k, out, 127)
	w := random[int8](rand.New(rand.NewPCG(1, 2)), out*k, -127, 127)
	acc := make([]int32, n*out)
	gops(b, n*k*out, func() {
		for r := range n {
			for o := range out {
				sum := int32(0)
				for i := range k {
					sum += int32(x[r*k+i]) * int32(w[o*k+i])
				}
				acc[r*out+o] = sum
			}
		}
	})
}

func operands(n, k, out int, largest int64) ([]int8, *Right) {
	rng := rand.New(rand.NewPCG(1, 2))
	return random[int8](rng, n*k, -128, 127), NewRight(random[int16](rng, out*k, -largest, largest), make([]int64, out))
}

// best runs f as often as the benchmark wants and returns the shortest time, in seconds: on a
// shared machine the mean tells more about the others.
func best(b *testing.B, f func()) float64 {
	least := time.Duration(math.MaxInt64)
	for b.Loop() {
		start := time.Now()
		f()
		least = min(least, time.Since(start))
	}
	return least.Seconds()
}

func gops(b *testing.B, products int, f func()) {
	b.ReportMetric(2*float64(products)/best(b, f)/1e9, "best-GOP/s")
}

// BenchmarkRows times what is done for each element apart from products.
func BenchmarkRows(b *testing.B) {
	const n, d = Block, 768
	rng := rand.New(rand.NewPCG(1, 2))
	l := &intnet.Linear{Out: d, Bits: 8, AccBits: 24, Shift: 30, M: make([]uint16, d)}
	ln := &intnet.LayerNorm{Channels: d, E: 1, K: 30, SG: 12, Bits: 8, G: make([]int16, d), B: make([]int64, d)}
	for i := range d {
		l.M[i], ln.G[i] = uint16(rng.IntN(1<<16)), int16(rng.IntN(1<<12))
	}
	acc, codes, x := random[int32](rng, AccSize(n, d), -1<<23, 1<<23-1), make([]int8, n*d),
		random[int32](rng, n*d, -1<<12, 1<<12)
	table := make([]uint32, 192)
	for i := range table {
		table[i] = 1 << 16
	}
	values, sums := random[int8](rng, 256, -128, 127), make([]int64, n)
	exp := &intnet.Exp{Table: make([]uint16, 512)}
	for i := range 289 {
		exp.Table[i] = uint16(math.Round(255 * math.Exp2(-float64(i)/32)))
	}
	for _, row := range []struct {
		name string
		run  func(requant *Requant, norm *Norm, softmax *Softmax, e *Rows)
	}{
		{"requantize", func(requant *Requant, _ *Norm, _ *Softmax, _ *Rows) { requant.Codes(codes, acc) }},
		{"add", func(requant *Requant, _ *Norm, _ *Softmax, _ *Rows) { requant.Add(x, acc) }},
		{"gelu", func(requant *Requant, _ *Norm, _ *Softmax, _ *Rows) { requant.Lookup(codes, acc) }},
		{"layernorm", func(_ *Requant, norm *Norm, _ *Softmax, _ *Rows) { norm.Codes(codes, x) }},
		{"softmax", func(_ *Requant, _ *Norm, softmax *Softmax, e *Rows) { softmax.Numerators(e, acc, d, sums) }},
	} {
		eachTier(b, row.name, func(b *testing.B) {
			requant, norm, softmax, e := NewRequant(l).WithTable(values), NewNorm(ln, table), NewSoftmax(exp, 40000, 30), &Rows{}
			b.ReportMetric(best(b, func() { row.run(requant, norm, softmax, e) })/(n*d)*1e9, "best-ns/element")
		})
	}
}
