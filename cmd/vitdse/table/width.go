package table

import (
	"strings"
	"unicode/utf8"
)

const (
	gap   = 2  // characters that a column takes beside its text
	prose = 20 // characters that are left to a column of sentences, at least
	name  = 8  // and to any column of words, where even two columns are too wide
)

// within is the table as a width takes it (0: any), long texts over several lines, with as many of its first columns,
// at least two, as fit then, and the names of the others.
func (t *Table) within(width int) (*Table, []string) {
	if width <= 0 {
		return t, nil
	}
	natural, sentences := t.widths()
	fit := len(natural)
	widths, ok := narrowed(natural, sentences, width)
	for ; !ok && fit > 2; widths, ok = narrowed(natural[:fit], sentences, width) {
		fit--
	}
	if !ok {
		least := make([]int, fit)
		for i, h := range t.header[:fit] {
			if words, isWords := strings.CutPrefix(h, "<"); isWords {
				least[i] = max(name, utf8.RuneCountInString(words))
			}
		}
		widths, _ = narrowed(natural[:fit], least, width)
	}
	shown := New(t.header[:fit]...)
	for _, row := range t.rows {
		shown.addWrapped(row[:min(fit, len(row))], widths)
	}
	var left []string
	for _, h := range t.header[fit:] {
		left = append(left, strings.TrimPrefix(h, "<"))
	}
	return shown, left
}

// widths are how wide the columns' texts are, and how narrow each may become: only columns of sentences may.
func (t *Table) widths() (natural, least []int) {
	natural, least = make([]int, len(t.header)), make([]int, len(t.header))
	for i, h := range t.header {
		words, isWords := strings.CutPrefix(h, "<")
		natural[i] = utf8.RuneCountInString(words)
		for _, row := range t.rows {
			if i >= len(row) {
				continue
			}
			if natural[i] = max(natural[i], utf8.RuneCountInString(row[i])); isWords && strings.Contains(row[i], " ") {
				least[i] = max(prose, utf8.RuneCountInString(words))
			}
		}
	}
	return natural, least
}

// narrowed takes from the widest column that may become narrower (least is 0 where it may not) until the columns fit a
// width, if they do.
func narrowed(natural, least []int, width int) ([]int, bool) {
	widths := append([]int(nil), natural...)
	over := -width
	for _, w := range widths {
		over += w + gap
	}
	for ; over > 0; over-- {
		widest := -1
		for i, w := range widths {
			if least[i] > 0 && w > least[i] && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return widths, false
		}
		widths[widest]--
	}
	return widths, true
}

// addWrapped adds a row whose texts are broken into lines of some widths.
func (t *Table) addWrapped(row []string, widths []int) {
	cells, most := make([][]string, len(row)), 1
	for i, text := range row {
		cells[i] = wrap(text, widths[i])
		most = max(most, len(cells[i]))
	}
	for k := range most {
		line := make([]string, len(row))
		for i := range row {
			if k < len(cells[i]) {
				line[i] = cells[i][k]
			}
		}
		t.Add(line...)
	}
}

// wrap breaks a text into lines of at most so many characters, between words where it can.
func wrap(text string, width int) []string {
	if utf8.RuneCountInString(text) <= width {
		return []string{text}
	}
	var lines []string
	line := []rune{}
	for _, word := range strings.Fields(text) {
		next := []rune(word)
		if len(line) > 0 && len(line)+1+len(next) > width {
			lines, line = append(lines, string(line)), line[:0]
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		for line = append(line, next...); len(line) > width; line = line[width:] {
			lines = append(lines, string(line[:width]))
		}
	}
	return append(lines, string(line))
}
