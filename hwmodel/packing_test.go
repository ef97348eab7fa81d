package hwmodel

import (
	"testing"

	"vitdse/configs"
)

// The packed array against what Yosys 0.23 made of vit_pe_array alone, 2 or 4 tokens x 4
// columns: DSPs and, up to a few, registers as they are, LUTs within a tenth.
func TestPackedArray(t *testing.T) {
	for _, c := range []struct {
		part           string
		packing        configs.Packing
		tm, tk, na, nb int
		acc, group     int
		lut, ff, dsp   int
	}{
		{"xczu9eg", configs.PackDSP48E2, 2, 1, 9, 8, 24, 1, 357, 632, 4},
		{"xczu9eg", configs.PackDSP48E2, 2, 2, 9, 8, 24, 2, 518, 976, 8},
		{"xczu9eg", configs.PackDSP48E2, 2, 4, 9, 8, 24, 4, 1110, 1372, 16},
		{"xczu9eg", configs.PackDSP48E2, 4, 4, 9, 8, 24, 4, 2154, 2600, 32},
		{"xczu9eg", configs.PackDSP48E2, 2, 8, 9, 8, 24, 4, 2104, 2164, 32},
		{"xczu9eg", configs.PackDSP48E2, 2, 4, 8, 6, 22, 4, 1046, 1260, 16},
		{"xc7z020", configs.PackDSP48E1, 2, 1, 9, 8, 24, 1, 341, 440, 4},
		{"xc7z020", configs.PackDSP48E1, 2, 2, 9, 8, 24, 1, 546, 580, 8},
		{"xc7z020", configs.PackDSP48E1, 2, 4, 9, 8, 24, 1, 1010, 592, 16},
	} {
		part, err := configs.LoadPart(c.part)
		if err != nil {
			t.Fatal(err)
		}
		s := &Shape{TM: c.tm, TN: 4, TK: c.tk, VC: 1, ABits: c.na, BBits: c.nb, AccBits: c.acc, ActBits: 8, NumBits: c.na - 1}
		if c.na == 8 {
			s.NumBits = 6
		}
		s.Design.Engine.Packing = c.packing
		got := s.peArray(newFabric(part))
		lut, ff := percent(got.LUT, c.lut), percent(got.FF, c.ff)
		t.Logf("%s TM %d TK %d: LUT %d / %d (%+.1f %%), FF %d / %d (%+.1f %%), DSP %d / %d", c.part, c.tm, c.tk, got.LUT, c.lut, lut, got.FF, c.ff, ff, got.DSP, c.dsp)
		if g := min(s.PackGroup(), c.tk); g != c.group || got.DSP != c.dsp || ff < -2 || ff > 2 || lut < -10 || lut > 10 {
			t.Errorf("%s TM %d TK %d: %+v of groups of %d; Yosys: %d LUT, %d FF, %d DSP of groups of %d", c.part, c.tm, c.tk, got, g, c.lut, c.ff, c.dsp, c.group)
		}
	}
}
