package exec

import (
	"math"
	"math/big"
	"testing"
)

// Expected values worked out by hand from floor(x/2^s + 1/2).
func TestRsh(t *testing.T) {
	for _, v := range []struct {
		x    int64
		s    uint
		want int64
	}{
		{5, 0, 5}, {-5, 0, -5},
		{1, 1, 1}, {-1, 1, 0}, {-3, 1, -1}, {3, 1, 2}, // ties go up: 0.5, -0.5, -1.5, 1.5
		{7, 4, 0}, {8, 4, 1}, {-8, 4, 0}, {-9, 4, -1}, {-24, 4, -1}, {-25, 4, -2},
		{1<<48 - 1, 48, 1}, {1<<47 - 1, 48, 0}, {-1 << 47, 48, 0}, {-1<<47 - 1, 48, -1},
		{1 << 60, 48, 1 << 12}, {-1 << 60, 48, -1 << 12},
	} {
		if got := rsh(v.x, v.s); got != v.want {
			t.Errorf("rsh(%d, %d) = %d; expected %d", v.x, v.s, got, v.want)
		}
	}
}

func TestSat(t *testing.T) {
	for _, v := range []struct {
		x    int64
		b    int
		want int64
	}{
		{1, 2, 1}, {2, 2, 1}, {-2, 2, -2}, {-3, 2, -2},
		{127, 8, 127}, {128, 8, 127}, {-128, 8, -128}, {-129, 8, -128},
		{32767, 16, 32767}, {32768, 16, 32767}, {-32768, 16, -32768}, {-32769, 16, -32768},
		{math.MaxInt64, 18, 131071}, {math.MinInt64, 18, -131072},
	} {
		if got := sat(v.x, v.b); got != v.want {
			t.Errorf("sat(%d, %d) = %d; expected %d", v.x, v.b, got, v.want)
		}
	}
}

// The zero point commutes with the rounding and acts before the saturation.
func TestRq(t *testing.T) {
	for _, v := range []struct {
		acc  int64
		m    uint16
		s    uint
		z    int64
		b    int
		want int64
	}{
		{100, 32768, 16, 0, 8, 50}, {101, 32768, 16, 0, 8, 51}, {-101, 32768, 16, 0, 8, -50},
		{1000, 65535, 16, -100, 8, 127}, {300, 65535, 16, -200, 8, 100},
		{math.MaxInt32, 65535, 48, 0, 16, 0}, {math.MinInt32, 65535, 48, 3, 16, 3},
		{math.MaxInt32, 65535, 31, 0, 18, 65535}, {math.MinInt32, 65535, 30, 0, 18, -131070},
	} {
		if got := rq(v.acc, v.m, v.s, v.z, v.b); got != v.want {
			t.Errorf("rq(%d; %d, %d, %d, %d) = %d; expected %d", v.acc, v.m, v.s, v.z, v.b, got, v.want)
		}
	}
}

// The table look-up stays within 1.2% of 2^k/sqrt(d): half an entry's width, 1/128 of
// d, is 0.4% of the root; the entry's own rounding and the floor of a small result
// add the rest. The range of d is that of 16-bit rows of up to 1024 channels.
func TestRsqrt(t *testing.T) {
	var table []uint32
	for i := 64; i < 256; i++ {
		table = append(table, uint32(min(math.Floor(0.5+(1<<17)/math.Sqrt((float64(i)+0.5)/64)), 1<<17-1)))
	}
	for _, d := range []int64{1, 2, 3, 4, 15, 16, 63, 64, 65, 255, 256, 1 << 20, 1<<20 - 1, 1<<31 + 12345, 1 << 51, 1<<52 - 1} {
		root := new(big.Int).Sqrt(big.NewInt(d)).Int64()
		k := uint(16 + math.Floor(math.Log2(float64(root))))
		want := math.Ldexp(1/math.Sqrt(float64(d)), int(k))
		got := float64(rsqrt(d, k, table))
		if math.Abs(got-want) > 0.012*want {
			t.Errorf("rsqrt(%d) = %g; expected about %g", d, got, want)
		}
	}
	if got := rsqrt(1, 20, table); got != 1<<17-1 {
		t.Errorf("rsqrt of a row with too little spread is %d; expected saturation at 2^17-1", got)
	}
}
