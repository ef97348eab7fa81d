package configs

import (
	"strings"
	"testing"
)

// partFile is a built-in part file, to be spoilt.
func partFile(t *testing.T, name string) string {
	t.Helper()
	data, err := library.ReadFile("parts/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestLibraryIsValid(t *testing.T) {
	for _, name := range Parts() {
		if p, err := LoadPart(name); err != nil || p.Name != name {
			t.Errorf("part %s: name %q, error %v", name, p.Name, err)
		}
	}
	for _, name := range Models() {
		if m, err := LoadModel(name); err != nil || m.Name != name {
			t.Errorf("model %s: name %q, error %v", name, m.Name, err)
		}
	}
}

// The budgets against the totals of the vendors' tools, entered a second time by
// hand: Vivado's and nextpnr's "Available" columns where there are reports, data sheets
// otherwise; see the sources in the files.
func TestBudgets(t *testing.T) {
	want := map[string]Budget{
		"gw2a-18":   {LUT: 20736, FF: 15552, DSP: 48, BRAM18: 46, LUTRAM: 3888},
		"gw2a-55":   {LUT: 54720, FF: 41040, DSP: 40, BRAM18: 140, LUTRAM: 10260},
		"ice40hx8k": {LUT: 7680, FF: 7680, BRAM18: 32},
		"ice40up5k": {LUT: 5280, FF: 5280, DSP: 8, BRAM18: 30},
		"lfe5u-25f": {LUT: 24288, FF: 24288, DSP: 28, BRAM18: 56, LUTRAM: 18216},
		"lfe5u-45f": {LUT: 43848, FF: 43848, DSP: 72, BRAM18: 108, LUTRAM: 32886},
		"lfe5u-85f": {LUT: 83640, FF: 83640, DSP: 156, BRAM18: 208, LUTRAM: 62730},
		"xc7k325t":  {LUT: 203800, FF: 407600, DSP: 840, BRAM18: 890, LUTRAM: 64000},
		"xc7vx690t": {LUT: 433200, FF: 866400, DSP: 3600, BRAM18: 2940, LUTRAM: 174200},
		"xc7z010":   {LUT: 17600, FF: 35200, DSP: 80, BRAM18: 120, LUTRAM: 6000},
		"xc7z020":   {LUT: 53200, FF: 106400, DSP: 220, BRAM18: 280, LUTRAM: 17400},
		"xc7z045":   {LUT: 218600, FF: 437200, DSP: 900, BRAM18: 1090, LUTRAM: 70400},
		"xck26":     {LUT: 117120, FF: 234240, DSP: 1248, BRAM18: 288, URAM: 64, LUTRAM: 57600},
		"xcu200":    {LUT: 1182240, FF: 2364480, DSP: 6840, BRAM18: 4320, URAM: 960, LUTRAM: 591840},
		"xcu250":    {LUT: 1728000, FF: 3456000, DSP: 12288, BRAM18: 5376, URAM: 1280, LUTRAM: 791040},
		"xcu280":    {LUT: 1303680, FF: 2607360, DSP: 9024, BRAM18: 4032, URAM: 960, LUTRAM: 600960},
		"xcu50":     {LUT: 871680, FF: 1743360, DSP: 5952, BRAM18: 2688, URAM: 640, LUTRAM: 402016},
		"xcvc1902":  {LUT: 899840, FF: 1799680, DSP: 1968, BRAM18: 1934, URAM: 463, LUTRAM: 449920},
		"xczu3eg":   {LUT: 70560, FF: 141120, DSP: 360, BRAM18: 432, LUTRAM: 28800},
		"xczu7ev":   {LUT: 230400, FF: 460800, DSP: 1728, BRAM18: 624, URAM: 96, LUTRAM: 101760},
		"xczu9eg":   {LUT: 274080, FF: 548160, DSP: 2520, BRAM18: 1824, LUTRAM: 144000},
	}
	for _, name := range Parts() {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is not entered here", name)
		}
	}
	for name, b := range want {
		if p, err := LoadPart(name); err != nil || p.Budget != b {
			t.Errorf("%s: %+v, %v", name, p.Budget, err)
		}
	}
}

