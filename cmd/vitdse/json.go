package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// document is what a command prints with --json: its tables, and its other lines as text. It is
// written once, at the command's end, whether that ended well or not.
type document struct {
	Command string      `json:"command"`
	Error   string      `json:"error,omitempty"`
	Tables  []tableJSON `json:"tables"`
	Text    []string    `json:"text"`

	out     io.Writer
	printed bytes.Buffer
}

// tableJSON is a table: a column of numbers has numbers, null where it has none and text where a cell
// is more than a number; a column of words has text.
type tableJSON struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

// show prints a table, or keeps it for the document.
func (a *app) show(t *table) error {
	if a.doc == nil {
		return t.print(a.stdout)
	}
	a.doc.Tables = append(a.doc.Tables, t.json())
	return nil
}

// document makes what is printed from here on one JSON object.
func (a *app) document(command string) {
	a.doc = &document{Command: command, Tables: []tableJSON{}, Text: []string{}, out: a.stdout}
	a.stdout = &a.doc.printed
}

// only prints a value that is the whole of a command's JSON.
func (a *app) only(text []byte) error {
	out := a.stdout
	if a.doc != nil {
		out, a.doc = a.doc.out, nil
	}
	_, err := out.Write(append(bytes.TrimRight(text, "\n"), '\n'))
	return err
}

// write writes the document of a command that ended with an error or without.
func (d *document) write(err error) error {
	for line := range strings.Lines(d.printed.String()) {
		if line = strings.TrimSpace(line); line != "" {
			d.Text = append(d.Text, line)
		}
	}
	if err != nil {
		d.Error = err.Error()
	}
	e := json.NewEncoder(d.out)
	e.SetEscapeHTML(false)
	return e.Encode(d)
}

func (t *table) json() tableJSON {
	out := tableJSON{Rows: [][]any{}}
	words := make([]bool, len(t.header))
	for i, h := range t.header {
		h, words[i] = strings.CutPrefix(h, "<")
		out.Columns = append(out.Columns, h)
	}
	for _, row := range t.rows {
		cells := make([]any, len(row))
		for i, text := range row {
			if cells[i] = text; !words[i] {
				cells[i] = number(text)
			}
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

// number is a cell's number, nil where it is empty or a dash, and the text itself where it is none. As
// people write them, numbers may have commas between thousands.
func number(text string) any {
	plain := strings.TrimPrefix(strings.ReplaceAll(text, ",", ""), "+")
	if plain == "" || plain == "-" {
		return nil
	}
	if _, err := strconv.ParseFloat(plain, 64); err == nil && json.Valid([]byte(plain)) {
		return json.Number(plain)
	}
	return text
}
