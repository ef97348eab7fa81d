package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedFile = regexp.MustCompile("`([a-z]+(?:/[\\w.-]+)*\\.(?:go|sv|md|txt|yaml))`|\\]\\(([\\w./-]+)(?:#[\\w-]*)?\\)")
	namedIn   = regexp.MustCompile("`([\\w.]+)`(?: and `([\\w.]+)`)? in `([a-z]+(?:/\\w+)*\\.go)`")
)

// What docs/ARCHITECTURE.md names is there: files, names in files, and a row for every room.
func TestArchitectureIsTrue(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "docs", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := namedFile.FindAllStringSubmatch(string(text), -1)
	if len(files) < 25 {
		t.Errorf("only %d files are named", len(files))
	}
	for _, f := range files {
		path := filepath.Join(root, f[1])
		if f[1] == "" {
			path = filepath.Join(root, "docs", f[2])
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("names %s: %v", f[0], err)
		}
	}
	names := namedIn.FindAllStringSubmatch(string(text), -1)
	if len(names) < 5 {
		t.Errorf("only %d names in files", len(names))
	}
	for _, n := range names {
		code, err := os.ReadFile(filepath.Join(root, n[3]))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range n[1:3] {
			last := name[strings.LastIndex(name, ".")+1:]
			if last != "" && !regexp.MustCompile(`(?m)^(func( \([^)]*\))?|type|var|const|	)\s*`+last+`\b`).Match(code) {
				t.Errorf("%s declares no %s", n[3], name)
			}
		}
	}
	for _, r := range rooms {
		if pkg := strings.TrimSuffix(r.pkg, "/..."); !strings.Contains(string(text), "\n| `"+pkg+"` |") {
			t.Errorf("has no row for %s", pkg)
		}
	}
}