func TestUsable(t *testing.T) {
	p, err := LoadPart("xck26")
	if err != nil {
		t.Fatal(err)
	}
	// 70 % of LUTs, 50 % of FFs, 80 % of the rest, rounded down.
	want := Budget{LUT: 81984, FF: 117120, DSP: 998, BRAM18: 230, URAM: 51, LUTRAM: 40320}
	if got := p.Usable(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The shell's reserve comes off before the usable share: the U50 has 742,560 LUTs of 871,680
// for designs (FINN's platforms.py), 70 % of which may be planned with.
func TestUsableBehindShell(t *testing.T) {
	p, err := LoadPart("xcu50")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Usable(); got.LUT != 742560*7/10 || got.DSP != 5352*8/10 {
		t.Errorf("got %+v", got)
	}
	p.Reserve.LUT = p.Budget.LUT + 1
	wantError(t, p.Validate(), "reserve.lut: is 871681; expected at most budget.lut, 871680")
}

func TestPartErrors(t *testing.T) {
	for _, c := range []struct{ name, part, old, new, want string }{
		{"family", "xc7z020", "family: xc7", "family: xc8",
			`p.yaml:5: family: is "xc8"; expected one of xc7, xcup, versal, ecp5, ice40, gowin`},
		{"no source", "xc7z020", "  lut_inputs: UG474 (7 Series CLB)\n", "",
			"p.yaml:22: sources.lut_inputs: missing; expected where the figure lut_inputs is from"},
		{"source of nothing", "xc7z020", "  lut_inputs: UG474", "  budget.lute: x\n  lut_inputs: UG474",
			`p.yaml:24: sources.budget.lute: names no figure of a part; did you mean "budget.lut"?`},
		{"share", "xc7z020", "lut: 0.7", "lut: 70", "p.yaml:21: usable.lut: is 70; expected more than 0 and at most 1"},
		{"lutram", "xc7z020", "lutram: 17400", "lutram: 53201", "p.yaml:13: budget.lutram: is 53201; expected 0..53200"},
		{"geometry", "xc7z020", "2048x9", "2048*9", `p.yaml:16: memory.block[3]: is the text "2048*9"; expected depth x width such as 512x36`},
		{"capacity", "xc7z020", "2048x9", "2048x10", "p.yaml:16: memory.block[3]: is 2048x10, 20480 bits; " +
			"expected at most the 18432 of one block"},
		{"depth", "xc7z020", "2048x9", "2000x9", "p.yaml:16: memory.block[3]: is 2000x9; " +
			"expected a depth that is a power of two"},
		{"ultra without URAM", "xc7z020", "  lut: {", "  ultra: [4096x72]\n  lut: {",
			"p.yaml:17: memory.ultra: has a shape; expected none, since budget.uram is 0"},
		{"URAM without ultra", "xck26", "  ultra: [4096x72]\n", "",
			"p.yaml:15: memory.ultra: is missing; expected a shape, since budget.uram is 64"},
		{"clock", "xc7z020", "clock_mhz: 100", "clock_mhz: 0", "p.yaml:19: clock_mhz: is 0; expected 1..1000 MHz"},
		{"name", "xc7z020", "name: xc7z020", "name: ../x",
			`p.yaml:2: name: is "../x"; expected 1..128 letters, digits, '.', '_' or '-', not starting with '.' or '-'`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode[Part]("p.yaml", []byte(edit(t, partFile(t, c.part), c.old, c.new)))
			wantError(t, err, c.want)
		})
	}
}

func TestUnknownNames(t *testing.T) {
	_, err := LoadPart("xc7z021")
	wantError(t, err, `unknown part "xc7z021"; did you mean "xc7z020"? There are gw2a-18, gw2a-55, ice40hx8k, ice40up5k, lfe5u-25f, lfe5u-45f, lfe5u-85f, xc7k325t, xc7vx690t, xc7z010, xc7z020, xc7z045, xck26, xcu200, xcu250, xcu280, xcu50, xcvc1902, xczu3eg, xczu7ev, xczu9eg, or give the path of a part file`)
	_, err = LoadModel("resnet")
	wantError(t, err, `unknown model "resnet"; there are deit-base, deit-base-distilled, deit-small, deit-small-distilled, deit-tiny, deit-tiny-distilled, swin-base, swin-small, swin-tiny, vit-b16, vit-b32, vit-l16, vit-s16, vit-t16, or give the path of a model file`)
	_, err = LoadPart("no/such.yaml")
	if err == nil || !strings.Contains(err.Error(), "no/such.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestGeometryText(t *testing.T) {
	var g Geometry
	if err := g.UnmarshalText([]byte("512x36")); err != nil || g != (Geometry{512, 36}) || g.String() != "512x36" ||
		g.Bits() != 18432 {
		t.Errorf("got %v, %v", g, err)
	}
	for _, bad := range []string{"", "512", "x", "512x", "0x36", "-1x1", "512x36x2", "512 x 36", "99999999x1"} {
		if err := g.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was taken for %v", bad, g)
		}
	}
}
