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
// hand: Vivado's and nextpnr's "Available" columns, see the sources in the files.
func TestBudgets(t *testing.T) {
	want := map[string]Budget{
		"xc7z020":   {LUT: 53200, FF: 106400, DSP: 220, BRAM18: 280, LUTRAM: 17400},
		"xczu9eg":   {LUT: 274080, FF: 548160, DSP: 2520, BRAM18: 1824, LUTRAM: 144000},
		"xck26":     {LUT: 117120, FF: 234240, DSP: 1248, BRAM18: 288, URAM: 64, LUTRAM: 57600},
		"lfe5u-85f": {LUT: 83640, FF: 83640, DSP: 156, BRAM18: 208, LUTRAM: 62730},
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

func TestPartErrors(t *testing.T) {
	for _, c := range []struct{ name, part, old, new, want string }{
		{"family", "xc7z020", "family: xc7", "family: xc8", `p.yaml:5: family: is "xc8"; expected one of xc7, xcup, versal, ecp5, ice40, gowin`},
		{"no source", "xc7z020", "  lut_inputs: UG474 (7 Series CLB)\n", "", "p.yaml:22: sources.lut_inputs: missing; expected where the figure lut_inputs is from"},
		{"source of nothing", "xc7z020", "  lut_inputs: UG474", "  budget.lute: x\n  lut_inputs: UG474", `p.yaml:24: sources.budget.lute: names no figure of a part; did you mean "budget.lut"?`},
		{"share", "xc7z020", "lut: 0.7", "lut: 70", "p.yaml:21: usable.lut: is 70; expected more than 0 and at most 1"},
		{"lutram", "xc7z020", "lutram: 17400", "lutram: 53201", "p.yaml:13: budget.lutram: is 53201; expected 0..53200"},
		{"geometry", "xc7z020", "2048x9", "2048*9", `p.yaml:16: memory.block[3]: is the text "2048*9"; expected depth x width such as 512x36`},
		{"capacity", "xc7z020", "2048x9", "2048x10", "p.yaml:16: memory.block[3]: is 2048x10, 20480 bits; expected at most the 18432 of one block"},
		{"depth", "xc7z020", "2048x9", "2000x9", "p.yaml:16: memory.block[3]: is 2000x9; expected a depth that is a power of two"},
		{"ultra without URAM", "xc7z020", "  lut: {", "  ultra: [4096x72]\n  lut: {", "p.yaml:17: memory.ultra: has a shape; expected none, since budget.uram is 0"},
		{"URAM without ultra", "xck26", "  ultra: [4096x72]\n", "", "p.yaml:15: memory.ultra: is missing; expected a shape, since budget.uram is 64"},
		{"clock", "xc7z020", "clock_mhz: 100", "clock_mhz: 0", "p.yaml:19: clock_mhz: is 0; expected 1..1000 MHz"},
		{"name", "xc7z020", "name: xc7z020", "name: ../x", `p.yaml:2: name: is "../x"; expected 1..128 letters, digits, '.', '_' or '-', not starting with '.' or '-'`},
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
	if err := g.UnmarshalText([]byte("512x36")); err != nil || g != (Geometry{512, 36}) || g.String() != "512x36" || g.Bits() != 18432 {
		t.Errorf("got %v, %v", g, err)
	}
	for _, bad := range []string{"", "512", "x", "512x", "0x36", "-1x1", "512x36x2", "512 x 36", "99999999x1"} {
		if err := g.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was taken for %v", bad, g)
		}
	}
}
