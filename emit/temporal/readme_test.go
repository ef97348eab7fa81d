package temporal_test

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/hwmodel/temporal"
)

var (
	portLine    = regexp.MustCompile(`(?m)^  (?:input|output)\s+wire\s+(?:\[[^\]]*\]\s*)?(\w+)`)
	madeTarget  = regexp.MustCompile(`make -C (\w+) (\w+)`)
	namedInCell = regexp.MustCompile("`([^`]+)`")
)

// The folder's page names every port, register and file, and commands that are there.
func TestReadme(t *testing.T) {
	for _, name := range []string{"xc7z020", "lfe5u-85f", "xczu9eg"} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, name)
			page := readFile(t, filepath.Join(dir, "README.md"))
			if lines := strings.Count(page, "\n"); lines > 90 {
				t.Errorf("%d lines; expected a page", lines)
			}
			var named []string // of the tables' first cells
			for line := range strings.Lines(page) {
				if cells := strings.Split(line, "|"); len(cells) > 2 {
					for _, m := range namedInCell.FindAllStringSubmatch(cells[1], -1) {
						named = append(named, m[1])
					}
				}
			}
			matches := func(name string) bool {
				for _, pattern := range named {
					if ok, err := path.Match(pattern, name); ok && err == nil || strings.HasSuffix(pattern, "/") &&
						strings.HasPrefix(name, pattern) {
						return true
					}
				}
				return false
			}
			ports := portLine.FindAllStringSubmatch(readFile(t, filepath.Join(dir, "rtl", "vit_accel_top.sv")), -1)
			if len(ports) < 40 {
				t.Fatalf("%d ports", len(ports))
			}
			for _, p := range ports {
				if !matches(p[1]) {
					t.Errorf("port %s is in no line", p[1])
				}
			}
			for _, r := range emit.Registers() {
				if !strings.Contains(page, fmt.Sprintf("| `0x%02x` | `%s` | %s |", r.Offset, r.Name, r.Access)) {
					t.Errorf("register %s is in no line", r.Name)
				}
			}
			for _, m := range madeTarget.FindAllStringSubmatch(page, -1) {
				if !regexp.MustCompile(`(?m)^` + m[2] + `:`).MatchString(readFile(t, filepath.Join(dir, m[1], "Makefile"))) {
					t.Errorf("%s: there is no such target", m[0])
				}
			}
			checkFiles(t, dir, page, matches)
		})
	}
}

// checkFiles looks for files that the page does not name, and for the figures of its first lines.
func checkFiles(t *testing.T, dir, page string, matches func(string) bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, file)
		if err == nil && !d.IsDir() && name != "README.md" && name != emit.ManifestName && !matches(filepath.ToSlash(name)) {
			t.Errorf("file %s is in no line", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	man, err := emit.LoadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	var cycles int64
	for _, op := range man.Ops {
		cycles += op.Cycles
	}
	for _, text := range []string{fmt.Sprintf("takes %d cycles", cycles),
		fmt.Sprintf("at most %d beats", temporal.BurstBeats),
		fmt.Sprintf("bus %d bits", man.Design.Engine.BusBits), man.Hash} {
		if !strings.Contains(page, text) {
			t.Errorf("it does not say %q", text)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "hls")); (err == nil) != strings.Contains(page, "`hls/`") {
		t.Errorf("hls/: %v, and the page says otherwise", err)
	}
	if man.Part.Family == configs.ECP5 != strings.Contains(page, "make -C syn ecp5") {
		t.Error("the page's tools are not the part's")
	}
}
