package temporal

import (
	"vitdse/configs"
	"vitdse/hwmodel"
)

// worstErrors bounds the errors of the designs of docs/RESOURCES.md; a test holds every one of
// them against it, those that nobody has fitted to among them.
var worstErrors = map[configs.Fabric]hwmodel.Errors{
	configs.XC7:  {MeanLUT: 0.03, LUT: 0.08, FF: 0.03},
	configs.XCUP: {MeanLUT: 0.03, LUT: 0.08, FF: 0.03},
	configs.ECP5: {MeanLUT: 0.03, LUT: 0.08, FF: 0.03},
}

// WorstErrors is what the resource estimates of a family's designs may be off by: false for a
// family whose model is derived from another's and was not held against synthesis.
func (Engine) WorstErrors(family configs.Fabric) (hwmodel.Errors, bool) {
	e, ok := worstErrors[family]
	return e, ok
}
