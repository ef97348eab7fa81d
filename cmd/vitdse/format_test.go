package main

import (
	"bytes"
	"testing"
	"time"
)

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -12: "-12"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) is %s, want %s", n, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1500 * time.Millisecond: "1.5 s", 59600 * time.Millisecond: "60 s", 150 * time.Second: "2 min 30 s", time.Hour: "60 min 00 s",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) is %s, want %s", d, got, want)
		}
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		n    int64
		d    time.Duration
		want string
	}{{1000000, time.Second, "1,000,000"}, {3, 2 * time.Second, "1.5"}, {5, 0, "0"}} {
		if got := rate(c.n, c.d); got != c.want {
			t.Errorf("rate(%d, %v) is %s, want %s", c.n, c.d, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	tab := newTable("<op", "cycles_x")
	tab.add("blocks.0.q", "1,300")
	tab.add("head", "7")
	var b bytes.Buffer
	if err := tab.print(&b); err != nil {
		t.Fatal(err)
	}
	want := " op          cycles_x\n" +
		"──────────────────────\n" +
		" blocks.0.q     1,300\n" +
		" head               7\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
