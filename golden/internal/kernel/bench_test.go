package kernel

import (
	"math/rand/v2"
	"testing"

	"vitdse/golden/intnet"
)

// shapes are DeiT-Tiny's and DeiT-Small's products.
var shapes = []struct {
	name      string
	n, k, out int
}{
	{"TinyQKV", 197, 192, 576}, {"TinyProj", 197, 192, 192}, {"TinyFC1", 197, 192, 768}, {"TinyFC2", 197, 768, 192},
	{"Scores", 197, 64, 197}, {"Values", 197, 197, 64},
	{"SmallFC1", 197, 384, 1536}, {"SmallFC2", 197, 1536, 384},
}

// BenchmarkPeak is the ceiling of the others: VPMADDWD and VPADDD on registers.
func BenchmarkPeak(b *testing.B) {
	if !simd {
		b.Skip("no assembly on this machine")
	}
	const steps = 100_000
	for b.Loop() {
		peak(steps)
	}
	gops(b, steps*12*16)
}

func BenchmarkMultiply(b *testing.B) {
	was := simd
	defer func() { simd = was }()
	for _, on := range []bool{true, false} {
		if simd = on && was; simd != on {
			continue
		}
		for _, s := range shapes {
			b.Run(s.name+"/"+Vectors(), func(b *testing.B) {
				x, right := operands(s.n, s.k, s.out)
				var rows Rows
				acc := make([]int32, AccSize(Block, s.out))
				for b.Loop() {
					rows.Codes(x, s.n, s.k, s.k)
					for from := 0; from < s.n; from += Block {
						Multiply(acc, &rows, from, min(Block, s.n-from), right)
					}
				}
				gops(b, s.n*s.k*s.out)
			})
		}
	}
}

// BenchmarkNaive is the triple loop that the portable path is compared with.
func BenchmarkNaive(b *testing.B) {
	const n, k, out = 197, 192, 768
	x, _ := operands(n, k, out)
	w := random[int8](rand.New(rand.NewPCG(1, 2)), out*k, -127, 127)
	acc := make([]int32, n*out)
	for b.Loop() {
		for r := range n {
			for o := range out {
				sum := int32(0)
				for i := range k {
					sum += int32(x[r*k+i]) * int32(w[o*k+i])
				}
				acc[r*out+o] = sum
			}
		}
	}
	gops(b, n*k*out)
}

func operands(n, k, out int) ([]int8, *Right) {
	rng := rand.New(rand.NewPCG(1, 2))
	return random[int8](rng, n*k, -128, 127), NewRight(random[int16](rng, out*k, -127, 127), make([]int64, out))
}

func gops(b *testing.B, products int) {
	b.ReportMetric(2*float64(products)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GOP/s")
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
	acc, codes, x := random[int32](rng, AccSize(n, d), -1<<23, 1<<23-1), make([]int8, n*d), random[int32](rng, n*d, -1<<12, 1<<12)
	table := make([]uint32, 192)
	for i := range table {
		table[i] = 1 << 16
	}
	requant := NewRequant(l).WithTable(random[int8](rng, 256, -128, 127))
	norm := NewNorm(ln, table)
	softmax, e := NewSoftmax(&intnet.Exp{Table: make([]uint16, 512)}, 40000, 30), make([]int16, d)
	was := simd
	defer func() { simd = was }()
	for _, on := range []bool{true, false} {
		if simd = on && was; simd != on {
			continue
		}
		for name, f := range map[string]func(){
			"requantize": func() { requant.Codes(codes, acc) },
			"add":        func() { requant.Add(x, acc) },
			"gelu":       func() { requant.Lookup(codes, acc) },
			"layernorm":  func() { norm.Codes(codes, x) },
			"softmax": func() {
				for r := range n {
					softmax.Numerators(e, acc[r*Stride(d):][:d])
				}
			},
		} {
			b.Run(name+"/"+Vectors(), func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/(n*d)*1e9, "ns/element")
			})
		}
	}
}
