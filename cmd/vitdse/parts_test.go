package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/cmd/vitdse/parts"
	"vitdse/configs"
)

// docs/PARTS.md shows the parts as they are.
func TestPartsPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "PARTS.md"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := loadParts(configs.Parts())
	if err != nil {
		t.Fatal(err)
	}
	if table := parts.Table(list).Markdown(); !strings.Contains(string(page), table) {
		t.Errorf("docs/PARTS.md does not hold the table of vitdse parts --format markdown, which is\n%s", table)
	}
}
