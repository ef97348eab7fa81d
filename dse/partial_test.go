package dse

import (
	"os"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/golden/measure"
)

// TestPartial: entries that were kept are known again, a half-written line is not.
func TestPartial(t *testing.T) {
	c := configs.NewStore(t.TempDir(), nil)
	key := "0123456789abcdef"
	first := measure.Entry{Source: measure.Weights, Layer: "head", Bits: 4, Granularity: "layer", Total: 0.25}
	second := measure.Entry{Source: measure.Softmax, Bits: 7, Total: 0.125}
	p, err := openPartial(c, key)
	if err != nil {
		t.Fatal(err)
	}
	p.keep(first)
	// Another run that measures the same at the same time keeps nothing, and spoils nothing.
	other, err := openPartial(c, key)
	if err != nil {
		t.Fatal(err)
	}
	other.keep(second)
	if err := other.close(); err != nil {
		t.Fatal(err)
	}
	p.keep(second)
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	files := []string{c.Path("sensitivity", key, ".part")}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], text[:len(text)-3], 0o644); err != nil { // killed while writing
		t.Fatal(err)
	}
	p, err = openPartial(c, key)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := p.known(measure.Entry{Source: measure.Weights, Layer: "head", Bits: 4, Granularity: "layer"}); !ok || v != 0.25 {
		t.Errorf("first entry: %v %v", v, ok)
	}
	if _, ok := p.known(second); ok {
		t.Error("a half-written entry is known")
	}
	p.keep(second)
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	if p, err = openPartial(c, key); err != nil {
		t.Fatal(err)
	}
	if len(p.entries) != 2 {
		t.Errorf("%d entries after the repair, expected 2", len(p.entries))
	}
	if text, err = os.ReadFile(files[0]); err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(text), "0.125", "9.125", 1)
	if err := os.WriteFile(files[0], []byte(edited), 0o644); err != nil || edited == string(text) {
		t.Fatal(err)
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	if p, err = openPartial(c, key); err != nil {
		t.Fatal(err)
	}
	if _, ok := p.known(second); ok {
		t.Error("an edited entry is known")
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	if err := p.remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(files[0]); err == nil {
		t.Error("the kept entries are still there")
	}
}
