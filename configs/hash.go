package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// ShortHashLen is the number of hex digits of a hash that people see.
const ShortHashLen = 16

// Hash is the identity of a design point, 64 hex digits: everything in it counts, its name too. That of an
// emitted design, which has weights, is the emitter's.
func Hash(d Design) string {
	design, err := json.Marshal(d)
	if err != nil {
		panic(err) // only a NaN or an infinity in a Design, which Validate refuses
	}
	sum := sha256.Sum256(design)
	return hex.EncodeToString(sum[:])
}

// ShortHash is the form of a hash for names and headers: its first 16 digits.
func ShortHash(hash string) string { return hash[:min(len(hash), ShortHashLen)] }
