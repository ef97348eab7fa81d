package verify

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/hwmodel/temporal"
)

// unitBench is a simulation of a few modules alone, in Icarus: against arithmetic, with operands that a whole network
// does not come to, or of the text that only synthesis reads.
type unitBench struct {
	name      string
	family    configs.Fabric // of the part that the modules are emitted for
	synthesis bool
	holds     []string // modules whose mutants it is asked about
	modules   []string // and those that it needs besides
	values    map[string]int
	packing   configs.Packing
	packed    temporal.Packed // as hwmodel/temporal has to choose
	dsp48e1   bool            // Yosys' model of it stands for the DSP48E2
}

// unitParts are parts of each family.
var unitParts = map[configs.Fabric]string{configs.XCUP: "xczu9eg", configs.XC7: "xc7z020", configs.ECP5: "lfe5u-85f"}

// unitBenches are all there are, each with the sizes that it is run with.
func unitBenches() []unitBench {
	var list []unitBench
	for _, v := range []map[string]int{{"ACC_BITS_": 28, "OUT_BITS_": 18, "MIN_SHIFT_": 8, "SHIFT_RANGE_BITS_": 4}, {"ACC_BITS_": 20, "OUT_BITS_": 16, "MIN_SHIFT_": 1, "SHIFT_RANGE_BITS_": 5}} {
		list = append(list, unitBench{name: "requantize", family: configs.XCUP, holds: []string{"vit_requantize.sv"}, modules: []string{"vit_multiply.sv"}, values: v})
	}
	for _, c := range []int{16, 24, 20} { // an odd part of 1, 3 and 5
		list = append(list, unitBench{name: "rsqrt", family: configs.XCUP, holds: []string{"vit_rsqrt.sv"}, modules: []string{"vit_square.sv"},
			values: map[string]int{"CHANNELS_": c, "SUM_BITS_": 26, "SQUARE_SUM_BITS_": 53}})
	}
	for _, family := range []configs.Fabric{configs.ECP5, configs.XC7, configs.XCUP} {
		for _, w := range [][2]int{{16, 16}, {18, 16}, {19, 18}, {23, 18}, {26, 17}, {28, 18}, {34, 18}} {
			b := unitBench{name: "products", family: family, synthesis: true, holds: []string{"vit_multiply.sv", "vit_square.sv"},
				values: map[string]int{"A_BITS_": w[0], "B_BITS_": w[1]}}
			if family == configs.ECP5 {
				b.holds = append(b.holds, "vit_mult18.sv")
			}
			list = append(list, b)
		}
	}
	list = append(list, unitBench{name: "products", family: configs.XCUP, holds: []string{"vit_multiply.sv", "vit_square.sv"}, values: map[string]int{"A_BITS_": 23, "B_BITS_": 18}})
	return append(list, arrayBenches()...)
}

