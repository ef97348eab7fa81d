package kernel

import (
	"math"
	"math/big"
	"testing"
)

// The table look-up stays within 1.2% of 2^k/sqrt(d): half an entry's width, 1/128 of
// d, is 0.4% of the root; the entry's own rounding and the floor of a small result
// add the rest. The range of d is that of 16-bit rows of up to 1024 channels.
func TestRsqrt(t *testing.T) {
	var table []uint32
	for i := 64; i < 256; i++ {
		table = append(table, uint32(min(math.Floor(0.5+(1<<17)/math.Sqrt((float64(i)+0.5)/64)), 1<<17-1)))
	}
	for _, d := range []int64{1, 2, 3, 4, 15, 16, 63, 64, 65, 255, 256, 1 << 20, 1<<20 - 1, 1<<31 + 12345,
		1 << 51, 1<<52 - 1} {
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
