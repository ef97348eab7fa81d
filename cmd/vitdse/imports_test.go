package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rooms says which of our packages each may import; a trailing /... means all below.
// docs/ARCHITECTURE.md has the same table with its reasons.
var rooms = []struct {
	pkg string
	may []string
}{
	{"configs/fault", nil},
	{"configs/network", []string{"configs/fault"}},
	{"configs", []string{"configs/fault", "configs/network"}},
	{"templates", nil},
	{"templates/temporal", nil},
	{"golden/...", []string{"configs/...", "golden/..."}},
	{"hwmodel", []string{"configs/..."}},
	{"hwmodel/temporal", []string{"configs/...", "hwmodel"}},
	{"hwmodel/fit", []string{"configs/...", "hwmodel"}},
	{"dse/jobs", nil},
	{"dse/jobs/array", []string{"configs/...", "dse/jobs", "emit/child"}},
	{"dse/jobs/array/slurmtest", nil},
	{"dse/labels", []string{"hwmodel"}},
	{"dse/noise", []string{"configs/...", "golden/measure"}},
	{"dse/measuring", []string{"configs/...", "golden/...", "dse/jobs", "dse/noise"}},
	{"dse/size", []string{"configs/...", "hwmodel"}},
	{"dse/metric", []string{"configs", "hwmodel", "dse/noise"}},
	{"dse/limits", []string{"configs", "dse/metric", "dse/noise"}},
	{"dse/pareto", nil},
	{"dse/accuracy", nil},
	{"dse/certificate", []string{"hwmodel"}},
	{"dse/space", []string{"configs", "hwmodel", "dse/metric", "dse/noise"}},
	{"dse/front", []string{"configs", "hwmodel", "dse/accuracy", "dse/certificate", "dse/limits", "dse/metric",
		"dse/noise", "dse/pareto", "dse/space"}},
	{"dse/empty", []string{"hwmodel", "dse/front", "dse/limits", "dse/metric"}},
	{"dse/pick", []string{"configs", "dse/accuracy", "dse/empty", "dse/front", "dse/limits", "dse/metric"}},
	{"dse/search", []string{"configs", "hwmodel", "dse/front", "dse/jobs", "dse/limits", "dse/metric", "dse/noise"}},
	{"dse/sweep", []string{"configs/...", "hwmodel", "dse/empty", "dse/front", "dse/jobs", "dse/limits", "dse/noise",
		"dse/pareto", "dse/search", "dse/space"}},
	{"dse/exact", []string{"configs/...", "hwmodel", "dse/certificate", "dse/empty", "dse/front", "dse/jobs",
		"dse/labels", "dse/limits", "dse/metric", "dse/noise", "dse/pareto", "dse/search", "dse/space"}},
	{"dse/measured", []string{"configs", "hwmodel", "golden/measure", "dse/accuracy", "dse/front", "dse/jobs",
		"dse/limits", "dse/measuring", "dse/metric", "dse/noise", "dse/pareto", "dse/search", "dse/space"}},
	{"dse/searchtest", []string{"configs", "hwmodel/temporal", "golden/measure", "dse/front", "dse/limits", "dse/measured",
		"dse/noise", "dse/search", "dse/space"}},
	{"dse/baseline", []string{"configs", "dse/space", "emit/child"}},
	{"dse", []string{"configs/...", "hwmodel", "dse/..."}},
	{"emit", []string{"configs/...", "hwmodel", "golden/intnet", "templates"}},
	{"emit/temporal", []string{"configs/...", "hwmodel", "hwmodel/temporal", "golden/intnet", "templates",
		"templates/temporal", "emit"}},
	{"emit/child", nil},
	{"emit/engines", []string{"configs/...", "hwmodel", "hwmodel/temporal", "golden/intnet", "emit", "emit/temporal"}},
	{"emit/enginetest", []string{"configs/...", "hwmodel", "golden/...", "emit", "emit/engines"}},
	{"emit/timing", []string{"configs/...", "hwmodel"}},
	{"emit/synth", []string{"configs/...", "hwmodel", "emit", "emit/child", "emit/engines", "emit/timing"}},
	{"emit/verify", []string{"configs/...", "hwmodel", "golden/...", "templates", "emit", "emit/child", "emit/engines"}},
	{"cmd/vitdse/chart", []string{"configs"}},
	{"cmd/vitdse/estimates", []string{"configs/...", "hwmodel", "hwmodel/fit", "dse/front", "dse/measured", "dse/size",
		"emit/synth", "emit/timing", "cmd/vitdse/number", "cmd/vitdse/page", "cmd/vitdse/table"}},
	{"cmd/vitdse/fronts", []string{"configs", "hwmodel", "dse", "dse/accuracy", "dse/baseline", "dse/front",
		"dse/pick", "dse/search", "dse/space",
		"cmd/vitdse/chart", "cmd/vitdse/number", "cmd/vitdse/table"}},
	{"cmd/vitdse/layers", []string{"configs/...", "dse/noise", "golden/measure", "golden/quant",
		"cmd/vitdse/number", "cmd/vitdse/table"}},
	{"cmd/vitdse/number", []string{"hwmodel"}},
	{"cmd/vitdse/page", []string{"configs/...", "hwmodel", "golden/...", "emit/engines", "dse/accuracy",
		"dse/certificate", "dse/front", "dse/limits", "dse/metric", "dse/noise", "dse/space"}},
	{"cmd/vitdse/parts", []string{"configs", "dse/size", "cmd/vitdse/number", "cmd/vitdse/table"}},
	{"cmd/vitdse/progress", []string{"configs", "dse/jobs", "cmd/vitdse/number"}},
	{"cmd/vitdse/rooflines", []string{"configs/...", "hwmodel",
		"cmd/vitdse/chart", "cmd/vitdse/number", "cmd/vitdse/table"}},
	{"cmd/vitdse/table", []string{"cmd/vitdse/number"}},
	{"cmd/vitdse/verdicts", []string{"configs", "hwmodel", "emit/verify",
		"cmd/vitdse/number", "cmd/vitdse/page", "cmd/vitdse/table"}},
	{"cmd/vitdse", []string{"configs/...", "hwmodel", "hwmodel/fit", "golden/...", "templates", "emit", "emit/child",
		"emit/engines", "emit/synth", "emit/timing", "emit/verify", "dse/...",
		"cmd/vitdse/..."}},
}

