package temporal

import (
	"math"
	"slices"

	"vitdse/configs"
	"vitdse/hwmodel"
)

// clockTerms are the shares of a clock's period that are fitted, ns at speed grade -1.
var clockTerms = [...]string{
	"base",    // the sequencer's, the queue's and the drain's ways
	"passes",  // a drain that counts passes of a group of columns
	"cascade", // an array whose products are summed in DSPs, with a register every few
	"tree",    // an array whose products are summed by LUTs
	"level",   // each level of the sum
	"bus",     // each doubling of the bus above 32 bits
	"booth",   // columns of LUTs beside DSPs, whose products have no cycle to spare for a register
}

// ClockTerms lists the fitted terms.
func (Engine) ClockTerms() []string { return slices.Clone(clockTerms[:]) }

// InArray says whether a way that ends in a module is the array's, and not of the control.
func (Engine) InArray(module string) bool {
	switch module {
	case "vit_pe_array", "vit_mixed_array", "vit_product_cascades", "vit_packed_cascades", "vit_dsp_cascade":
		return true
	}
	return false
}

// ClockFeatures is how much of each term an engine has, in two ways of which the longer is its period: the control's
// terms and the array's.
func (Engine) ClockFeatures(e configs.Engine, family configs.Fabric) (control, array hwmodel.ClockAmounts) {
	control[0] = 1
	if family == configs.ECP5 { // routed: its longest way is anywhere, and mostly wires
		control[5] = math.Log2(float64(e.BusBits) / 32)
		return control, array
	}
	if e.Columns() > 1 || e.TM > e.TK {
		control[1] = 1
	}
	switch {
	case e.LUTColumns > 0 && late(&e) == 0:
		array[6] = 1
	case e.TK == 1:
	case Cascades(family) && e.Multiplier == configs.MulDSP && e.Packing.Port() == 0:
		array[2] = 1
	default:
		array[3], array[4] = 1, math.Log2(float64(e.TK))
	}
	return control, array
}
