package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// forbidden are ways to know a network that is not in its op list: which family it is of, how many blocks it has and
// what is where in them, and what an op or a layer is by its name. Only the builders in configs/network know these;
// golden/checkpoint knows names too, those of the libraries' tensors, and makes the model file that names a family; a
// study and tests of searches draw models of more than one.
var forbidden = []struct {
	what    string
	pattern *regexp.Regexp
	sample  string // that it finds
	but     []string
}{
	{"a family", regexp.MustCompile(`\b(configs|network)\.(ViT|DeiT|DeiTDistilled|Swin)\b|` +
		`\.Family\s*[!=]=\s*("[a-z]|(configs|network)\.(ViT|DeiT|Swin))`),
		"if m.Family == configs.Swin {", []string{"golden/checkpoint/model.go", "configs/model.go", "emit/synth/draw.go",
			"dse/searchtest/"}},
	{"blocks counted by hand", regexp.MustCompile(`range [\w.]*(m|[mM]odel)\.Depths?\b|[mM]odel\.Depth\b|` +
		`\b\d\s*\*\s*(b|block|depth)\b|%\s*(4|5|11)\b.*([kK]ind|[lL]ayer)`),
		"for b := range s.Model.Depth {", nil},
	{"the kind of a layer or op by its name",
		regexp.MustCompile(`(Has|Cut)(Suf|Pre)fix\([\w.\[\]]*([nN]ame|[lL]ayer)\b.*"[^"]*(blocks|layers|attn|mlp|fc|norm|head|patch|\.[qkv]")|` +
			`([oO]p|[lL]ayer)\.Name\s*==|[nN]ame\[len\(`),
		`if strings.HasSuffix(op.Name, "fc2") {`,
		// tables that fold lines by what they print
		[]string{"golden/checkpoint/", "cmd/vitdse/verdicts/causes.go", "cmd/vitdse/fronts/"}},
	{"a layer's name written out", regexp.MustCompile(`"[\w%.]*\.?(attn\.(qkv|q|k|v|proj|matmul)|mlp\.fc[12])"`),
		`q.bits(name+"attn.qkv")`, []string{"golden/checkpoint/", "golden/export/network.go"}}, // of ONNX nodes
}