// onlyHere lists libraries that belong to some rooms: what reads the environment, logs
// or draws.
var onlyHere = map[string][]string{
	"github.com/spf13/":          {"cmd/vitdse"},
	"github.com/hashicorp/":      {"cmd/vitdse"},
	"github.com/olekukonko/":     {"cmd/vitdse/table"},
	"github.com/vbauerster/":     {"cmd/vitdse/progress"},
	"gonum.org/v1/plot":          {"cmd/vitdse/chart"},
	"go.yaml.in/yaml":            {"configs"},
	"golang.org/x/term":          {"cmd/vitdse/table", "cmd/vitdse/progress"},
	"google.golang.org/protobuf": {"golden/checkpoint", "golden/export"},
	"github.com/go-viper/":       {"cmd/vitdse"},
	"github.com/rogpeppe/":       nil, // tests only
	"github.com/chromedp/":       nil,
	"github.com/google/go-cmp":   nil,
}

func TestImportDirections(t *testing.T) {
	for _, p := range packages(t) {
		room, ours := strings.CutPrefix(p.ImportPath, "vitdse/")
		if !ours {
			continue
		}
		i := slices.IndexFunc(rooms, func(r struct {
			pkg string
			may []string
		}) bool {
			return matches(r.pkg, room)
		})
		if i < 0 {
			t.Errorf("%s is in no room of docs/ARCHITECTURE.md", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if target, ours := strings.CutPrefix(imported, "vitdse/"); ours {
				if !slices.ContainsFunc(rooms[i].may, func(pattern string) bool { return matches(pattern, target) }) {
					t.Errorf("%s imports %s; it may import %v", room, target, rooms[i].may)
				}
				continue
			}
			for prefix, in := range onlyHere {
				if strings.HasPrefix(imported, prefix) && !slices.ContainsFunc(in,
					func(pattern string) bool { return matches(pattern, room) }) {
					t.Errorf("%s imports %s, which only %v may", room, imported, in)
				}
			}
		}
	}
}

// TestTopFolders keeps the table complete: no Go package outside the rooms.
func TestTopFolders(t *testing.T) {
	root := filepath.Join("..", "..")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"configs", "templates", "golden", "hwmodel", "dse", "emit", "cmd", "docs", "bin", "out"}
	for _, e := range entries {
		if e.IsDir() && e.Name()[0] != '.' && !slices.Contains(known, e.Name()) {
			t.Errorf("folder %s is none of %v", e.Name(), known)
		}
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".go") {
			t.Errorf("%s is in the top folder; expected it in a room", e.Name())
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, pkg string
		want         bool
	}{
		{"emit", "emit", true}, {"emit", "emit/verify", false}, {"emit/...", "emit/verify", true},
		{"emit/...", "emit", true}, {"emit/...", "emitter", false}, {"golden/intnet", "golden/exec", false},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			if got := matches(c.pattern, c.pkg); got != c.want {
				t.Errorf("matches(%q, %q) is %v", c.pattern, c.pkg, got)
			}
		})
	}
}

func matches(pattern, pkg string) bool {
	below, all := strings.CutSuffix(pattern, "/...")
	return pkg == below || all && strings.HasPrefix(pkg, below+"/")
}

type listed struct {
	ImportPath string
	Imports    []string
}

// packages lists every package the tool is built from.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports", "vitdse/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var list []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}
