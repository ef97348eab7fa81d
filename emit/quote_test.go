package emit_test

import (
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/emit"
	plans "vitdse/emit/temporal"
	"vitdse/golden/checkpoint"
	"vitdse/golden/quant"
)

// A name that no file may have, and which came by all the same, stays in the comment or the word that it stands in.
func TestHostileNamesStayTexts(t *testing.T) {
	for _, name := range []string{
		"x\n#include <cstdlib>\nEVIL", "x\r\nEVIL", "x */ EVIL /*", "x\\\nEVIL", "x [EVIL]", "x $(EVIL)", "x\"; EVIL; \"",
		"x\u2028EVIL", "x`EVIL`", "x} EVIL {",
	} {
		s := plain()
		part, err := configs.LoadPart(s.part)
		if err != nil {
			t.Fatal(err)
		}
		w := checkpoint.Seeded(s.model, 1)
		stats, err := quant.Calibrate(s.model, w, quant.Synthetic(s.model, 4, 1))
		if err != nil {
			t.Fatal(err)
		}
		num := configs.Uniform(s.model, 8, 8)
		net, err := quant.Quantize(s.model, num, w, stats)
		if err != nil {
			t.Fatal(err)
		}
		part.Name, part.Device = name, name
		p, err := plans.NewPlan(configs.Design{Name: "x", Model: s.model.Name, Part: name, ClockMHz: 200, Numerics: num,
			Engine: s.engine}, net, part)
		if err != nil {
			t.Fatal(err)
		}
		files, err := p.Files(1)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, f := range files {
			if f.Path == "design.yaml" || f.Path == emit.ManifestName {
				continue // YAML and JSON, which quote
			}
			for _, line := range strings.FieldsFunc(string(f.Data),
				func(c rune) bool { return c == '\n' || c == '\r' || c == '\u2028' }) {
				at := strings.Index(line, "EVIL")
				if at < 0 {
					continue
				}
				seen++
				switch before := line[:at]; {
				case strings.HasSuffix(f.Path, ".tcl"):
					for i, c := range before {
						if strings.ContainsRune(`[$;{}`, c) && before[i-1] != '\\' || c == '"' &&
							before[:i] != "  set_property description " && before[i-1] != '\\' {
							t.Errorf("%q in %s: %s", name, f.Path, line)
						}
					}
				case strings.HasSuffix(f.Path, ".md"):
					if strings.Count(before, "`")%2 == 0 || strings.Count(line, "`")%2 != 0 {
						t.Errorf("%q in %s is not in a code span: %s", name, f.Path, line)
					}
				case !strings.HasPrefix(line, "//") || strings.Contains(line, "\\"):
					t.Errorf("%q in %s: %s", name, f.Path, line)
				}
			}
		}
		if seen < 3 {
			t.Errorf("%q is in %d lines only", name, seen)
		}
	}
}
