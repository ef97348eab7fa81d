package synth

import (
	"strings"
	"testing"

	"vitdse/hwmodel"
)

// The layout is that of Vivado's text reports; the numbers were made up so that a column
// read for another shows.
const vivadoText = `Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.
| Tool Version : Vivado v.2022.2 (lin64)
| Command      : report_utilization -hierarchical -file x.rpt

1. Utilization by Hierarchy
---------------------------

+---------------------+------------------------+------------+------------+---------+------+------+--------+--------+------+------------+
|       Instance      |         Module         | Total LUTs | Logic LUTs | LUTRAMs | SRLs |  FFs | RAMB36 | RAMB18 | URAM | DSP Blocks |
+---------------------+------------------------+------------+------------+---------+------+------+--------+--------+------+------------+
| vit_accel_top       |                  (top) |       1000 |        950 |      40 |   10 | 2000 |      3 |      5 |    2 |         66 |
|   (vit_accel_top)   |                  (top) |          1 |          1 |       0 |    0 |    2 |      0 |      0 |    0 |          0 |
|   u_core            |         vit_accel_core |        999 |        949 |      40 |   10 | 1998 |      3 |      5 |    2 |         66 |
|     (u_core)        |         vit_accel_core |         99 |         99 |       0 |    0 |  198 |      0 |      0 |    0 |          0 |
|     u_array         |           vit_pe_array |        700 |        690 |       0 |   10 | 1500 |      0 |      0 |    0 |         64 |
|     u_keys          |                vit_ram |        100 |         80 |      20 |    0 |  100 |      2 |      0 |    0 |          0 |
|     u_values        | vit_ram__parameterized1 |         50 |         40 |      10 |    0 |   90 |      1 |      5 |    2 |          0 |
|     u_more          |              vit_ram_3 |         50 |         40 |      10 |    0 |  110 |      0 |      0 |    0 |          2 |
+---------------------+------------------------+------------+------------+---------+------+------+--------+--------+------+------------+
* Note: The sum of lower-level cells may be larger than their parent cells total, due to cross-hierarchy LUT combining

`

func TestParseVivado(t *testing.T) {
	modules, err := ParseVivado([]byte(vivadoText), top)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]struct {
		instances int
		hwmodel.Resources
	}{
		"vit_accel_top":  {1, hwmodel.Resources{LUT: 1, FF: 2}},
		"vit_accel_core": {1, hwmodel.Resources{LUT: 99, FF: 198}},
		"vit_pe_array":   {1, hwmodel.Resources{LUT: 700, FF: 1500, DSP: 64, LUTRAM: 10}},
		"vit_ram":        {3, hwmodel.Resources{LUT: 200, FF: 300, DSP: 2, BRAM18: 11, URAM: 2, LUTRAM: 40}},
	}
	if len(modules) != len(want) {
		t.Errorf("%d modules; expected %d", len(modules), len(want))
	}
	for _, m := range modules {
		if w := want[m.Name]; m.Resources() != w.Resources || m.Instances != w.instances {
			t.Errorf("%s: %d of %+v; expected %d of %+v", m.Name, m.Instances, m.Resources(), w.instances, w.Resources)
		}
	}
	if got, want := Total(modules), (hwmodel.Resources{LUT: 1000, FF: 2000, DSP: 66, BRAM18: 11, URAM: 2,
		LUTRAM: 50}); got != want {
		t.Errorf("total %+v; expected %+v", got, want)
	}
}

func TestParseVivadoFaults(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"", "no table"},
		{strings.ReplaceAll(vivadoText, "Total LUTs", "LUTs"), "no table"},
		{strings.ReplaceAll(vivadoText, "|        700 |", "|        many |"), `line 15: "many" is not a count`},
		{strings.ReplaceAll(vivadoText, "vit_accel_top ", "another_top   "), "no module vit_accel_top"},
		{strings.ReplaceAll(vivadoText, "|     (u_core)        |", "|     u_other         |"),
			"vit_accel_core has instances inside but no row (u_core)"},
		{strings.ReplaceAll(vivadoText, "|    2 |         66 |\n|     (u", "|\n|     (u"), "cells; expected at least"},
	} {
		t.Run(c.data, func(t *testing.T) {
			if _, err := ParseVivado([]byte(c.data), top); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; expected %q", err, c.want)
			}
		})
	}
}

func FuzzParseVivado(f *testing.F) {
	f.Add([]byte(vivadoText))
	f.Fuzz(func(t *testing.T, data []byte) { _, _ = ParseVivado(data, top) })
}
