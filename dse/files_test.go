package dse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/searchtest"
	"vitdse/hwmodel/temporal"
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
	f := searchtest.Handmade()
	f.Points = searchtest.Measured(searchtest.Handmade()).Points
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
	in, dir := searchtest.Fixed(t), t.TempDir()
	want, res := sweepTo(t, in, dir)
	f, err := front.Load(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range f.Points {
		got, err := f.Design(temporal.Engine{}, p)
		if err != nil {
			t.Fatal(err)
		}
		if d, _ := res.Front.Design(temporal.Engine{}, res.Front.Points[i]); !reflect.DeepEqual(got, d) || d.Name != p.Name {
			t.Fatalf("point %s: design %+v; expected %+v", p.Name, got, d)
		}
	}
	if got := files(t, f, t.TempDir()); !bytes.Equal(got, want) {
		t.Error("writing what was read gives other bytes")
	}
}

// A front of many blocks of lines, and one that another program laid out, are read as encoding/json reads them; how far
// is told up to the end, and a context that ends stops it.
func TestLoadManyPoints(t *testing.T) {
	f, dir := searchtest.Handmade(), t.TempDir()
	for i := range 3*256 + 7 {
		p := f.Points[i%5]
		p.Name = fmt.Sprintf("p\"%d", i)
		f.Points = append(f.Points, p)
	}
	text, err := f.JSON(f.Points)
	if err != nil {
		t.Fatal(err)
	}
	want := new(front.Front)
	if err := json.Unmarshal(text, want); err != nil {
		t.Fatal(err)
	}
	var indented, compact bytes.Buffer
	if err := errors.Join(json.Indent(&indented, text, "", "  "), json.Compact(&compact, text)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"ours": text, "indented": indented.Bytes(), "compact": compact.Bytes()} {
		t.Run(name, func(t *testing.T) {
			path, heard := filepath.Join(dir, name), int64(0)
			if err := os.WriteFile(path, text, 0o666); err != nil {
				t.Fatal(err)
			}
			got, err := front.Load(t.Context(), path, func(done, total int64) {
				if heard = done; total != int64(len(text)) || done > total {
					t.Errorf("%s: heard of %d of %d bytes; the file has %d", name, done, total, len(text))
				}
			})
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: reads as %d points (%v); expected %d", name, len(got.Points), err, len(want.Points))
			}
			if heard != int64(len(text)) {
				t.Errorf("%s: heard of %d of %d bytes", name, heard, len(text))
			}
			head, err := front.LoadHead(path)
			if want := *want; err != nil || !reflect.DeepEqual(head.Parts, want.Parts) || len(head.Points) > 0 {
				t.Errorf("%s: the head has %d points (%v)", name, len(head.Points), err)
			}
			ctx, stop := context.WithCancelCause(t.Context())
			stop(errInterrupted)
			if _, err := front.Load(ctx, path, nil); !errors.Is(err, errInterrupted) {
				t.Errorf("%s: an ended context gives %v", name, err)
			}
		})
	}
	line := 1 + bytes.Count(text[:bytes.Index(text, []byte(`"p\"300"`))], []byte("\n"))
	for says, text := range map[string][]byte{
		fmt.Sprintf("front.json:%d: is no point of a front: json: cannot unmarshal",
			line): bytes.Replace(text, []byte(`"name":"p\"300"`), []byte(`"name":300`), 1),
		fmt.Sprintf("front.json:%d: is no point of a front: unexpected end",
			line): text[:bytes.Index(text, []byte(`"p\"300"`))],
		"does not end as a front does": append(text[:len(text)-2:len(text)-2], "x"...),
	} {
		t.Run(says, func(t *testing.T) {
			path := filepath.Join(dir, "front.json")
			if err := os.WriteFile(path, text, 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := front.Load(t.Context(), dir, nil); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("error is %v; expected %q", err, says)
			}
		})
	}
}

var errInterrupted = errors.New("interrupted")

func TestLoadFrontErrors(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, says string }{
		"none.json":  {"", "explore a space first"},
		"text.json":  {"hello", "is no front of a sweep"},
		"old.json":   {`{"schema": 0}`, "has schema 0, this version reads 3"},
		"short.json": {`{"schema": 3, "axes": ["tm"], "points": [{"name": "x"}]}`, "0 choices for 1 axes"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			if c.text != "" {
				if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := front.Load(t.Context(), path, nil); err == nil || !strings.Contains(err.Error(), c.says) ||
				!strings.Contains(err.Error(), name) {
				t.Errorf("%s: error is %v; expected %q", name, err, c.says)
			}
		})
	}
}
