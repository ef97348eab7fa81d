package table

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// A table on a narrow terminal: no line is longer than the terminal, sentences go over several lines, then the last
// columns are left out and named. Nothing of what is shown is lost.
func TestTableFits(t *testing.T) {
	full := New("<name", "one", "two", "<three")
	full.Add("α", "1", "22222222", "some words here that are a sentence")
	for _, c := range []struct {
		width, columns, lines int
	}{{0, 4, 3}, {200, 4, 3}, {60, 4, 3}, {50, 4, 4}, {43, 4, 4}, {42, 3, 3}, {24, 3, 3}, {14, 2, 3}, {1, 2, 3}} {
		t.Run(fmt.Sprint(c.width), func(t *testing.T) {
			var b strings.Builder
			if err := full.print(&b, c.width); err != nil {
				t.Fatal(err)
			}
			text, left, _ := strings.Cut(b.String(), " left out for the terminal's width: ")
			if want := []string{"two, three", "three", ""}[c.columns-2]; !strings.HasPrefix(left, want+";") && want != left {
				t.Errorf("at %d characters %q is left out; expected %q", c.width, left, want)
			}
			if left != "" {
				text = text[:strings.LastIndex(text, "\n")+1]
			}
			if n := strings.Count(text, "\n"); n != c.lines {
				t.Errorf("at %d characters there are %d lines; expected %d", c.width, n, c.lines)
			}
			for line := range strings.Lines(text) {
				if n := len([]rune(strings.TrimRight(line, "\n"))); c.width > 1 && n > c.width && c.width > 0 {
					t.Errorf("at %d characters a line has %d: %q", c.width, n, line)
				}
			}
			for _, word := range strings.Fields(full.rows[0][3]) {
				if c.columns == 4 && !strings.Contains(text, word) {
					t.Errorf("at %d characters %q is lost: %q", c.width, word, text)
				}
			}
		})
	}
	long := New("<name", "<two")
	long.Add(strings.Repeat("x", 50), "yy")
	shown, _ := long.within(30)
	var b strings.Builder
	for _, row := range shown.rows {
		b.WriteString(row[0])
	}
	if b.String() != long.rows[0][0] || len(shown.rows) != 3 {
		t.Errorf("a name of 50 characters on 30 is %q", shown.rows)
	}
}

// COLUMNS says how wide a line is, also where there is no terminal; --wide has everything on it.
func TestColumns(t *testing.T) {
	full := New("<name", "one", "two", "three")
	full.Add("a", strings.Repeat("1", 20), strings.Repeat("2", 20), strings.Repeat("3", 20))
	for _, c := range []struct {
		columns string
		wide    bool
		left    bool
	}{{"", false, false}, {"40", false, true}, {"40", true, false}, {"80", false, false}, {"none", false, false}} {
		t.Run(c.columns, func(t *testing.T) {
			t.Setenv("COLUMNS", c.columns)
			var b bytes.Buffer
			o := To(&b)
			if c.wide {
				o.Wide()
			}
			if err := o.Show(full); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(b.String(), "left out"); got != c.left {
				t.Errorf("COLUMNS=%s, wide %t: columns are left out: %t", c.columns, c.wide, got)
			}
		})
	}
}

func TestTable(t *testing.T) {
	tab := New("<op", "cycles_x")
	tab.Add("blocks.0.q", "1,300")
	tab.Add("head", "7")
	var b bytes.Buffer
	if err := tab.print(&b, 0); err != nil {
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
