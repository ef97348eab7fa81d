package synth

import (
	"strings"

	"vitdse/configs"
	"vitdse/hwmodel"
)

// Estimates is what the resource model expects of each module of the emitted design. Its
// buffers are added up as vit_ram, the module they are instances of.
func Estimates(s hwmodel.Machine, part configs.Part) map[string]hwmodel.Resources {
	out := map[string]hwmodel.Resources{}
	for _, m := range s.Modules(part) {
		name := m.Name
		if !strings.HasPrefix(name, "vit_") {
			name = "vit_ram"
		}
		out[name] = out[name].Add(m.Resources)
	}
	return out
}
