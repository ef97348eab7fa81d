package timing

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
)

// small is a register, a LUT that feeds two others, and a register in a module of its own; the second
// module's output is its input's neighbour, and the library is there as a white box.
const small = `{"modules": {
 "LUT2": {"attributes": {"whitebox": "1"}, "ports": {}, "cells": {"x": {"type": "$not", "connections": {}}}},
 "top": {"attributes": {}, "ports": {},
  "netnames": {"first": {"hide_name": 0, "bits": [3]}},
  "cells": {
   "ff": {"type": "FDRE", "attributes": {"src": "a/top.sv:7.1-9.2|b.v:1.1"}, "port_directions": {"D": "input", "Q": "output", "C": "input"},
    "connections": {"C": [2], "D": [4], "Q": [3]}},
   "l1": {"type": "LUT2", "port_directions": {"I0": "input", "I1": "input", "O": "output"}, "connections": {"I0": [3], "I1": ["1"], "O": [4]}},
   "u_in": {"type": "$paramod$12\\inner", "connections": {"a": [4], "clk": [2]}}}},
 "$paramod$12\\inner": {"attributes": {}, "ports": {"a": {"direction": "input", "bits": [9]}, "clk": {"direction": "input", "bits": [8]}},
  "netnames": {"\\sum": {"hide_name": 0, "bits": [11, 12]}},
  "cells": {
   "l2": {"type": "LUT2", "port_directions": {"I0": "input", "I1": "input", "O": "output"}, "connections": {"I0": [9], "I1": ["0"], "O": [10]}},
   "ff2": {"type": "FDRE", "port_directions": {"D": "input", "Q": "output", "CE": "input", "C": "input"},
    "connections": {"C": [8], "D": [10], "Q": [12], "CE": ["1"]}}}}}}`

