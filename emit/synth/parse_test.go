package synth

import (
	"math"
	"os"
	"strings"
	"testing"

	"vitdse/emit/timing"
	"vitdse/hwmodel"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The totals are those of the "design" section of each file; a 16 x 4 LUT RAM takes 6 LUTs
// and a CCU2C two, as nextpnr counts them.
func TestParseStat(t *testing.T) {
	for _, c := range []struct {
		file              string
		modules, memories int // one module a file of rtl/; buffers, the values' one in 4 copies for 4 channels
		want              hwmodel.Resources
	}{
		{"yosys-0.23.json", 21, 14, hwmodel.Resources{LUT: 13611 + 2*2481 + 6*755, FF: 8751, DSP: 69, BRAM18: 21,
			LUTRAM: 6 * 755}},
		{"yosys-0.70.json", 19, 13, hwmodel.Resources{LUT: 11595 + 2*2341 + 6*418, FF: 7373, DSP: 68, BRAM18: 19,
			LUTRAM: 6 * 418}},
	} {
		t.Run(c.file, func(t *testing.T) {
			modules, err := ParseStat(read(t, c.file), top)
			if err != nil {
				t.Fatalf("%s: %v", c.file, err)
			}
			if got := Total(modules); got != c.want {
				t.Errorf("%s: %+v; expected %+v", c.file, got, c.want)
			}
			byName := map[string]Module{}
			for _, m := range modules {
				byName[m.Name] = m
			}
			if len(modules) != c.modules {
				t.Errorf("%s: %d modules; expected %d", c.file, len(modules), c.modules)
			}
			// The array's 32 products; the others are of the lanes behind it.
			if got := byName["vit_pe_array"].Cells["MULT18X18D"]; got != 32 {
				t.Errorf("%s: %d multipliers in the array; expected 32", c.file, got)
			}
			if got := byName["vit_ram"].Instances; got != c.memories {
				t.Errorf("%s: %d memories; expected %d", c.file, got, c.memories)
			}
		})
	}
}

func TestParseStatFaults(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"", `no "modules"`},
		{`{"modules": {`, "unexpected EOF"},
		{`{"modules": {"\\other": {"num_cells_by_type": {}}}}`, "no module vit_accel_top"},
		{`{"modules": {"\\vit_accel_top": {"num_cells_by_type": {"vit_accel_top": 1}}}}`, "contains itself"},
	} {
		t.Run(c.data, func(t *testing.T) {
			if _, err := ParseStat([]byte(c.data), top); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: error %v; expected %q", c.data, err, c.want)
			}
		})
	}
}

func TestPlainName(t *testing.T) {
	for name, want := range map[string]string{
		`\vit_ram`:                                "vit_ram",
		`$paramod$09f7c01a\vit_ram`:               "vit_ram",
		`$paramod\vit_core\HOST_ADDR_BITS=s32'01`: "vit_core",
		`vit_ram`:                                 "vit_ram",
	} {
		t.Run(name, func(t *testing.T) {
			if got := timing.PlainName(name); got != want {
				t.Errorf("timing.PlainName(%q) is %q; expected %q", name, got, want)
			}
		})
	}
}

// The figures are those of the log that nextpnr wrote beside the report.
func TestParseReport(t *testing.T) {
	r, err := ParseReport(read(t, "nextpnr-0.11.1-seed1.json"))
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.MHz-38.34) > 0.005 || r.AskedMHz != 50 {
		t.Errorf("%g MHz of %g; expected 38.34 of 50", r.MHz, r.AskedMHz)
	}
	for name, want := range map[string]Share{
		"TRELLIS_COMB": {19646, 83640}, "TRELLIS_FF": {8821, 83640}, "MULT18X18D": {69, 156}, "DP16KD": {21, 208},
	} {
		t.Run(name, func(t *testing.T) {
			if got := r.Used[name]; got != want {
				t.Errorf("%s: %v; expected %v", name, got, want)
			}
		})
	}
	logic, routing := r.Split()
	if period := 1000 / r.MHz; math.Abs(logic+routing-period) > 0.01 {
		t.Errorf("the critical path takes %g + %g ns; the period is %g", logic, routing, period)
	}
	if first := r.Path[0]; first.Kind != "clk-to-q" || !strings.Contains(first.Cell, "u_layernorm.state") {
		t.Errorf("the path begins with %+v; expected LayerNorm's state", first)
	}
}

func TestParseReportFaults(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"", "unexpected end"},
		{`{"fmax": {}}`, "0 clocks"},
		{`{"fmax": {"a": {"achieved": 1}, "b": {"achieved": 2}}}`, "2 clocks"},
	} {
		t.Run(c.data, func(t *testing.T) {
			if _, err := ParseReport([]byte(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: error %v; expected %q", c.data, err, c.want)
			}
		})
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte(`{"modules": {"\\vit_accel_top": {"num_cells_by_type": {"LUT4": 1, "$paramod$0\\a": 2}}, "$paramod$0\\a": {"num_cells_by_type": {"FDRE": 3}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = ParseStat(data, top) // no panic, no endless recursion
	})
}
