package hwmodel

import (
	"testing"

	"vitdse/configs"
)

// The packed array against what Yosys 0.23 made of vit_pe_array alone, 2 or 4 tokens x 4
// columns with two and four products a DSP: DSPs and, up to a few, registers as they are, LUTs within 7 %.
func TestPackedArray(t *testing.T) {
	for _, c := range []struct {
		part           string
		packing        configs.Packing
		tm, tk, na, nb int
		acc            int
		tokens, group  int
		lut, ff, dsp   int
	}{
		{"xczu9eg", configs.PackDSP48E2, 2, 1, 9, 8, 24, 1, 1, 362, 632, 4},
		{"xczu9eg", configs.PackDSP48E2, 2, 2, 9, 8, 24, 1, 2, 525, 976, 8},
		{"xczu9eg", configs.PackDSP48E2, 2, 4, 9, 8, 24, 1, 4, 845, 1372, 16},
		{"xczu9eg", configs.PackDSP48E2, 4, 4, 9, 8, 24, 1, 4, 1617, 2600, 32},
		{"xczu9eg", configs.PackDSP48E2, 2, 8, 9, 8, 24, 1, 4, 1565, 2164, 32},
		{"xczu9eg", configs.PackDSP48E2, 2, 16, 9, 8, 26, 1, 4, 3093, 3780, 64},
		{"xczu9eg", configs.PackDSP48E2, 2, 4, 8, 6, 22, 1, 4, 789, 1260, 16},
		{"xczu9eg", configs.PackDSP48E2, 2, 8, 8, 6, 22, 1, 4, 1453, 1996, 32},
		{"xczu9eg", configs.PackDSP48E2, 2, 1, 5, 4, 20, 2, 1, 305, 475, 2},
		{"xczu9eg", configs.PackDSP48E2, 2, 2, 5, 4, 20, 2, 2, 407, 678, 4},
		{"xczu9eg", configs.PackDSP48E2, 2, 4, 5, 4, 20, 2, 4, 605, 916, 8},
		{"xczu9eg", configs.PackDSP48E2, 4, 4, 5, 4, 20, 2, 4, 1169, 1752, 16},
		{"xczu9eg", configs.PackDSP48E2, 2, 8, 5, 4, 20, 2, 4, 1069, 1384, 16},
		{"xczu9eg", configs.PackDSP48E2, 2, 8, 4, 4, 18, 2, 4, 1013, 1308, 16},
		{"xczu9eg", configs.PackDSP48E2, 2, 4, 5, 5, 20, 2, 1, 771, 924, 8},
		{"xc7z020", configs.PackDSP48E1, 2, 1, 9, 8, 24, 1, 1, 346, 440, 4},
		{"xc7z020", configs.PackDSP48E1, 2, 2, 9, 8, 24, 1, 1, 553, 580, 8},
		{"xc7z020", configs.PackDSP48E1, 2, 4, 9, 8, 24, 1, 1, 1017, 592, 16},
		{"xc7z020", configs.PackDSP48E1, 2, 8, 9, 8, 24, 1, 1, 1857, 600, 32},
		{"xc7z020", configs.PackDSP48E1, 2, 4, 8, 6, 22, 1, 4, 453, 532, 16},
		{"xc7z020", configs.PackDSP48E1, 2, 8, 8, 6, 22, 1, 4, 781, 540, 32},
		{"xc7z020", configs.PackDSP48E1, 2, 1, 5, 4, 20, 2, 1, 297, 368, 2},
		{"xc7z020", configs.PackDSP48E1, 2, 2, 5, 4, 20, 2, 2, 305, 448, 4},
		{"xc7z020", configs.PackDSP48E1, 2, 4, 5, 4, 20, 2, 4, 395, 454, 8},
		{"xc7z020", configs.PackDSP48E1, 4, 4, 5, 4, 20, 2, 4, 781, 900, 16},
		{"xc7z020", configs.PackDSP48E1, 2, 8, 5, 4, 20, 2, 4, 639, 462, 16},
		{"xc7z020", configs.PackDSP48E1, 2, 16, 5, 4, 20, 2, 4, 1117, 472, 32},
	} {
		part, err := configs.LoadPart(c.part)
		if err != nil {
			t.Fatal(err)
		}
		s := &Shape{TM: c.tm, TN: 4, TK: c.tk, VC: 1, ABits: c.na, BBits: c.nb, AccBits: c.acc, ActBits: min(c.na, 8), NumBits: c.na - 1}
		switch {
		case c.na == 8:
			s.NumBits = 6
		case c.tokens == 2:
			s.ActBits = 4
			if c.nb == 5 {
				s.ActBits = 5
			}
		}
		s.Design.Engine.Packing = c.packing
		got := s.peArray(newFabric(part))
		lut, ff := percent(got.LUT, c.lut), percent(got.FF, c.ff)
		t.Logf("%s TM %d TK %d: LUT %d / %d (%+.1f %%), FF %d / %d (%+.1f %%), DSP %d / %d", c.part, c.tm, c.tk, got.LUT, c.lut, lut, got.FF, c.ff, ff, got.DSP, c.dsp)
		if p := s.Packed(); p.Tokens != c.tokens || p.Group != c.group || got.DSP != c.dsp || ff < -2 || ff > 2 || lut < -7 || lut > 7 {
			t.Errorf("%s TM %d TK %d: %+v, %+v; Yosys: %d LUT, %d FF, %d DSP of %d tokens, groups of %d", c.part, c.tm, c.tk, got, p, c.lut, c.ff, c.dsp, c.tokens, c.group)
		}
	}
}
