package table

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Output is where a command prints: text and tables as they come, or all of it as one JSON document at its end.
type Output struct {
	w     io.Writer // of text; with a document, what becomes its text
	doc   *document
	width int // of a line, in characters; 0 for any
}

// To is an output of text.
func To(w io.Writer) *Output { return &Output{w: w, width: columnsOf(w)} }

// Wide has tables printed whole, also where the terminal is too narrow for them.
func (o *Output) Wide() { o.width = 0 }

// Document makes what is printed from here on one JSON object, that of a command.
func (o *Output) Document(command string) {
	o.doc = &document{Command: command, Tables: []tableJSON{}, Text: []string{}, out: o.w}
	o.w = &o.doc.printed
}

// Writer is what text is written to.
func (o *Output) Writer() io.Writer { return o.w }

// JSON says whether what is printed becomes a document.
func (o *Output) JSON() bool { return o.doc != nil }

// Printf prints text.
func (o *Output) Printf(format string, args ...any) { fmt.Fprintf(o.w, format, args...) }

// Section opens a part of a longer output.
func (o *Output) Section(format string, args ...any) {
	title := fmt.Sprintf(format, args...)
	fmt.Fprintf(o.w, "\n%s\n%s\n", title, strings.Repeat("=", len([]rune(title))))
}

// Show prints a table.
func (o *Output) Show(t *Table) error {
	if o.doc == nil {
		return t.print(o.w, o.width)
	}
	o.doc.Tables = append(o.doc.Tables, t.json())
	return nil
}

// Only prints a value, given as JSON, in the place of a document: text and tables beside it are left out.
func (o *Output) Only(text []byte) error {
	out := o.w
	if o.doc != nil {
		out, o.doc = o.doc.out, nil
	}
	_, err := out.Write(append(bytes.TrimRight(text, "\n"), '\n'))
	return err
}

// End writes the document, if there is one, of a command that ended with an error or without.
func (o *Output) End(err error) error {
	if o.doc == nil {
		return nil
	}
	return o.doc.write(err)
}

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

func (t *Table) json() tableJSON {
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
				cells[i] = value(text)
			}
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

// value is a cell's number, nil where it is empty or a dash, and the text itself where it is none. As
// people write them, numbers may have commas between thousands.
func value(text string) any {
	plain := strings.TrimPrefix(strings.ReplaceAll(text, ",", ""), "+")
	if plain == "" || plain == "-" {
		return nil
	}
	if _, err := strconv.ParseFloat(plain, 64); err == nil && json.Valid([]byte(plain)) {
		return json.Number(plain)
	}
	return text
}
