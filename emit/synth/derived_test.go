package synth

import (
	"fmt"
	"testing"

	"vitdse/hwmodel"
)

// The primitives of Gowin parts and of the iCE40 count as what they are; carries of the iCE40
// are in the logic cells of LUTs that are counted.
func TestCellsOfSmallFamilies(t *testing.T) {
	for _, c := range []struct {
		cells map[string]int
		want  hwmodel.Resources
	}{
		{map[string]int{"LUT4": 5, "LUT1": 1, "ALU": 3, "MUX2_LUT5": 9, "DFFRE": 4, "DFF": 1, "RAM16SDP4": 2, "SDPB": 2,
			"SDPX9B": 1, "GND": 1},
			hwmodel.Resources{LUT: 21, LUTRAM: 12, FF: 5, BRAM18: 3}},
		{map[string]int{"SB_LUT4": 7, "SB_CARRY": 3, "SB_DFF": 1, "SB_DFFESR": 2, "SB_RAM40_4K": 4, "SB_MAC16": 1},
			hwmodel.Resources{LUT: 7, FF: 3, BRAM18: 4, DSP: 1}},
	} {
		t.Run(fmt.Sprint(c.cells), func(t *testing.T) {
			if got := (Module{Cells: c.cells}).Resources(); got != c.want {
				t.Errorf("%v: got %+v, want %+v", c.cells, got, c.want)
			}
		})
	}
}
