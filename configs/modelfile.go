package configs

import (
	"bytes"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// MarshalModel is a model as the text of a model file, which Decode reads back as it was. comment is a
// line on top.
func MarshalModel(m Model, comment string) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", comment)
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(m), enc.Close()); err != nil {
		return nil, fmt.Errorf("model %s: %w", m.Name, err)
	}
	if _, err := Decode[Model](m.Name+".yaml", b.Bytes()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
