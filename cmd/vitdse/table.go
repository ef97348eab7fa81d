package main

import (
	"bytes"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// table is rows of text under a header. Columns whose header starts with "<" hold
// words and are aligned left, the others numbers, aligned right.
type table struct {
	header []string
	rows   [][]string
}

func newTable(header ...string) *table { return &table{header: header} }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// print writes the table without borders: a header, a line, the rows.
func (t *table) print(w io.Writer) error {
	var text bytes.Buffer
	if err := t.render(&text); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) render(w io.Writer) error {
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
			Borders:  tw.BorderNone,
			Symbols:  tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On, ShowFooterLine: tw.Off}},
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

// markdown is the table in Markdown.
func (t *table) markdown() string {
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
