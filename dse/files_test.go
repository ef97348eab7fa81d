package dse

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"vitdse/configs"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := configs.WriteFile(file, got); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs:\n%s", file, got)
	}
}

func TestExports(t *testing.T) {
	f := handmade()
	f.Points = measured(handmade()).Points
	f.Points[5].Measured = nil // interrupted before it was measured
	golden(t, "front.csv", f.CSV(f.Points))
	golden(t, "front.md", []byte(f.Markdown(f.Points)))
	text, err := f.JSON(f.Points[:1])
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "points.json", text[bytes.Index(text, []byte(`  "axes"`)):]) // the rest is configs'
}

// A front that is read back is the front that was written, and makes the same designs.
func TestLoadFront(t *testing.T) {
	in, dir := fixed(t), t.TempDir()
	want, res := sweepTo(t, in, dir)
	f, err := LoadFront(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range f.Points {
		got, err := f.Design(p)
		if err != nil {
			t.Fatal(err)
		}
		if d, _ := res.Front.Design(res.Front.Points[i]); !reflect.DeepEqual(got, d) || d.Name != p.Name {
			t.Fatalf("point %s: design %+v; expected %+v", p.Name, got, d)
		}
	}
	if got := files(t, f, t.TempDir()); !bytes.Equal(got, want) {
		t.Error("writing what was read gives other bytes")
	}
}

func TestLoadFrontErrors(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, says string }{
		"none.json":  {"", "explore a space first"},
		"text.json":  {"hello", "is no front of a sweep"},
		"old.json":   {`{"schema": 0}`, "has schema 0, this version reads 2"},
		"short.json": {`{"schema": 2, "axes": ["tm"], "points": [{"name": "x"}]}`, "0 choices for 1 axes"},
	} {
		path := filepath.Join(dir, name)
		if c.text != "" {
			if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := LoadFront(path); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error is %v; expected %q", name, err, c.says)
		}
	}
}
