package exec

import (
	"fmt"
	"math"
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
		t.Run(fmt.Sprint(v.x), func(t *testing.T) {
			if got := rsh(v.x, v.s); got != v.want {
				t.Errorf("rsh(%d, %d) = %d; expected %d", v.x, v.s, got, v.want)
			}
		})
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
		t.Run(fmt.Sprint(v.x), func(t *testing.T) {
			if got := sat(v.x, v.b); got != v.want {
				t.Errorf("sat(%d, %d) = %d; expected %d", v.x, v.b, got, v.want)
			}
		})
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
		t.Run(fmt.Sprint(v.acc), func(t *testing.T) {
			if got := rq(v.acc, v.m, v.s, v.z, v.b); got != v.want {
				t.Errorf("rq(%d; %d, %d, %d, %d) = %d; expected %d", v.acc, v.m, v.s, v.z, v.b, got, v.want)
			}
		})
	}
}
