package configs

import (
	"errors"
	"strings"
	"testing"
)

const goodModel = `name: m
family: vit
image: {height: 8, width: 8, channels: 1}
patch: 2
dim: 64
depth: 4
heads: 4
mlp_ratio: 4
classes: 10
layer_norm_eps: 1.0e-6
mean: [0.5]
std: [0.5]
`

// edit replaces one line of a file, or appends if old is empty.
func edit(t *testing.T, file, old, new string) string {
	t.Helper()
	if old == "" {
		return file + new
	}
	if strings.Count(file, old) != 1 {
		t.Fatalf("%q is in the file %d times", old, strings.Count(file, old))
	}
	return strings.Replace(file, old, new, 1)
}

// wantError compares all of an error's text.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %s", want)
	}
	if err.Error() != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key, near one", "patch: 2", "pacth: 2\npatch: 2", `m.yaml:4: pacth: unknown key; did you mean "patch"?`},
		{"unknown key, far", "patch: 2", "colour: 2\npatch: 2",
			"m.yaml:4: colour: unknown key; expected one of name, family, image, patch, dim, depth, heads, depths, " +
				"stage_heads, window, mlp_ratio, classes, layer_norm_eps, mean, std, crop_pct, interpolation, crop_mode, " +
				"crop_offset, activation, no_class_token, registers, pre_norm, qk_norm, gated, mlp_norm, rope, rope_theta, " +
				"rope_half, no_pos_embed, relative_positions, pool, fc_norm, rope_reference, features"},
		{"unknown nested key", "channels: 1", "channels: 1, hight: 2",
			`m.yaml:3: image.hight: unknown key; did you mean "height"?`},
		{"case counts", "dim: 64", "Dim: 64", "m.yaml:1: dim: missing; expected an integer\n" +
			"m.yaml:5: Dim: unknown key; did you mean \"dim\"?"},
		{"repeated key", "", "dim: 32\n", "m.yaml:13: dim: is given twice; first on line 5"},
		{"missing key", "depth: 4\n", "", "m.yaml:1: depth: must be a positive integer, is 0"},
		{"missing nested key", ", channels: 1", "", "m.yaml:3: image.channels: missing; expected an integer"},
		{"text for integer", "dim: 64", "dim: big", `m.yaml:5: dim: is the text "big"; expected an integer`},
		{"quoted integer", "dim: 64", `dim: "64"`, `m.yaml:5: dim: is the text "64"; expected an integer`},
		{"fraction for integer", "dim: 64", "dim: 64.0", "m.yaml:5: dim: is 64.0; expected an integer"},
		{"octal", "dim: 64", "dim: 0100", "m.yaml:5: dim: is 0100; expected an integer"},
		{"hex", "dim: 64", "dim: 0x40", "m.yaml:5: dim: is 0x40; expected an integer"},
		{"too large", "dim: 64", "dim: 9223372036854775808", "m.yaml:5: dim: is 9223372036854775808; expected an integer"},
		{"empty value", "dim: 64", "dim:", "m.yaml:5: dim: is empty; expected an integer"},
		{"infinite", "1.0e-6", ".inf", "m.yaml:10: layer_norm_eps: is .inf; expected a number"},
		{"not a number", "1.0e-6", ".nan", "m.yaml:10: layer_norm_eps: is .nan; expected a number"},
		{"integer for text", "name: m", "name: 7", "m.yaml:1: name: is 7; expected a text"},
		{"mapping for integer", "dim: 64", "dim: {a: 1}", "m.yaml:5: dim: is a mapping; expected an integer"},
		{"integer for mapping", "image: {height: 8, width: 8, channels: 1}", "image: 8",
			"m.yaml:3: image: is 8; expected a mapping"},
		{"number for list", "mean: [0.5]", "mean: 0.5", "m.yaml:11: mean: is 0.5; expected a list of numbers"},
		{"text in list", "mean: [0.5]", "mean: [0.5, x]", `m.yaml:11: mean[1]: is the text "x"; expected a number`},
		{"tag", "dim: 64", "dim: !bits 64", "m.yaml:5: dim: is !bits 64; expected an integer"},
		{"anchor", "mean: [0.5]", "mean: &half [0.5]",
			"m.yaml:11: mean: anchors and aliases are not accepted; write the value out"},
		{"alias", "mean: [0.5]\nstd: [0.5]", "mean: &half [0.5]\nstd: *half",
			"m.yaml:11: mean: anchors and aliases are not accepted; write the value out\n" +
				"m.yaml:12: std: anchors and aliases are not accepted; write the value out"},
		{"key that is a list", "dim: 64", "? [a]\n: 1\ndim: 64", "m.yaml:5: has a list for a key; expected a plain name"},
		{"two documents", "", "---\nname: n\n", "m.yaml:13: a second document starts here; expected one document a file"},
		{"not YAML", "dim: 64", "dim: [64", "m.yaml:5: not YAML: did not find expected ',' or ']'"},
		{"not YAML, scanner", "dim: 64", "dim: 64: 2", "m.yaml:5: not YAML: mapping values are not allowed in this context"},
		{"not text", "dim: 64", "dim: \x00", "m.yaml: is no text; expected YAML (a checkpoint is given with --checkpoint, " +
			"or with --model if its config.json is beside it)"},
		{"not YAML, tab", "dim: 64", "dim:\n\t64", "m.yaml:6: not YAML: found character that cannot start any token"},
		{"validation, nested", "height: 8", "height: -8", "m.yaml:3: image.height: must be a positive integer, is -8"},
		{"validation, two", "heads: 4\nmlp_ratio: 4", "heads: 5\nmlp_ratio: 0",
			"m.yaml:7: heads: is 5, which does not divide dim 64\n" +
				"m.yaml:8: mlp_ratio: must be positive and leave a hidden layer, is 0"},
		{"absurd shape", "depth: 4", "depth: 70000", "m.yaml:6: depth: is 70000; at most 65536 is sensible"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode[Model]("m.yaml", []byte(edit(t, goodModel, c.old, c.new)))
			wantError(t, err, c.want)
		})
	}
}

