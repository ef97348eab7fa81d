package checkpoint

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"vitdse/configs"
	"vitdse/configs/network"
)

// Digest is the identity of the weights of a model, which must be valid, 64 hex digits: of the name, shape and values
// of every tensor that the model reads.
func (w *Weights) Digest(m configs.Model) string {
	h := sha256.New()
	for _, s := range w.slots(network.MustCompile(m)) {
		fmt.Fprintln(h, s.name, s.shape, len(*s.dst))
		binary.Write(h, binary.LittleEndian, *s.dst) // a hash takes everything
	}
	if w.Grids != nil {
		text, _ := json.Marshal(w.Grids) // maps in the order of their keys
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil))
}
