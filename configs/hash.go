package configs

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
)

// hashFormat names the encoding below; it changes when the encoding does.
const hashFormat = "vitdse design 1"

// ShortHashLen is the number of hex digits of a hash that people see.
const ShortHashLen = 16

// Hash is the identity of a design with its weights: 64 hex digits of SHA-256 over
// three kinds of parts, each preceded by its length as 8 bytes, little-endian: the
// name of the format, the design as JSON (Go's field names in their order, numbers
// in their shortest form), and each of weights as it is (a checkpoint, or the
// integer network's bytes). Everything in the design counts, its name too, since
// every emitted file repeats it: equal hashes promise equal files.
func Hash(d Design, weights ...[]byte) string {
	design, err := json.Marshal(d)
	if err != nil {
		panic(err) // only a NaN or an infinity in a Design, which Validate refuses
	}
	h := sha256.New()
	for _, part := range append([][]byte{[]byte(hashFormat), design}, weights...) {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ShortHash is the form of a hash for names and headers: its first 16 digits.
func ShortHash(hash string) string { return hash[:min(len(hash), ShortHashLen)] }
