package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"
)

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
			var doc struct {
				Command, Error string
				Tables, Text   []any
			}
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
