package verify
import "vitdse/hwmodel"
var hwIdeal = hwmodel.IdealMemory
