package synth

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

func TestCollect(t *testing.T) {
	dir := digitsFolder(t, "lfe5u-85f")
	if _, err := Collect(dir); err == nil || !strings.Contains(err.Error(), "holds no report") {
		t.Errorf("a folder without reports: %v", err)
	}
	stat := filepath.Join(dir, "syn/yosys_stat.json")
	if err := os.WriteFile(stat, read(t, "yosys-0.23.json"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, stat} {
		got, err := Collect(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].Tool != "Yosys" || got[0].Design.Name != "digits-ecp5" ||
			got[0].Modules["vit_pe_array"].DSP != 32 {
			t.Errorf("%s: %+v", path, got)
		}
	}
	vivado := filepath.Join(dir, "syn/vivado/utilization_hierarchical_synth.rpt")
	if err := os.MkdirAll(filepath.Dir(vivado), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vivado, []byte(vivadoText), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := Collect(dir)
	if err != nil || got[0].Tool != "Vivado" || got[0].Modules["vit_pe_array"].LUT != 700 {
		t.Errorf("%+v, %v", got, err)
	}
	stray := filepath.Join(t.TempDir(), "stat.json")
	if err := os.WriteFile(stray, read(t, "yosys-0.23.json"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Collect(stray); err == nil || !strings.Contains(err.Error(), "is in no emitted folder") {
		t.Errorf("a stray report: %v", err)
	}
}

// A study survives being cut off in the middle of a line, and says where it is broken.
func TestStudyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "study.jsonl")
	add := func(lut int) {
		t.Helper()
		if err := Extend(path, []Measured{{Tool: "Yosys", RTL: temporal.Engine{}.RTL(),
			Modules: map[string]hwmodel.Resources{"m": {LUT: lut}}}}); err != nil {
			t.Fatal(err)
		}
	}
	add(1)
	add(2)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:len(data)-20], 0o644); err != nil {
		t.Fatal(err)
	}
	if list, err := Study(path); err != nil || len(list) != 1 || list[0].Modules["m"].LUT != 1 {
		t.Errorf("half a line at the end: %v, %v", list, err)
	}
	add(3)
	if list, err := Study(path); err != nil || len(list) != 2 || list[1].Modules["m"].LUT != 3 {
		t.Errorf("appended behind half a line: %v, %v", list, err)
	}
	if err := os.WriteFile(path, append([]byte("nonsense\n"), data...), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Study(path); err == nil || !strings.Contains(err.Error(), "study.jsonl:1: not a design") {
		t.Errorf("a broken first line: %v", err)
	}
}