func TestOnlyBuildersKnowNetworks(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	for _, room := range []string{"configs", "hwmodel", "golden", "emit", "dse", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, d fs.DirEntry, err error) error {
			name, _ := filepath.Rel(root, path)
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") ||
				strings.HasPrefix(name, filepath.Join("configs", "network")) {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			for n, line := range strings.Split(string(text), "\n") {
				if what := finds(filepath.ToSlash(name), line); what != "" {
					t.Errorf("%s:%d: %s: %s", name, n+1, what, strings.TrimSpace(line))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 200 {
		t.Errorf("only %d files were read", files)
	}
}

// finds says what of forbidden is in a line of code.
func finds(file, line string) string {
	code, _, _ := strings.Cut(line, "//")
rules:
	for _, f := range forbidden {
		for _, but := range f.but {
			if strings.HasPrefix(file, but) {
				continue rules
			}
		}
		if f.pattern.MatchString(code) {
			return f.what
		}
	}
	return ""
}

// Each rule finds what it is for.
func TestForbiddenIsFound(t *testing.T) {
	for _, f := range forbidden {
		if got := finds("x.go", f.sample); got != f.what {
			t.Errorf("%q is %q; expected %q", f.sample, got, f.what)
		}
	}
	for line, want := range map[string]string{
		`	l.kinds[l.at%4] = LayerKind(3)`: "blocks counted by hand", `	lw := w[1+4*b : 5+4*b]`: "blocks counted by hand",
		`	switch op.Name[len(op.Name)-1] {`: "the kind of a layer or op by its name",
		`	if r.net.Model.Depth > 2 {`:       "blocks counted by hand", `	a.printf("%s", op.Name)`: "",
	} {
		t.Run(line, func(t *testing.T) {
			if got := finds("hwmodel/x.go", line); got != want {
				t.Errorf("%q is %q; expected %q", line, got, want)
			}
		})
	}
}

// aroundEngine are ways to an engine that are not its interface: the rooms of one and what is made there, and what the
// keys of a design say of it.
var aroundEngine = regexp.MustCompile(`\b(hwmodel|emit)/temporal"|\btemporal\.|\.NewPlan\(|\.OnEngine\(|` +
	`configs\.OnEngine|\.Validate\(\w+(\.\w+)?, \w+\)`)

// dse, cmd, synthesis and verification reach an engine through hwmodel.Engine and the list in emit/engines.
func TestEnginesHaveOneDoor(t *testing.T) {
	for _, line := range []string{"e, err := temporal.Engine{}.Price(net, d, part)", `	"vitdse/hwmodel/temporal"`,
		"s := machine.(*temporal.Shape)", `	plans "vitdse/emit/temporal"`, "plan, err := plans.NewPlan(d, net, part)",
		"return configs.OnEngine(net)", "if d.Validate(m, part) == nil {"} {
		if !aroundEngine.MatchString(line) {
			t.Errorf("%q is not found", line)
		}
	}
	root := filepath.Join("..", "..")
	for _, room := range []string{"dse", "cmd", "emit/synth", "emit/verify", "emit/timing"} {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
				filepath.Base(filepath.Dir(path)) == "searchtest" { // tests name an engine
				return err
			}
			text, err := os.ReadFile(path)
			for n, line := range strings.Split(string(text), "\n") {
				if code, _, _ := strings.Cut(line, "//"); aroundEngine.MatchString(code) {
					t.Errorf("%s:%d: goes around the engine's interface: %s", path, n+1, strings.TrimSpace(line))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// mostNames is how many exported names a room's face has at most, and faces are the exceptions, which may only shrink.
const mostNames = 15

var faces = map[string]struct {
	most int
	why  string
}{
	"cmd/vitdse/page": {48, "what a page holds, as JSON: the types of its schema"},
}

// The rooms of dse and of the command line say what they are for, and show few names.
func TestFaces(t *testing.T) {
	root, rooms := filepath.Join("..", ".."), 0
	for _, top := range []string{"cmd/vitdse", "dse"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			doc, names := face(t, path)
			if names == nil {
				return nil
			}
			rooms++
			rel, _ := filepath.Rel(root, path)
			room := filepath.ToSlash(rel)
			if doc == "" {
				t.Errorf("%s: has no package comment", room)
			}
			most := mostNames
			if f, ok := faces[room]; ok {
				most = f.most
			}
			if len(names) > most {
				t.Errorf("%s: shows %d names, expected at most %d: %v", room, len(names), most, names)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if rooms < 30 {
		t.Errorf("only %d rooms were read", rooms)
	}
}

// face is the package comment of a folder and the names that it exports, but for tests; nil without Go files.
func face(t *testing.T, dir string) (doc string, names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		doc += f.Doc.Text()
		names = append(names, exported(f)...)
	}
	if names == nil && len(files) > 0 {
		names = []string{}
	}
	return doc, names
}

// exported are the names that a file declares for other packages; methods go with their types.
func exported(f *ast.File) (names []string) {
	add := func(id *ast.Ident) {
		if id.IsExported() {
			names = append(names, id.Name)
		}
	}
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					add(s.Name)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						add(id)
					}
				}
			}
		}
	}
	return names
}

func TestExported(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x
const A, b = 1, 2
type C struct{ D int }
func (C) E() {}
func F() {}
func g() {}
var H, I = 3, 4`, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if got := exported(f); !slices.Equal(got, []string{"A", "C", "F", "H", "I"}) {
		t.Errorf("got %v", got)
	}
}

// columns is how long a line of Go is at most, in characters, and longLines are the files and folders that may have
// longer ones, by the beginning of their paths.
const columns = 120

var longLines = map[string]string{
	"golden/internal/kernel/stubs_amd64.go": "generated from asm",
	"golden/internal/kernel/asm/":           "addresses and shuffles as tables, a row a line",
	"golden/checkpoint/convert.go":          "a Python program as people are to paste it, a statement a line",
}

// Lines of the tool's own source are read whole, beside another file or a diff.
func TestColumns(t *testing.T) {
	root, files := filepath.Join("..", ".."), 0
	for _, top := range []string{"cmd", "configs", "dse", "emit", "golden", "hwmodel", "templates"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			name := filepath.ToSlash(rel)
			for prefix := range longLines {
				if strings.HasPrefix(name, prefix) {
					return nil
				}
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			for i, line := range strings.Split(string(text), "\n") {
				if n := utf8.RuneCountInString(line); n > columns {
					t.Errorf("%s:%d: has %d characters; expected at most %d", name, i+1, n, columns)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 200 {
		t.Errorf("only %d files were read", files)
	}
}

// prefixed are packages whose name is also a key of a file that people write, under which an error stands.
var prefixed = map[string]string{"dse/limits": "limits, of a run file"}

// An error is for the one who reads it, who knows files, keys and commands, not packages.
func TestErrorsHaveNoPackagePrefix(t *testing.T) {
	root, errs := filepath.Join("..", ".."), 0
	for _, top := range []string{"cmd", "configs", "dse", "emit", "golden", "hwmodel", "templates"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			rel, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil || prefixed[filepath.ToSlash(rel)] != "" {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			texts := errorTexts(f)
			errs += len(texts)
			for _, text := range texts {
				if strings.HasPrefix(text, f.Name.Name+": ") {
					t.Errorf("%s: error %q begins with its package", path, text)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if errs < 500 {
		t.Errorf("only %d errors were read", errs)
	}
}

// errorTexts are the texts, or their beginnings, of errors that a file makes.
func errorTexts(f *ast.File) (texts []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		of, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || of.Sel.Name != "Errorf" && of.Sel.Name != "New" {
			return true
		}
		arg := call.Args[0]
		for {
			sum, ok := arg.(*ast.BinaryExpr)
			if !ok {
				break
			}
			arg = sum.X
		}
		if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				texts = append(texts, text)
			}
		}
		return true
	})
	return texts
}
