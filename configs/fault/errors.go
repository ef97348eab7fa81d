// Package fault has what a Validate says of a configuration: the key at fault, which the decoder finds in its file.
package fault

import "fmt"

// KeyError is a fault of one key of a configuration; the decoder adds file and line.
type KeyError struct {
	Key string // dotted path, e.g. "image.height" or "layers[3].weights"
	Msg string // what is wrong and what was expected
}

func (e *KeyError) Error() string { return fmt.Sprintf("%s: %s", e.Key, e.Msg) }
