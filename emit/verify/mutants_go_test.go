package verify

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// change is a mutant and where it is in its file.
type change struct {
	mutant
	path       string
	begin, end int
	with       string
}

// apply is the text with the change in it.
func (c change) apply(text []byte) []byte {
	return append(append(append([]byte{}, text[:c.begin]...), c.with...), text[c.end:]...)
}

var goSwap = map[token.Token]token.Token{
	token.ADD: token.SUB, token.SUB: token.ADD, token.MUL: token.ADD, token.QUO: token.MUL, token.REM: token.QUO,
	token.SHL: token.SHR, token.SHR: token.SHL, token.AND: token.OR, token.OR: token.AND, token.XOR: token.AND,
	token.EQL: token.NEQ, token.NEQ: token.EQL, token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ,
	token.GEQ: token.GTR, token.LAND: token.LOR, token.LOR: token.LAND,
	token.ADD_ASSIGN: token.SUB_ASSIGN, token.SUB_ASSIGN: token.ADD_ASSIGN, token.MUL_ASSIGN: token.ADD_ASSIGN,
	token.OR_ASSIGN: token.AND_ASSIGN, token.SHL_ASSIGN: token.SHR_ASSIGN, token.SHR_ASSIGN: token.SHL_ASSIGN,
}

// goChanges are all changes of a Go file.
func goChanges(t *testing.T, root, path string) []change {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, data, 0)
	if err != nil {
		t.Fatal(err)
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	var list []change
	add := func(operator string, from, to token.Pos, with string) {
		begin, end := set.Position(from), set.Position(to)
		c := change{path: path, begin: begin.Offset, end: end.Offset, with: with}
		line := lines[begin.Line-1]
		c.mutant = mutant{File: filepath.ToSlash(name), Line: begin.Line, Operator: operator, Text: strings.TrimSpace(line)}
		if end.Line == begin.Line {
			c.Mutated = strings.TrimSpace(line[:begin.Column-1] + with + line[end.Column-1:])
		} else {
			c.Mutated = with
		}
		list = append(list, c)
	}
	swap := func(at token.Pos, op token.Token) {
		if to, ok := goSwap[op]; ok {
			add(fmt.Sprintf("%s to %s", op, to), at, at+token.Pos(len(op.String())), to.String())
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec, *ast.Field, *ast.TypeSpec, *ast.ArrayType:
			return false
		case *ast.BinaryExpr:
			swap(n.OpPos, n.Op)
		case *ast.UnaryExpr:
			if n.Op == token.NOT || n.Op == token.SUB {
				add(n.Op.String()+" dropped", n.Pos(), n.X.Pos(), "")
			}
		case *ast.BasicLit:
			if v, err := strconv.Atoi(n.Value); err == nil && n.Kind == token.INT {
				add("constant", n.Pos(), n.End(), strconv.Itoa(v+1))
			}
		case *ast.IfStmt:
			add("always", n.Cond.Pos(), n.Cond.End(), "("+
				string(data[set.Position(n.Cond.Pos()).Offset:set.Position(n.Cond.End()).Offset])+") || true")
			add("never", n.Cond.Pos(), n.Cond.End(), "("+
				string(data[set.Position(n.Cond.Pos()).Offset:set.Position(n.Cond.End()).Offset])+") && false")
		case *ast.AssignStmt:
			swap(n.TokPos, n.Tok)
			if n.Tok != token.DEFINE {
				add("assignment dropped", n.Pos(), n.End(), "")
			}
		case *ast.ExprStmt:
			add("call dropped", n.Pos(), n.End(), "")
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "min" || f.Name == "max") {
				add(f.Name+" swapped", f.Pos(), f.End(), map[string]string{"min": "max", "max": "min"}[f.Name])
			}
		}
		return true
	})
	return list
}

// goFiles are the files of a package pattern that are built here, without tests.
func goFiles(t *testing.T, root, pattern string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}`, pattern)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// goTests are arguments of go test.
type goTests []string

// unchanged is how tests end where nothing was changed, and after what time: those that do not pass say nothing about
// a change.
type unchanged struct {
	err  error
	took time.Duration
}

var (
	passes  = map[string]unchanged{}
	passing sync.Mutex
)

func (g goTests) run(root, overlay string, limit time.Duration) ([]byte, error) {
	// A mutant may never end, or take all memory there is.
	args := append([]string{"-c", `ulimit -v 16000000; exec go test "$@"`, "sh", "-overlay", overlay, "-vet=off",
		"-failfast", "-count=1", "-timeout=" + limit.String()}, g...)
	cmd := exec.Command("sh", args...)
	cmd.Dir = root
	return cmd.CombinedOutput()
}

func (g goTests) unchanged(root string) unchanged {
	passing.Lock()
	defer passing.Unlock()
	key := strings.Join(g, " ")
	u, known := passes[key]
	if !known {
		start := time.Now()
		out, err := g.run(root, "", time.Hour)
		if err != nil {
			err = fmt.Errorf("go test %s fails without a change: %w\n%s", key, err, tail(string(out), 20))
		}
		u = unchanged{err, time.Since(start)}
		passes[key] = u
	}
	return u
}

var didNotBuild = regexp.MustCompile(`(?m)\[(build|setup) failed\]$`)

// judgeGo runs the tests that ought to see a change of a Go file, cheapest first, each with the file
// replaced for the build alone. legal is false where the change does not compile.
func judgeGo(t *testing.T, root string, c change, stages []goTests) (killed bool, by string, legal bool) {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(c.path)
	if err != nil {
		t.Fatal(err)
	}
	changed, overlay := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json")
	list, _ := json.Marshal(map[string]map[string]string{"Replace": {c.path: changed}})
	for path, text := range map[string][]byte{changed: c.apply(data), overlay: list} {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, stage := range stages {
		plain := stage.unchanged(root)
		if plain.err != nil {
			t.Error(plain.err)
			return false, "", false
		}
		out, err := stage.run(root, overlay, time.Minute+4*plain.took)
		if err == nil {
			continue
		}
		if didNotBuild.Match(out) {
			return false, "", false
		}
		by := "go test " + strings.Join(stage, " ")
		if m := regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`).FindAllSubmatch(out, -1); m != nil {
			by = string(m[0][1])
		}
		return true, by, true
	}
	return false, "", true
}
