package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// forbidden are ways to know a network that is not in its op list: which family it is of, how many blocks it has and
// what is where in them, and what an op or a layer is by its name. Only the builders in configs/network know these;
// golden/checkpoint knows names too, those of the libraries' tensors, and makes the model file that names a family; a study
// draws models of more than one.
var forbidden = []struct {
	what    string
	pattern *regexp.Regexp
	sample  string // that it finds
	but     []string
}{
	{"a family", regexp.MustCompile(`\b(configs|network)\.(ViT|DeiT|DeiTDistilled|Swin)\b|\.Family\s*[!=]=\s*("[a-z]|(configs|network)\.(ViT|DeiT|Swin))`),
		"if m.Family == configs.Swin {", []string{"golden/checkpoint/model.go", "configs/model.go", "emit/synth/draw.go"}},
	{"blocks counted by hand", regexp.MustCompile(`range [\w.]*(m|[mM]odel)\.Depths?\b|[mM]odel\.Depth\b|\b\d\s*\*\s*(b|block|depth)\b|%\s*(4|5|11)\b.*([kK]ind|[lL]ayer)`),
		"for b := range s.Model.Depth {", nil},
	{"the kind of a layer or op by its name",
		regexp.MustCompile(`(Has|Cut)(Suf|Pre)fix\([\w.\[\]]*([nN]ame|[lL]ayer)\b.*"[^"]*(blocks|layers|attn|mlp|fc|norm|head|patch|\.[qkv]")|([oO]p|[lL]ayer)\.Name\s*==|[nN]ame\[len\(`),
		`if strings.HasSuffix(op.Name, "fc2") {`,
		[]string{"golden/checkpoint/", "cmd/vitdse/verdicts/causes.go", "cmd/vitdse/fronts/"}}, // tables that fold lines by what they print
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
		if got := finds("hwmodel/x.go", line); got != want {
			t.Errorf("%q is %q; expected %q", line, got, want)
		}
	}
}

// aroundEngine are ways to an engine that are not its interface: functions of the rooms that implement one.
var aroundEngine = regexp.MustCompile(`\bhwmodel\.(Price|NewShape|NewPricer|Roofline|Schedule|NewWalk|NewSizer|Walkable|Temporal)\b|` +
	`\bemit\.NewPlan\b|\.OnEngine\(|configs\.OnEngine|\.Validate\(\w+(\.\w+)?, \w+\)`)

// dse, cmd, synthesis and verification reach an engine through hwmodel.Engine and the list in emit/engines.
func TestEnginesHaveOneDoor(t *testing.T) {
	for _, line := range []string{"e, err := hwmodel.Price(net, d, part)", "plan, err := emit.NewPlan(d, net, part)",
		"return configs.OnEngine(net)", "if d.Validate(m, part) == nil {"} {
		if !aroundEngine.MatchString(line) {
			t.Errorf("%q is not found", line)
		}
	}
	root := filepath.Join("..", "..")
	for _, room := range []string{"dse", "cmd", "emit/synth", "emit/verify", "emit/timing"} {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
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