// arrayBenches are of the PE array, as a simulator reads it and as synthesis does: packed products at the widths where a
// field is as full as it gets, products by name and of LUTs, sums in trees and in cascades of DSP blocks.
func arrayBenches() []unitBench {
	var list []unitBench
	add := func(family configs.Fabric, synthesis, booth bool, packing configs.Packing, packed temporal.Packed,
		late, tm, tk, ab, pb, nb int) {
		b := unitBench{name: "array", family: family, synthesis: synthesis, holds: []string{"vit_pe_array.sv"}, packing: packing, packed: packed, values: map[string]int{
			"TM_": tm, "TN_": 2, "TK_": tk, "A_BITS_": max(ab, pb+1), "B_BITS_": nb, "CODE_BITS_": ab, "NUMERATOR_BITS_": pb, "PACK_PRODUCTS_": packed.Products(), "PACK_SHIFT_": max(1, packed.Shift),
			"PACK_GROUP_": max(1, packed.Group), "CASCADE_": 0, "EXTRA_CYCLES_": late, "BOOTH_": 0, "SUM_STEP_": 0}}
		if packed.Cascade {
			b.values["CASCADE_"] = 1
		}
		if packed.Cascade && synthesis {
			b.holds = append(b.holds, "vit_packed_cascades.sv", "vit_dsp_cascade.sv")
		}
		if booth {
			b.values["BOOTH_"] = 1
		}
		if family == configs.ECP5 {
			b.modules = append(b.modules, "vit_mult18.sv")
		}
		list = append(list, b)
	}
	for _, w := range [][4]int{{1, 8, 8, 0}, {4, 9, 12, 1}, {8, 8, 5, 3}, {2, 4, 4, 0}, {4, 4, 3, 1}} { // tk, bits, late
		add(configs.ECP5, true, false, configs.PackNone, temporal.Packed{}, w[3], 2, w[0], w[1], w[1]-1, w[2])
	}
	// Sums in cascades of DSPs, with registers every so many products.
	for _, family := range []configs.Fabric{configs.XC7, configs.XCUP} {
		for _, c := range [][6]int{{2, 2, 0, 8, 8, 7}, {4, 2, 1, 9, 12, 8}, {8, 2, 3, 5, 4, 4}, {8, 4, 4, 8, 8, 7}, {4, 4, 0, 7, 5, 7}} { // tk, step, late, bits
			add(family, true, false, configs.PackNone, temporal.Packed{}, c[2], 2, c[0], c[3], c[5], c[4])
			b := &list[len(list)-1]
			b.holds, b.values["SUM_STEP_"] = append(b.holds, "vit_product_cascades.sv", "vit_dsp_cascade.sv"), c[1]
		}
	}
	for _, c := range []struct {
		packing    configs.Packing
		tm, tk     int
		ab, pb, nb int // activation codes, numerators, weights
		late       int
		packed     temporal.Packed
	}{
		{configs.PackDSP48E2, 1, 4, 8, 8, 8, 5, temporal.Packed{Tokens: 1, Shift: 18, Group: 4, Cascade: true}},
		{configs.PackDSP48E2, 2, 2, 8, 8, 8, 3, temporal.Packed{Tokens: 1, Shift: 18, Group: 2, Cascade: true}},
		{configs.PackDSP48E2, 2, 2, 8, 8, 8, 5, temporal.Packed{Tokens: 1, Shift: 18, Group: 2, Cascade: true}},
		{configs.PackDSP48E1, 1, 4, 8, 8, 8, 0, temporal.Packed{Tokens: 1, Shift: 16, Group: 1}},
		{configs.PackDSP48E2, 1, 1, 4, 4, 4, 5, temporal.Packed{Tokens: 1, Shift: 22, Group: 1}},
		{configs.PackDSP48E2, 2, 1, 4, 4, 4, 0, temporal.Packed{Tokens: 2, Shift: 11, Group: 1}},
		{configs.PackDSP48E2, 2, 8, 4, 3, 4, 5, temporal.Packed{Tokens: 2, Shift: 11, Group: 4, Cascade: true}},
		{configs.PackDSP48E1, 2, 4, 4, 4, 4, 0, temporal.Packed{Tokens: 2, Shift: 10, Group: 4}},
		{configs.PackDSP48E2, 2, 2, 5, 4, 5, 0, temporal.Packed{Tokens: 2, Shift: 10, Group: 1}},
		{configs.PackNone, 2, 2, 8, 7, 8, 0, temporal.Packed{}},
		{configs.PackNone, 2, 1, 8, 7, 8, 0, temporal.Packed{}},
	} {
		for _, synthesis := range []bool{false, true} {
			add(configs.XCUP, synthesis, false, c.packing, c.packed, c.late, c.tm, c.tk, c.ab, c.pb, c.nb)
		}
	}
	// The cascades with another's model of the DSP.
	for _, c := range [][4]int{{2, 4, 10, 4}, {1, 8, 18, 6}} { // tokens, bits of codes, shift, bits of the others
		add(configs.XCUP, true, false, configs.PackDSP48E1, temporal.Packed{Tokens: c[0], Shift: c[2], Group: 4},
			5, c[0], 4, c[1], c[3], c[3])
		list[len(list)-1].values["CASCADE_"], list[len(list)-1].dsp48e1 = 1, true
		list[len(list)-1].modules = []string{"vit_packed_cascades.sv", "vit_dsp_cascade.sv"}
	}
	for _, c := range [][6]int{{1, 1, 8, 8, 8, 0}, {1, 1, 8, 6, 9, 0}, {2, 2, 4, 4, 3, 0}, {1, 1, 8, 8, 12, 0}, {1, 4, 3, 2, 2, 5}, {1, 8, 8, 7, 4, 0}, {1, 16, 4, 3, 2, 0},
		{1, 1, 8, 8, 8, 1}, {2, 2, 8, 8, 8, 3}, {1, 4, 8, 7, 7, 5}, {2, 2, 5, 4, 9, 3}, {1, 2, 4, 4, 3, 3}, {2, 1, 8, 8, 12, 2}} {
		add(configs.XCUP, true, true, configs.PackNone, temporal.Packed{}, c[5], c[0], c[1], c[2], c[3], c[4])
	}
	return list
}

