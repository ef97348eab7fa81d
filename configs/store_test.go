package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type result struct{ SQNR float64 }

// An entry is as it was written, of its own kind and key, or it is none.
func TestStoreBelievesNoDamage(t *testing.T) {
	var said []string
	s := NewStore(t.TempDir(), func(m string) { said = append(said, m) })
	key, _ := Key("a")
	other, _ := Key("b")
	if err := s.Put("measure", key, result{41}); err != nil {
		t.Fatal(err)
	}
	var r result
	if !s.Get("measure", key, &r) || r.SQNR != 41 || s.Get("measure", other, &r) ||
		s.Get("synth", key, &r) || len(said) != 0 {
		t.Fatalf("%+v, said %q", r, said)
	}
	path := s.Path("measure", key, ".json")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	moved := s.Path("measure", other, ".json")
	os.MkdirAll(filepath.Dir(moved), 0o755)
	os.WriteFile(moved, good, 0o644)
	if s.Get("measure", other, &r) {
		t.Error("the entry of another key is taken")
	}
	for _, bad := range []string{"", "null", "{}", "[]", `{"SQNR": 99}`, strings.Replace(string(good), "41", "99", 1),
		string(good[:len(good)/2]),
		`{"sha256":"","value":null}`, string(good) + "x"} {
		os.WriteFile(path, []byte(bad), 0o644)
		said = nil
		if s.Get("measure", key, &r) {
			t.Errorf("%q is taken: %+v", bad, r)
		}
		if len(said) != 1 || !strings.Contains(said[0], path) || !strings.Contains(said[0], "computed again") {
			t.Errorf("%q: said %q", bad, said)
		}
	}
	if err := s.Put("measure", key, result{42}); err != nil || !s.Get("measure", key, &r) || r.SQNR != 42 {
		t.Errorf("a damaged entry is not replaced: %v, %+v", err, r)
	}
}

// What cannot be kept is said once and stops nothing.
func TestStoreThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var said []string
	s := NewStore(filepath.Join(file, "cache"), func(m string) { said = append(said, m) })
	for _, name := range []string{"a", "b"} {
		key, _ := Key(name)
		if err := s.Put("measure", key, result{1}); err != nil {
			t.Error(err)
		}
	}
	if len(said) != 1 || !strings.Contains(said[0], "keeps nothing") {
		t.Errorf("said %q", said)
	}
	if s = NewStore("", nil); s.Holds() || s.Put("measure", "", 1) != nil || s.Get("measure", "", new(int)) {
		t.Error("a store without a folder holds something")
	}
}
