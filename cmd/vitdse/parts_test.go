package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs"
)

// docs/PARTS.md shows the parts as they are.
func TestPartsPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "PARTS.md"))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := loadParts(configs.Parts())
	if err != nil {
		t.Fatal(err)
	}
	if table := partsTable(parts).Markdown(); !strings.Contains(string(page), table) {
		t.Errorf("docs/PARTS.md does not hold the table of vitdse parts --format markdown, which is\n%s", table)
	}
}