// unitSources are all modules of a PE array, of products and of vector units, as they are emitted for a family.
func unitSources(t *testing.T, family configs.Fabric) map[string]string {
	t.Helper()
	m, e := tinyModel(), engine(2, 4, 4)
	packings := []configs.Packing{configs.PackNone}
	if family == configs.XCUP {
		packings = append(packings, configs.PackDSP48E2)
	}
	sources := map[string]string{}
	for _, e.Packing = range packings {
		dir, err := writeSeeded(t, m, configs.Design{Name: "array", Model: m.Name, Part: unitParts[family], ClockMHz: 100, Numerics: configs.Uniform(m, 8, 8), Engine: e}, 1)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(sources, rtlSources(t, dir))
	}
	return sources
}

// rtlSources are the texts of a folder's modules and tables by name.
func rtlSources(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "rtl/*"))
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources[filepath.Base(path)] = string(text)
	}
	return sources
}

// build compiles the bench with these sources into a program for vvp.
func (b unitBench) build(t *testing.T, sources map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	var replace []string
	for name, v := range b.values {
		replace = append(replace, name, fmt.Sprint(v))
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	text := strings.NewReplacer(replace...).Replace(read("bench_" + b.name + ".v"))
	args := []string{"-g2012", "-o", "bench.vvp"}
	if b.synthesis {
		args = append(args, "-DSYNTHESIS")
		switch {
		case b.family == configs.ECP5:
			text += read("mult18x18d.v")
		case b.family == configs.XC7:
			text += yosysDSP48E1(t)
		case b.dsp48e1:
			text += dsp48e1 + yosysDSP48E1(t)
		default:
			text += dsp48e2
		}
	}
	for _, name := range slices.Concat(b.holds, b.modules) {
		if strings.Contains(sources[name], "MAX_WIDEN") {
			args = append(args, "-DWINDOWED")
		}
		text += sources[name]
	}
	for name, text := range map[string]string{"bench.sv": text, "rsqrt.mem": sources["rsqrt.mem"]} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("iverilog", append(args, "bench.sv")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", b.name, b.values, err, out)
	}
	return filepath.Join(dir, "bench.vvp")
}

// verdict is what a bench says of a mutant; nil if it sees nothing.
func (b unitBench) verdict(program string, id int) error {
	cmd := exec.Command("vvp", "-n", "bench.vvp", fmt.Sprintf("+mutant=%d", id))
	cmd.Dir = filepath.Dir(program)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "PASS") {
		return fmt.Errorf("%s of %s: %s", b.name, b.family, strings.SplitN(string(out), "\n", 2)[0])
	}
	return nil
}

// TestUnits holds modules alone against arithmetic: what a network does not come to, and what only synthesis reads.
func TestUnits(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates modules; run without -short")
	}
	sources := map[configs.Fabric]map[string]string{}
	for family := range unitParts {
		sources[family] = unitSources(t, family)
	}
	m, design := mutantDesigns[designsOfCI-1].pair(t)
	windowed := rtlSources(t, emitRandom(t, m, design, 1, 1))
	for i, b := range unitBenches() {
		t.Run(fmt.Sprintf("%s%d", b.name, i), func(t *testing.T) {
			t.Parallel()
			if b.name == "array" && b.family == configs.XCUP {
				v := b.values
				s := temporal.Shape{TM: v["TM_"], TK: v["TK_"], ABits: v["A_BITS_"], BBits: v["B_BITS_"],
					CodeBits: v["CODE_BITS_"], NumBits: v["NUMERATOR_BITS_"]}
				s.Design.Engine.Packing = b.packing
				if got := s.Packed(); got != b.packed {
					t.Errorf("%v: packed %+v; expected %+v", v, got, b.packed)
				}
			}
			if err := b.verdict(b.build(t, sources[b.family]), 0); err != nil {
				t.Errorf("%v: %v", b.values, err)
			}
			if b.name == "rsqrt" {
				if err := b.verdict(b.build(t, windowed), 0); err != nil {
					t.Errorf("with windows, %v: %v", b.values, err)
				}
			}
		})
	}
}
