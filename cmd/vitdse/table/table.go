// Package table lays out what commands print: rows of text under a header, for a terminal, as Markdown or as JSON, and
// the output of a command, which is text and tables or, as asked, one JSON document of both.
package table

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
	"golang.org/x/term"

	"vitdse/cmd/vitdse/number"
)

// Table is rows of text under a header. Columns whose header starts with "<" hold
// words and are aligned left, the others numbers, aligned right.
type Table struct {
	header []string
	rows   [][]string
}

// New is a table without rows.
func New(header ...string) *Table { return &Table{header: header} }

// Add adds a row.
func (t *Table) Add(cells ...string) { t.rows = append(t.rows, cells) }

// print writes the table without borders: a header, a line, the rows. Where a line takes fewer characters than it wants
// (0: any number), long texts go over several lines; if that is not enough the last columns are left out, and named.
func (t *Table) print(w io.Writer, width int) error {
	shown, left := t.within(width)
	if left != nil {
		defer fmt.Fprintf(w, "%s left out for the terminal's width: %s; --wide shows all\n",
			number.Plural(len(left), "column"), strings.Join(left, ", "))
	}
	var text bytes.Buffer
	if err := shown.render(&text); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// columnsOf is how many characters a line takes: what COLUMNS says, as for other programs, else those of the terminal,
// 0 for what is none.
func columnsOf(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return width
		}
	}
	return 0
}

func (t *Table) render(w io.Writer) error {
	header := make([]string, len(t.header))
	align := make(tw.Alignment, len(t.header))
	for i, h := range t.header {
		header[i], align[i] = h, tw.AlignRight
		if name, left := strings.CutPrefix(h, "<"); left {
			header[i], align[i] = name, tw.AlignLeft
		}
	}
	out := tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{
				Separators: tw.SeparatorsNone,
				Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On, ShowFooterLine: tw.Off},
			},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}))
	out.Header(header)
	if err := out.Bulk(t.rows); err != nil {
		return err
	}
	return out.Render()
}

// Markdown is the table in Markdown.
func (t *Table) Markdown() string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	names, rule := make([]string, len(t.header)), make([]string, len(t.header))
	for i, h := range t.header {
		name, left := strings.CutPrefix(h, "<")
		names[i], rule[i] = name, "---:"
		if left {
			rule[i] = "---"
		}
	}
	line(names)
	line(rule)
	for _, row := range t.rows {
		line(row)
	}
	return b.String()
}
