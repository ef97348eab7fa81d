package gemm

import (
	"math/rand/v2"
	"testing"
)

// naive is the definition.
func naive(a, w []int8, bias []int64, rows, k int) []int32 {
	out := len(bias)
	acc := make([]int32, rows*out)
	for r := range rows {
		for o := range out {
			s := bias[o]
			for i := range k {
				s += int64(a[r*k+i]) * int64(w[o*k+i])
			}
			acc[r*out+o] = int32(s)
		}
	}
	return acc
}

func TestMulMatchesDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var p Packed
	for _, k := range []int{1, 2, 4, 63, 64, 65, 128, 192, 300} {
		for _, rows := range []int{1, 2, 3, 4, 17} {
			for _, out := range []int{1, 3, 4, 10, 33} {
				a, w, bias := random(rng, rows*k, -128), random(rng, out*k, -127), make([]int64, out)
				for o := range bias {
					bias[o] = rng.Int64N(1<<20) - 1<<19
				}
				compare(t, &p, a, w, bias, rows, k)
			}
		}
	}
}

// The extremes fill a lane to its last bit: 64 products of -128 * +-127.
func TestMulAtLaneLimits(t *testing.T) {
	var p Packed
	for _, av := range []int8{-128, 127} {
		for _, wv := range []int8{-127, 127} {
			a, w := make([]int8, 6*192), make([]int8, 5*192)
			for i := range a {
				a[i] = av
			}
			for i := range w {
				w[i] = wv
			}
			compare(t, &p, a, w, make([]int64, 5), 6, 192)
		}
	}
}

func random(rng *rand.Rand, n, low int) []int8 {
	v := make([]int8, n)
	for i := range v {
		v[i] = int8(low + rng.IntN(128-low))
	}
	return v
}

func compare(t *testing.T, p *Packed, a, w []int8, bias []int64, rows, k int) {
	t.Helper()
	want := naive(a, w, bias, rows, k)
	got := make([]int32, len(want))
	p.Pack(a, rows, k)
	Mul(p, w, bias, got)
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("rows %d, k %d, outputs %d: element %d is %d; expected %d", rows, k, len(bias), i, got[i], want[i])
		}
	}
}

func TestDot(t *testing.T) {
	a, b := []int8{-128, 127, 3}, []int8{-128, -127, 5}
	if got := Dot(a, b); got != 128*128-127*127+15 {
		t.Errorf("Dot = %d", got)
	}
}

func BenchmarkMul(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const rows, k, out = 17, 64, 256
	a, w, bias := random(rng, rows*k, -128), random(rng, out*k, -127), make([]int64, out)
	acc := make([]int32, rows*out)
	var p Packed
	for b.Loop() {
		p.Pack(a, rows, k)
		Mul(&p, w, bias, acc)
	}
	b.ReportMetric(float64(rows*k*out)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
}
