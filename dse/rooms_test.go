package dse

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rooms are the files of each room of the package; doc.go says what the rooms are for. Rooms that are packages are held
// by a test of cmd/vitdse.
var rooms = map[string]string{
	"explore": "explore",
	"metric":  "metrics text archive",
	"limits":  "limits bounds",
	"sweep":   "sweep engines evaluate numerics shard skyline journal inputs progress catalog",
	"exact": "exact batches decompose subproblem stages legal misses offers options schedules solve certificate " +
		"exactfront exactjournal exactparts",
	"front":    "front cache export files known load pointlines",
	"measured": "measure near nearsearch recut correct synthesized",
	"empty":    "empty budgets",
	"pick":     "pick select where",
	"problem":  "problem grid",
}

// mostExported is how many names a room may export.
const mostExported = 15

// Every file is in one room, every room is named in the package's documentation, and none has a large face.
func TestRooms(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	roomOf := map[string]string{"doc": ""}
	for room, files := range rooms {
		t.Run(room, func(t *testing.T) {
			if !strings.Contains(string(doc), "//   - "+room+": ") {
				t.Error("doc.go does not say what it is for")
			}
			var names []string
			for _, f := range strings.Fields(files) {
				if other, twice := roomOf[f]; twice {
					t.Errorf("%s.go is in %s too", f, other)
				}
				roomOf[f] = room
				names = append(names, exported(t, f+".go")...)
			}
			if len(names) > mostExported {
				t.Errorf("exports %d names; expected at most %d: %v", len(names), mostExported, names)
			}
		})
	}
	all, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		name := strings.TrimSuffix(path, ".go")
		if _, known := roomOf[name]; !known && !strings.HasSuffix(name, "_test") {
			t.Errorf("%s is in no room", path)
		}
	}
}

// exported lists the names that a file exports from its package.
func exported(t *testing.T, path string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	add := func(n *ast.Ident) {
		if n.IsExported() {
			names = append(names, n.Name)
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					add(s.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						add(n)
					}
				}
			}
		}
	}
	return names
}
