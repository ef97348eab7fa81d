package hwmodel

import (
	"embed"
	"fmt"

	"vitdse/configs"
)

//go:embed coefficients/*.yaml
var builtIn embed.FS

// BuiltInCoefficients are those of a family that come with the tool; for a family that was
// not held against synthesis, those of its basis.
func BuiltInCoefficients(family configs.Fabric) (configs.Coefficients, error) {
	name := "coefficients/" + string(family.Basis()) + ".yaml"
	data, err := builtIn.ReadFile(name)
	if err != nil {
		return configs.Coefficients{}, fmt.Errorf("there are no coefficients for family %s", family)
	}
	c, err := configs.Decode[configs.Coefficients]("built-in hwmodel/"+name, data)
	c.Family = family
	return c, err
}