func TestDecodeWholeFile(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", "m.yaml:1: is empty; expected a mapping of keys to values"},
		{"comment", "# nothing\n", "m.yaml:1: is empty; expected a mapping of keys to values"},
		{"list", "- a\n", "m.yaml:1: is a list; expected a mapping"},
		{"null", "---\n", "m.yaml:2: is empty; expected a mapping"},
		{"large", strings.Repeat("#", MaxFileBytes+1),
			"m.yaml: is longer than 4194304 bytes, the limit of a configuration file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode[Model]("m.yaml", []byte(c.data))
			wantError(t, err, c.want)
		})
	}
}

func TestDecodeManyFaults(t *testing.T) {
	var data strings.Builder
	data.WriteString(goodModel)
	for i := range 200 {
		data.WriteString(strings.Repeat("x", i+1) + ": 1\n")
	}
	_, err := Decode[Model]("m.yaml", []byte(data.String()))
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != maxFaults+1 || lines[maxFaults] != "m.yaml: has more faults; these are the first" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func TestDecodeGood(t *testing.T) {
	m, err := Decode[Model]("m.yaml", []byte(goodModel))
	if err != nil {
		t.Fatal(err)
	}
	if m.Tokens() != 17 || m.LayerNormEps != 1e-6 || m.Std[0] != 0.5 {
		t.Errorf("got %+v", m)
	}
}

func TestErrorsCanBeInspected(t *testing.T) {
	_, err := Decode[Model]("m.yaml", []byte(edit(t, goodModel, "heads: 4", "heads: 5")))
	var file *FileError
	var key *KeyError
	if !errors.As(err, &file) || file.Line != 7 || !errors.As(err, &key) || key.Key != "heads" {
		t.Errorf("got %v", err)
	}
}

func TestLineOf(t *testing.T) {
	doc, err := parse("f", []byte("a:\n  b:\n    - {c: 1}\n    - c: 2\n      d: 3\nx.y: 4\nx:\n  y.z: 5\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		line int
	}{{"a", 1}, {"a.b", 2}, {"a.b[0].c", 3}, {"a.b[1].d", 5}, {"a.b[1].missing", 4}, {"a.b[9]", 2},
		{"x.y", 6}, {"x.y.z", 6}, {"x.q", 7}, {"nothing", 1}, {"a.b[", 2}, {"", 1}} {
		t.Run(c.path, func(t *testing.T) {
			if got := lineOf(doc.root, c.path); got != c.line {
				t.Errorf("line of %q is %d, want %d", c.path, got, c.line)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	legal := []string{"patch", "depth", "heads"}
	for _, c := range []struct {
		name, want string
	}{{"pacth", "patch"}, {"head", "heads"}, {"dpeth", "depth"}, {"colour", ""}, {"", ""}} {
		t.Run(c.name, func(t *testing.T) {
			if got := nearest(c.name, legal); got != c.want {
				t.Errorf("nearest to %q is %q, want %q", c.name, got, c.want)
			}
		})
	}
	// Distances of the usual textbook pairs.
	for _, c := range []struct {
		a, b string
		d    int
	}{{"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"", "abc", 3}, {"same", "same", 0}} {
		t.Run(c.a, func(t *testing.T) {
			if d := editDistance(c.a, c.b); d != c.d {
				t.Errorf("distance of %q and %q is %d, want %d", c.a, c.b, d, c.d)
			}
		})
	}
}
