package synth

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A module is mapped by the folder's script, under its own name, once for each of its variants; another's name is an
// error that lists those that there are.
func TestMapModule(t *testing.T) {
	dir, bin := digitsFolder(t, "ice40hx8k"), t.TempDir()
	for name, text := range map[string]string{"yosys": `#!/bin/sh
set -e
case $2 in
  */engine.ys) cat "$RECORDED/engine.json" > ../syn/alone/engine.json ;;
  *) cat $2 >> scripts; cat "$RECORDED/stat.json" > yosys_stat.json ;;
esac
`, "engine.json": engineJSON, "stat.json": `{"modules": {"\\vit_ram": {"num_cells_by_type": {"SB_LUT4": 3, "SB_DFF": 2}}}}`} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Setenv("RECORDED", bin)
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	rep, err := MapModule(context.Background(), dir, "vit_ram", Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := ByName(rep.Modules)["vit_ram"]; r.LUT != 6 || r.FF != 4 || rep.Timing != nil {
		t.Errorf("two variants: %+v, timing %v", r, rep.Timing)
	}
	script, err := os.ReadFile(filepath.Join(dir, "syn/alone/scripts"))
	for _, want := range []string{"rename $paramod$1\\vit_ram vit_ram\n", "rename $paramod$2\\vit_ram vit_ram\n",
		"hierarchy -top vit_ram\n", "synth_ice40 -noflatten -dsp -top vit_ram\n", " -o yosys_stat.json "} {
		if err != nil || !strings.Contains(string(script), want) {
			t.Errorf("no %q in %s, %v", want, script, err)
		}
	}
	if strings.Contains(string(script), "read_verilog") || strings.Contains(string(script), "vit_accel_top") {
		t.Errorf("script %s", script)
	}
	if _, err := MapModule(context.Background(), dir, "vit_pe_aray", Options{}, nil); err == nil ||
		!strings.Contains(err.Error(), "expected one of vit_axi_read, vit_ram") {
		t.Errorf("another name: %v", err)
	}
}
