package temporal_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/emit"
)

// manifest.json is in one style, and docs/MANIFEST.md names every key of it.
func TestManifestKeys(t *testing.T) {
	doc := readFile(t, "../../docs/MANIFEST.md")
	if !strings.Contains(doc, "schema 5") {
		t.Error("docs/MANIFEST.md is of another schema")
	}
	style := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	for _, part := range []string{"xczu9eg", "lfe5u-85f"} {
		var v any
		if err := json.Unmarshal([]byte(readFile(t, filepath.Join(folder(t, part), emit.ManifestName))), &v); err != nil {
			t.Fatal(err)
		}
		keys := map[string]bool{}
		collect(v, keys)
		if len(keys) < 60 {
			t.Errorf("%d keys", len(keys))
		}
		for key := range keys {
			if !style.MatchString(key) {
				t.Errorf("key %q is not in lower case", key)
			}
			if !strings.Contains(doc, "`"+key+"`") {
				t.Errorf("docs/MANIFEST.md does not name key %q", key)
			}
		}
	}
}

// collect gathers keys, but for those of a part's sources, which are places in its file.
func collect(v any, keys map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			keys[key] = true
			if key != "sources" {
				collect(inner, keys)
			}
		}
	case []any:
		for _, inner := range v {
			collect(inner, keys)
		}
	}
}

// What a manifest was made of reads back as it was, a part with coefficients of its own too.
func TestManifestReadsBack(t *testing.T) {
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	part.Coefficients = []float64{1.5, 0, 2}
	plan, _, err := digitsPlan(part)
	if err != nil {
		t.Fatal(err)
	}
	files, err := plan.Files(2)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "design")
	if err := emit.WriteFolder(dir, files, false); err != nil {
		t.Fatal(err)
	}
	got, err := emit.LoadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Files) != len(files)-1 || len(got.Sum) != 64 {
		t.Errorf("%d files, sum %q", len(got.Files), got.Sum)
	}
	want := plan.Manifest(2)
	got.Files, got.Sum = nil, ""
	if !reflect.DeepEqual(got, want) {
		t.Errorf("reads back as %+v\nexpected %+v", got, want)
	}
}
