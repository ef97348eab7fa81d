package temporal

import (
	"fmt"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
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
		{"xczu9eg", configs.PackDSP48E2, 2, 2, 9, 8, 24, 1, 2, 387, 744, 8},
		{"xczu9eg", configs.PackDSP48E2, 2, 4, 9, 8, 24, 1, 4, 505, 828, 16},
		{"xczu9eg", configs.PackDSP48E2, 4, 4, 9, 8, 24, 1, 4, 881, 1462, 32},
		{"xczu9eg", configs.PackDSP48E2, 2, 8, 9, 8, 24, 1, 4, 875, 1066, 32},
		{"xczu9eg", configs.PackDSP48E2, 2, 16, 9, 8, 26, 1, 4, 1703, 1574, 64},
		{"xczu9eg", configs.PackDSP48E2, 2, 4, 8, 6, 22, 1, 4, 445, 726, 16},
		{"xczu9eg", configs.PackDSP48E2, 2, 8, 8, 6, 22, 1, 4, 755, 918, 32},
		{"xczu9eg", configs.PackDSP48E2, 2, 1, 5, 4, 20, 2, 1, 305, 475, 2},
		{"xczu9eg", configs.PackDSP48E2, 2, 2, 5, 4, 20, 2, 2, 327, 538, 4},
		{"xczu9eg", configs.PackDSP48E2, 2, 4, 5, 4, 20, 2, 4, 393, 620, 8},
		{"xczu9eg", configs.PackDSP48E2, 4, 4, 5, 4, 20, 2, 4, 713, 1126, 16},
		{"xczu9eg", configs.PackDSP48E2, 2, 8, 5, 4, 20, 2, 4, 635, 782, 16},
		{"xczu9eg", configs.PackDSP48E2, 2, 8, 4, 4, 18, 2, 4, 585, 718, 16},
		{"xczu9eg", configs.PackDSP48E2, 2, 4, 5, 5, 20, 2, 1, 901, 886, 8},
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
		t.Run(c.part, func(t *testing.T) {
			part, err := configs.LoadPart(c.part)
			if err != nil {
				t.Fatal(err)
			}
			s := &Shape{TM: c.tm, TN: 4, TK: c.tk, VC: 1, ABits: c.na, BBits: c.nb, AccBits: c.acc, CodeBits: min(c.na, 8),
				NumBits: c.na - 1}
			switch {
			case c.na == 8:
				s.NumBits = 6
			case c.tokens == 2:
				s.CodeBits = 4
				if c.nb == 5 {
					s.CodeBits = 5
				}
			}
			s.Design.Engine.Packing = c.packing
			got := s.peArray(newFabric(part))
			if p := s.Packed(); p.Cascade {
				got = got.Add(s.cascades(p)).Add(s.packedDSPs(p))
			}
			lut, ff := percent(got.LUT, c.lut), percent(got.FF, c.ff)
			t.Logf("%s TM %d TK %d: LUT %d / %d (%+.1f %%), FF %d / %d (%+.1f %%), DSP %d / %d",
				c.part, c.tm, c.tk, got.LUT, c.lut, lut, got.FF, c.ff, ff, got.DSP, c.dsp)
			if p := s.Packed(); p.Tokens != c.tokens || p.Group != c.group || got.DSP != c.dsp || ff < -2 || ff > 2 ||
				lut < -7 || lut > 7 {
				t.Errorf("%s TM %d TK %d: %+v, %+v; Yosys: %d LUT, %d FF, %d DSP of %d tokens, groups of %d",
					c.part, c.tm, c.tk, got, p, c.lut, c.ff, c.dsp, c.tokens, c.group)
			}
		})
	}
}

// Arrays whose products are summed by a tree of carry chains, against what Yosys 0.23 made of
// vit_pe_array alone, 2 tokens x 2 columns.
func TestTreeArray(t *testing.T) {
	_, part := load(t, "deit-tiny", "xczu9eg")
	for _, c := range []struct {
		tk, na, nb, acc int
		lut, ff         int
	}{
		{2, 9, 8, 24, 541, 524}, {4, 9, 8, 24, 1009, 732}, {8, 9, 8, 24, 1937, 1144},
		{8, 5, 4, 22, 805, 708}, {16, 5, 4, 22, 1525, 1144},
	} {
		t.Run(fmt.Sprint(c.tk, c.na, c.nb), func(t *testing.T) {
			s := &Shape{TM: 2, TN: 2, TK: c.tk, VC: 1, ABits: c.na, BBits: c.nb, AccBits: c.acc, booth: true}
			s.Design.Engine.Multiplier, s.Design.Engine.Packing = configs.MulLUT, configs.PackDSP48E1 // of the other part
			got := s.peArray(newFabric(part))
			lut, ff := percent(got.LUT, c.lut), percent(got.FF, c.ff)
			t.Logf("TK %d: LUT %d / %d (%+.1f %%), FF %d / %d (%+.1f %%)", c.tk, got.LUT, c.lut, lut, got.FF, c.ff, ff)
			if max(lut, -lut) > 2 || max(ff, -ff) > 1 {
				t.Errorf("TK %d: %+v; Yosys: %d LUT, %d FF", c.tk, got, c.lut, c.ff)
			}
		})
	}
}

