package table

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// A table on a narrow terminal has the first columns that fit, no line is longer than the terminal,
// and what is left out is named.
func TestTableFits(t *testing.T) {
	full := New("<name", "one", "two", "<three")
	full.Add("α", "1", "22222222", "long words here")
	for _, c := range []struct {
		width, columns int
	}{{0, 4}, {200, 4}, {24, 3}, {14, 2}, {1, 2}} {
		shown, left := full.within(c.width)
		if len(shown.header) != c.columns || len(left) != 4-c.columns || len(shown.rows[0]) != c.columns {
			t.Errorf("at %d characters there are %q and %q is left out; expected %d columns",
				c.width, shown.header, left, c.columns)
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

func TestTable(t *testing.T) {
	tab := New("<op", "cycles_x")
	tab.Add("blocks.0.q", "1,300")
	tab.Add("head", "7")
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

// A cell of a column of numbers is a number as it stands in the table, or null, or what it says.
func TestTableJSON(t *testing.T) {
	full := New("<name", "count", "share %")
	full.Add("12", "1,234", "+5.0")
	full.Add("b", "-", "3 of 4")
	full.Add("c", "", "inf")
	got, err := json.Marshal(full.json())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"columns":["name","count","share %"],"rows":[["12",1234,5.0],["b",null,"3 of 4"],["c",null,"inf"]]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
