package configs

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

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

	// Clock is the fitted shares of a clock's period, ns at speed grade -1, by the model of the wires and by term.
	Clock map[string]map[string]float64 `yaml:"clock,omitempty"`
}

// LoadCoefficients reads a coefficients file. Whether its terms are those of the model is
// hwmodel's question.
func LoadCoefficients(path string) (Coefficients, error) { return load[Coefficients](path) }

// Validate says everything that is wrong with the file, each with its key.
func (c Coefficients) Validate() error {
	var f faults
	oneOf(&f, "schema", c.Schema, CoefficientsSchema)
	oneOf(&f, "family", c.Family, Fabrics...)
	for _, s := range []struct{ key, value string }{{"tool", c.Tool}, {"source", c.Source}} {
		if s.value == "" {
			f.add(s.key, "is empty; expected where the numbers are from")
		}
	}
	if c.Reports < 1 {
		f.add("reports", "is %d; expected the number of reports the numbers were fitted to", c.Reports)
	}
	return f.join()
}

// MarshalCoefficients is the file of the coefficients, their terms sorted.
func MarshalCoefficients(c Coefficients) []byte {
	var buf bytes.Buffer
	enc := yaml.NewEncoder(&buf)
	enc.SetIndent(2)
	if err := enc.Encode(c); err != nil {
		panic(err) // Coefficients hold nothing that YAML cannot
	}
	return buf.Bytes()
}
