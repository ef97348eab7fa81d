package main

import (
	"slices"
	"strings"
	"testing"
)

// A table on a narrow terminal has the first columns that fit, no line is longer than the terminal,
// and what is left out is named.
func TestTableFits(t *testing.T) {
	full := newTable("<name", "one", "two", "<three")
	full.add("α", "1", "22222222", "long words here")
	for _, c := range []struct {
		width, columns int
	}{{0, 4}, {200, 4}, {24, 3}, {14, 2}, {1, 2}} {
		shown, left := full.within(c.width)
		if len(shown.header) != c.columns || len(left) != 4-c.columns || len(shown.rows[0]) != c.columns {
			t.Errorf("at %d characters there are %q and %q is left out; expected %d columns", c.width, shown.header, left, c.columns)
		}
		var b strings.Builder
		if err := shown.print(&b); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); c.width > 1 && n > c.width {
				t.Errorf("at %d characters a line has %d: %q", c.width, n, line)
			}
		}
	}
	if _, left := full.within(14); !slices.Equal(left, []string{"two", "three"}) {
		t.Errorf("%q is left out", left)
	}
}
