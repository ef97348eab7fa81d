package dse

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"vitdse/configs"
)

// digest is the SHA-256 of values as JSON, in hex.
func digest(values ...any) (string, error) {
	text, err := json.Marshal(values)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// numericsHash is the identity of a choice of numerics.
func numericsHash(n configs.Numerics) string {
	hash, err := digest("vitdse numerics 1", n)
	if err != nil {
		panic(err) // only for a NaN or an infinity, which configs refuses
	}
	return configs.ShortHash(hash)
}
