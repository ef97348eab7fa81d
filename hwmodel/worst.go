package hwmodel

import "vitdse/configs"

// Errors are how far an estimate was off what Yosys made of the emitted design, at worst, as
// shares of Yosys's count. Multipliers and memory blocks have always been equal.
type Errors struct{ MeanLUT, LUT, FF float64 }

// worstErrors bounds the errors of the designs of docs/RESOURCES.md; a test holds every one of
// them against it, those that nobody has fitted to among them.
var worstErrors = map[configs.Fabric]Errors{
	configs.XC7:  {0.03, 0.08, 0.03},
	configs.XCUP: {0.03, 0.08, 0.03},
	configs.ECP5: {0.03, 0.08, 0.03},
}

// WorstErrors is what the resource estimates of a family's designs may be off by: false for a
// family whose model is derived from another's and was not held against synthesis.
func WorstErrors(family configs.Fabric) (Errors, bool) {
	e, ok := worstErrors[family]
	return e, ok
}
