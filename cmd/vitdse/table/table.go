// Package table lays out what commands print: rows of text under a header, for a terminal, as Markdown or as JSON, and
// the output of a command, which is text and tables or, as asked, one JSON document of both.
package table

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

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

// print writes the table without borders: a header, a line, the rows. On a terminal that is too
// narrow for it, the last columns are left out, and named.
func (t *Table) print(w io.Writer) error {
	shown, left := t.within(columnsOf(w))
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

// columnsOf is how many characters a line of a terminal takes, 0 for what is none.
func columnsOf(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return width
		}
	}
	return 0
}

// within is the table with as many of its first columns, at least two, as a width takes (0: any), and
// the names of the others.
func (t *Table) within(width int) (*Table, []string) {
	total, fit := 0, 0
	for i, h := range t.header {
		most := utf8.RuneCountInString(strings.TrimPrefix(h, "<"))
		for _, row := range t.rows {
			if i < len(row) {
				most = max(most, utf8.RuneCountInString(row[i]))
			}
		}
		if total += most + 2; width > 0 && total > width && i >= 2 {
			break
		}
		fit = i + 1
	}
	if fit == len(t.header) {
		return t, nil
	}
	shown := New(t.header[:fit]...)
	for _, row := range t.rows {
		shown.Add(row[:min(fit, len(row))]...)
	}
	var left []string
	for _, h := range t.header[fit:] {
		left = append(left, strings.TrimPrefix(h, "<"))
	}
	return shown, left
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
