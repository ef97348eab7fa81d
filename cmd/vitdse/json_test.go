package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"
)

// A cell of a column of numbers is a number as it stands in the table, or null, or what it says.
func TestTableJSON(t *testing.T) {
	full := newTable("<name", "count", "share %")
	full.add("12", "1,234", "+5.0")
	full.add("b", "-", "3 of 4")
	full.add("c", "", "inf")
	got, err := json.Marshal(full.json())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"columns":["name","count","share %"],"rows":[["12",1234,5.0],["b",null,"3 of 4"],["c",null,"inf"]]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// With --json standard output is one JSON object, also where the command fails; the error is in it and,
// as always, on standard error.
func TestDocument(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
	}{
		{"done", []string{"--json", "roofline", "--model", "deit-tiny", "--part", "xczu9eg", "--array", "16x32x4"}, exitOK},
		{"fails", []string{"--json", "roofline", "--model", "deit-tiny", "--part", "xczu9eg", "--array", "16x32"}, exitInput},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(context.Background(), c.args, &stdout, &stderr); code != c.code {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			var doc document
			d := json.NewDecoder(&stdout)
			if err := d.Decode(&doc); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Token(); !errors.Is(err, io.EOF) {
				t.Errorf("there is more than one object")
			}
			if failed := c.code != exitOK; doc.Command != "vitdse roofline" || (doc.Error != "") != failed ||
				(stderr.Len() > 0) != failed || (len(doc.Tables) == 0) != failed || (len(doc.Text) == 0) != failed {
				t.Errorf("got %+v, and on standard error %q", doc, stderr.String())
			}
		})
	}
}