func load(t *testing.T, name string) configs.Part {
	t.Helper()
	part, err := configs.LoadPart(name)
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// The path is clock to Q, a net of fan-out 1, a LUT, a net of fan-out 2, a LUT, and set-up: by hand from the
// figures of the 7-series. The last LUT feeds its register alone, in the same slice.
func TestByHand(t *testing.T) {
	rep, err := Analyze(strings.NewReader(small), "top", load(t, "xc7z020"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"kind":   0.456 + 0.41 + 0.124 + 0.44 + 0.124 + 0.06,
		"middle": 0.456 + 0.54 + 0.124 + 0.605 + 0.124 + 0.06,
		"harsh":  0.456 + 0.88 + 0.124 + 0.915 + 0.124 + 0.06,
	}
	for _, m := range rep.Models {
		if math.Abs(m.PeriodNS-want[m.Name]) > 1e-9 {
			t.Errorf("%s: %.4f ns, by hand %.4f", m.Name, m.PeriodNS, want[m.Name])
		}
	}
	p := rep.Models[0].Paths[0]
	got := fmt.Sprintf("%s %s %s -> %s %s, %d LUTs, %d wires, %.3f",
		p.From, p.FromModule, p.FromSource, p.To, p.ToModule, p.LUTs, p.Wires, p.LogicNS)
	if want := "first top top.sv:7 -> u_in.sum inner, 2 LUTs, 2 wires, 0.764"; got != want {
		t.Errorf("worst path %q, expected %q", got, want)
	}
	if n := len(rep.Models[0].Paths); n != 2 {
		t.Errorf("%d paths, expected that and the one back to the first register", n)
	}
}

// Ports that are one net within a module are one outside: both outputs of one register and an input that is led through
// go on, in every run (a netlist that was read in an order of chance once lost either). A constant output does not move.
func TestPortsOfOneNet(t *testing.T) {
	const netlist = `{"modules": {
 "top": {"attributes": {}, "ports": {}, "netnames": {}, "cells": {
   "u_in": {"type": "inner", "connections": {"clk": [2], "a": [3], "q": [4], "twin": [5], "through": [6], "zero": [7]}},
   "from": {"type": "FDRE", "port_directions": {"D": "input", "Q": "output", "C": "input"},
    "connections": {"C": [2], "D": [4], "Q": [3]}},
   "l1": {"type": "LUT1", "port_directions": {"I0": "input", "O": "output"}, "connections": {"I0": [5], "O": [8]}},
   "l2": {"type": "LUT1", "port_directions": {"I0": "input", "O": "output"}, "connections": {"I0": [8], "O": [9]}},
   "ff1": {"type": "FDRE", "port_directions": {"D": "input", "C": "input"}, "connections": {"C": [2], "D": [9]}},
   "l3": {"type": "LUT2", "port_directions": {"I0": "input", "I1": "input", "O": "output"}, "connections": {"I0": [6], "I1": [7], "O": [10]}},
   "ff2": {"type": "FDRE", "port_directions": {"D": "input", "C": "input"}, "connections": {"C": [2], "D": [10]}}}},
 "inner": {"attributes": {}, "ports": {"clk": {"direction": "input", "bits": [2]}, "a": {"direction": "input", "bits": [3]},
   "q": {"direction": "output", "bits": [4]}, "twin": {"direction": "output", "bits": [4]},
   "through": {"direction": "output", "bits": [3]}, "zero": {"direction": "output", "bits": ["0"]}},
  "netnames": {}, "cells": {
   "ff": {"type": "FDRE", "port_directions": {"D": "input", "Q": "output", "C": "input"}, "connections": {"C": [2], "D": [3], "Q": [4]}}}}}}`
	for range 20 {
		rep, err := Analyze(strings.NewReader(netlist), "top", load(t, "xc7z020"))
		if err != nil {
			t.Fatal(err)
		}
		var ways []string
		for _, p := range rep.Models[0].Paths {
			ways = append(ways, fmt.Sprintf("%s > %s %d", p.From, p.To, p.LUTs))
		}
		slices.Sort(ways)
		want := []string{"from > ff2 1", "from > u_in.ff 0", "u_in.ff > ff1 2", "u_in.ff > from 0"}
		if !slices.Equal(ways, want) {
			t.Fatalf("ways %q, expected %q", ways, want)
		}
		// the register's output goes to a register and a LUT, so that its net has two loads
		if got, want := rep.Models[0].PeriodNS, 0.456+0.44+0.124+0.41+0.124+0.06; math.Abs(got-want) > 1e-9 {
			t.Fatalf("%.4f ns, by hand %.4f", got, want)
		}
	}
}

// A module of the design that is a black box is a load of its inputs and otherwise not in any way; a cell that is
// no module of the design is an error.
func TestBlackBox(t *testing.T) {
	with := func(kind string) string {
		return strings.Replace(small, `"u_in": {`, `"u_box": {"type": "`+kind+
			`", "port_directions": {"a": "input", "b": "output"}, "connections": {"a": [3], "b": [20]}}, "u_in": {`, 1)
	}
	rep, err := Analyze(strings.NewReader(with(`$paramod$34\\vit_lanes`)), "top", load(t, "xc7z020"))
	if err != nil {
		t.Fatal(err)
	}
	// the first net feeds two now
	if got, want := rep.Models[0].PeriodNS, 0.456+0.44+0.124+0.44+0.124+0.06; math.Abs(got-want) > 1e-9 {
		t.Errorf("%.4f ns, by hand %.4f", got, want)
	}
	if _, err := Analyze(strings.NewReader(with("OTHER")), "top", load(t, "xc7z020")); err == nil ||
		!strings.Contains(err.Error(), "u_box is a OTHER, of which no delays are known") {
		t.Errorf("error %v", err)
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct{ netlist, part, want string }{
		"no module":    {`{"modules": {}}`, "xc7z020", "no module top"},
		"not JSON":     {`{"modules`, "xc7z020", "yosys netlist"},
		"unknown cell": {strings.ReplaceAll(small, "FDRE", "XDRE"), "xc7z020", "ff is a XDRE"},
		"loop":         {strings.Replace(small, `"I0": [3]`, `"I0": [4]`, 1), "xc7z020", "l1 is in a loop"},
		"no delays":    {small, "lfe5u-85f", "no delays of family ecp5"},
		"itself": {strings.Replace(small, `"l2": {"type": "LUT2"`, `"l2": {"type": "$paramod$12\\inner"`, 1), "xc7z020",
			"contains itself"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Analyze(strings.NewReader(c.netlist), "top", load(t, c.part))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, expected %q", err, c.want)
			}
		})
	}
	part := load(t, "xc7z020")
	part.Device = "xc7z020clg400-9"
	if _, err := Analyze(strings.NewReader(small), "top", part); err == nil ||
		!strings.Contains(err.Error(), "-1, -2, -3") {
		t.Errorf("error %v, expected the known speed grades", err)
	}
}

// A pin and the fan-out of a routed net, and its delay, in public Vivado reports: XC7Z020-1 and XC7A200T-1
// (sha256 cores, a VexiiRiscv SoC), XCZU3EG-1 (small kernels of the Calyx compiler).
var nets = map[configs.Fabric][][2]float64{
	configs.XC7: {{2, .513}, {1, .291}, {2, .447}, {22, .691}, {3, .653}, {137, .604}, {5, .190}, {10, .303},
		{3, .373}, {4, .714},
		{70, 1.030}, {1, .491}, {176, 1.142}, {86, .958}, {1, .524}, {1, .593}, {1, .407}, {5, 1.105}, {4, .972}, {3, .796},
		{4, .615}, {16, .644}, {4, .789}, {2, 1.236}, {7, 1.142}, {2, .831}, {2, .592}, {1, 1.188}, {2, .670},
		{2, .585}, {3, .932}},
	configs.XCUP: {{5, .297}, {1, .111}, {127, .296}, {2, .227}, {44, .237}, {3, .344}, {11, .489}, {1, .244},
		{30, .789}, {113, .843},
		{94, .526}, {2, .267}, {23, .405}, {8, .341}, {2, .186}, {1, .321}, {70, .240}, {1, .463}, {2, .354},
		{1, .227}, {96, .504},
		{1, .278}, {2, .210}, {1, .324}, {3, .373}, {33, .583}, {73, .272}, {16, .145}, {1, .207}, {77, .462},
		{2, .223}, {23, .261},
		{8, .346}, {2, .251}, {50, .340}, {2, .297}, {1, .170}, {88, .703}, {1, .268}, {5, .275}, {127, .314}, {2, .192}},
}

// The three models have a fifth, a half and four fifths of the published nets below them.
func TestWires(t *testing.T) {
	for family, list := range nets {
		for i, share := range []float64{0.2, 0.5, 0.8} {
			w := families[family].wires[i]
			below := 0
			for _, n := range list {
				if n[1] < w.Net(int(n[0])) {
					below++
				}
			}
			if got := float64(below) / float64(len(list)); math.Abs(got-share) > 0.06 {
				t.Errorf("%s %s: %.2f of %d published nets are faster, expected %.1f", family, w.Name, got, len(list), share)
			}
		}
	}
}

// picorv32's README has the clock that Vivado 2015.1 reached on an Artix-7, whose fabric the XC7Z020 has too,
// in each speed grade. Nothing here was fitted to it. Mapped with Yosys, the kind model must come
// out below it, as Vivado maps better, and by no more than a sixth.
func TestPicorv32(t *testing.T) {
	published := map[string]float64{"1": 1000 / 4.2, "2": 1000 / 3.5, "3": 1000 / 3.2}
	out, err := exec.Command("python3", "-c", "import pythondata_cpu_picorv32 as p; print(p.data_location)").Output()
	if err != nil {
		t.Fatalf("pythondata-cpu-picorv32 is missing: %v; run make setup-test, and have out/py/bin in PATH", err)
	}
	rtl := strings.TrimSpace(string(out))
	netlist := filepath.Join(t.TempDir(), "picorv32.json")
	script := fmt.Sprintf("read_verilog %[1]s/picorv32.v %[1]s/scripts/vivado/tabtest.v; "+
		"synth_xilinx -flatten -noiopad -noclkbuf -family xc7 -top top; write_json %s", rtl, netlist)
	if out, err := exec.Command("yosys", "-q", "-p", script).CombinedOutput(); err != nil {
		t.Fatalf("yosys: %v\n%s", err, out)
	}
	for _, speed := range []string{"1", "2", "3"} {
		f, err := os.Open(netlist)
		if err != nil {
			t.Fatal(err)
		}
		part := load(t, "xc7z020")
		part.Device = "xc7z020clg400-" + speed
		rep, err := Analyze(f, "top", part)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("-%s: Vivado %.0f MHz;", speed, published[speed])
		for _, m := range rep.Models {
			line += fmt.Sprintf(" %s %.0f", m.Name, m.MHz())
		}
		t.Log(line)
		if kind := rep.Models[0].MHz() / published[speed]; kind < 5.0/6 || kind > 1 {
			t.Errorf("grade -%s: the kind model has %.2f of the published clock", speed, kind)
		}
	}
}

// summary has the parts of a report_timing_summary that are read, in Vivado's layout.
const summary = `Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.
-----------------------------------------------------------------------------------------
| Tool Version      : Vivado v.2023.2 (lin64) Build 4029153 Fri Oct 13 20:13:54 MDT 2023
| Design            : vit_accel_top
| Device            : 7z020-clg400
| Speed File        : -1  PRODUCTION 1.12 2019-11-22
| Design State      : Routed
-----------------------------------------------------------------------------------------

------------------------------------------------------------------------------------------------
| Design Timing Summary
| ---------------------
------------------------------------------------------------------------------------------------

    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)
    -------      -------  ---------------------  -------------------      -------
     -0.345       -1.190                      5                23117        0.031


------------------------------------------------------------------------------------------------
| Clock Summary
| -------------
------------------------------------------------------------------------------------------------

Clock  Waveform(ns)         Period(ns)      Frequency(MHz)
-----  ------------         ----------      --------------
aclk   {0.000 5.000}        10.000          100.000
`

// 10 ns that are missed by 0.345: 96.7 MHz.
func TestParseVivado(t *testing.T) {
	r, err := ParseVivado([]byte(summary))
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.MHz-1000/10.345) > 1e-9 || r.State != "Routed" ||
		r.Device != "7z020-clg400 -1  PRODUCTION 1.12 2019-11-22" {
		t.Errorf("%+v", r)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"no slack":   {"WNS(ns)", "XNS(ns)", "no WNS"},
		"no clock":   {"Period(ns)", "Time(ns)", "no period"},
		"no state":   {"Design State", "State", "no Design State"},
		"impossible": {"-0.345", "10.345", "leaves no path"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseVivado([]byte(strings.Replace(summary, c.old, c.new, 1))); err == nil ||
				!strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, expected %q", err, c.want)
			}
		})
	}
}
