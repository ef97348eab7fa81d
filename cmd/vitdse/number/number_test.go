package number

import (
	"fmt"
	"testing"
	"time"
)

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567",
		-1234: "-1,234", -12: "-12"} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			if got := Count(n); got != want {
				t.Errorf("Count(%d) is %s, want %s", n, got, want)
			}
		})
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1500 * time.Millisecond: "1.5 s", 59600 * time.Millisecond: "60 s", 150 * time.Second: "2 min 30 s",
		time.Hour: "60 min 00 s",
	} {
		t.Run(fmt.Sprint(d), func(t *testing.T) {
			if got := Span(d); got != want {
				t.Errorf("Span(%v) is %s, want %s", d, got, want)
			}
		})
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		n    int64
		d    time.Duration
		want string
	}{{1000000, time.Second, "1,000,000"}, {3, 2 * time.Second, "1.5"}, {5, 0, "0"}} {
		t.Run(fmt.Sprint(c.n, c.d), func(t *testing.T) {
			if got := Rate(c.n, c.d); got != c.want {
				t.Errorf("Rate(%d, %v) is %s, want %s", c.n, c.d, got, c.want)
			}
		})
	}
}