// Arrays whose products are summed in cascades of DSPs, against what Yosys 0.23 made of vit_pe_array alone (vitdse
// synth
// --module vit_pe_array), a token and as many columns as products, W8A8: on both families alike.
func TestCascadeArray(t *testing.T) {
	for _, c := range []struct{ tk, lut, ff, skewLUT, skewFF int }{
		{4, 179, 226, 0, 82}, {8, 375, 422, 146, 438},
	} {
		t.Run(fmt.Sprint(c.tk, c.lut, c.ff), func(t *testing.T) {
			for _, name := range []string{"xc7z020", "xczu9eg"} {
				_, part := load(t, "deit-tiny", name)
				s := &Shape{TM: 1, TN: c.tk, TK: c.tk, VC: 1, ABits: 9, BBits: 8, AccBits: 24}
				s.Design.Engine.Multiplier, s.Design.Engine.Packing = configs.MulDSP, configs.PackNone
				f := newFabric(part)
				got, skew := s.peArray(f), s.productCascades(f)
				if lut := percent(got.LUT, c.lut); got.FF != c.ff || max(lut, -lut) > 2 || got.DSP != 0 || skew.LUT != c.skewLUT ||
					skew.FF != c.skewFF {
					t.Errorf("%s TK %d: %+v and %+v; Yosys: %+v", name, c.tk, got, skew, c)
				}
			}
		})
	}
}

// What Yosys 0.23 made of Booth products alone, and of the two modules of mixed arrays
// in whole engines for the digits network at 8 bits.
func TestMixedArray(t *testing.T) {
	for _, c := range [][3]int{{8, 8, 36}, {4, 4, 10}, {9, 8, 40}, {9, 12, 60}, {5, 7, 23}, {3, 3, 7},
		{9, 4, 20}, {8, 2, 9}} {
		if got := boothProduct(c[0], c[1]); got != c[2] {
			t.Errorf("%d x %d bits: %d LUTs; Yosys: %d", c[0], c[1], got, c[2])
		}
	}
	for _, c := range []struct {
		part            string
		tm, tn, tk, vc  int
		packing         configs.Packing
		columns         int
		lut, ff, dsp    int // both arrays
		joinLUT, joinFF int
	}{
		{"xczu9eg", 4, 16, 4, 2, configs.PackDSP48E2, 4, 6446, 6764, 0, 201, 4},
		{"xc7z020", 4, 16, 2, 1, configs.PackDSP48E1, 6, 6266, 5396, 40, 111, 5},
	} {
		t.Run(c.part, func(t *testing.T) {
			m, part := load(t, "../../configs/digits/model.yaml", c.part)
			d := configs.Design{Numerics: configs.Uniform(m, 8, 8),
				Engine: configs.Engine{TM: c.tm, TN: c.tn, TK: c.tk, VectorColumns: c.vc,
					Multiplier: configs.MulDSP, Packing: c.packing, LUTColumns: c.columns, BusBits: 128, ReadFIFO: 64, WeightBuffers: 2,
					Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}
			s, err := NewShape(network.MustCompile(m), d)
			if err != nil {
				t.Fatal(err)
			}
			l := ledger{list: []hwmodel.Module{}}
			s.logic(&l, newFabric(part))
			want := map[string]hwmodel.Resources{"vit_pe_array": {LUT: c.lut, FF: c.ff, DSP: c.dsp},
				"vit_mixed_array": {LUT: c.joinLUT, FF: c.joinFF}}
			for _, m := range l.list {
				w, ours := want[m.Name]
				if !ours {
					continue
				}
				delete(want, m.Name)
				lut, ff := percent(m.LUT, w.LUT), percent(m.FF, w.FF)
				t.Logf("%s %s: LUT %d / %d (%+.1f %%), FF %d / %d (%+.1f %%), DSP %d / %d",
					c.part, m.Name, m.LUT, w.LUT, lut, m.FF, w.FF, ff, m.DSP, w.DSP)
				if m.DSP != w.DSP || max(lut, -lut) > 8 || max(ff, -ff) > 3 {
					t.Errorf("%s %s: %+v; Yosys: %+v", c.part, m.Name, m.Resources, w)
				}
			}
			if len(want) > 0 {
				t.Errorf("%s: no %v", c.part, want)
			}
		})
	}
}

// How many products a field of a DSP takes is as many as leave it, summed, whatever the operands are: held against
// the corners of all operands, for every width of a code, a numerator, a weight and a field.
func TestPackGroup(t *testing.T) {
	cases := 0
	for act := 2; act <= 8; act++ {
		for num := 2; num <= 8; num++ {
			for b := 2; b <= 12; b++ {
				for bits := 0; bits <= 24; bits++ {
					for _, between := range []bool{false, true} {
						s := &Shape{TK: 16, CodeBits: act, NumBits: num, BBits: b}
						low, high := 0, 0
						for _, x := range []int{-1 << (act - 1), 1<<(act-1) - 1, 0, 1<<num - 1} {
							for _, w := range []int{-1 << (b - 1), 1<<(b-1) - 1} {
								low, high = min(low, x*w), max(high, x*w)
							}
						}
						want := 0
						for _, n := range []int{1, 2, 4} {
							least := -1 << max(0, bits-1)
							if between {
								least++ // what the fields below borrow
							}
							if bits > 0 && n*high <= 1<<(bits-1)-1 && n*low >= least {
								want = n
							}
						}
						if got := s.packGroup(bits, between); got != want {
							t.Fatalf("codes of %d, numerators of %d, weights of %d bits in a field of %d, between %v: %d products, "+
								"expected %d", act, num, b, bits, between, got, want)
						}
						cases++
					}
				}
			}
		}
	}
	if cases < 25_000 {
		t.Errorf("%d cases", cases)
	}
}
