package main

import (
	"strings"
	"testing"

	"vitdse/emit/synth"
)

// A file that is no synthesis is named; none is no error.
func TestSynthesisFile(t *testing.T) {
	dir := t.TempDir()
	if s, err := loadSynthesis(dir); s != nil || err != nil {
		t.Errorf("%v, %v of a folder without a synthesis", s, err)
	}
	if err := keepSynthesis(dir, &synth.Report{Hash: strings.Repeat("0", 64)}); err != nil {
		t.Fatal(err)
	}
	if _, err := loadSynthesis(dir); err == nil || !strings.Contains(err.Error(), "manifest.json") {
		t.Errorf("%v of a folder that is no design", err)
	}
}
