package configs

import "fmt"

// CoefficientsSchema is the version of coefficient files that this tool reads and writes.
const CoefficientsSchema = "vitdse-coefficients-1"

// Coefficients are the fitted numbers of the resource model for one family of parts, with
// where they are from.
type Coefficients struct {
	Schema  string             `yaml:"schema"`
	Family  Fabric             `yaml:"family"`
	Tool    string             `yaml:"tool"`    // the synthesizer that the reports are from
	Reports int                `yaml:"reports"` // how many designs were fitted
	Source  string             `yaml:"source"`  // which designs, and how they were fitted
	LUT     map[string]float64 `yaml:"lut"`     // by term, "module.term"
}

// LoadCoefficients reads a coefficients file. Whether its terms are those of the model is
// hwmodel's question.
func LoadCoefficients(path string) (Coefficients, error) { return load[Coefficients](path) }

// Validate says everything that is wrong with the file, each with its key.
func (c Coefficients) Validate() error {
	var f faults
	oneOf(&f, "schema", c.Schema, CoefficientsSchema)
	oneOf(&f, "family", c.Family, XC7, XCUP, ECP5)
	for _, s := range []struct{ key, value string }{{"tool", c.Tool}, {"source", c.Source}} {
		if s.value == "" {
			f.add(s.key, "is empty; expected where the numbers are from")
		}
	}
	if c.Reports < 1 {
		f.add("reports", "is %d; expected the number of reports the numbers were fitted to", c.Reports)
	}
	for name, v := range c.LUT {
		if v-v != 0 { // NaN or infinite
			f.add(fmt.Sprintf("lut.%s", name), "is %g; expected a finite number", v)
		}
	}
	return f.join()
}
