package dse

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"

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

// writeFile is configs.WriteFile that makes the folder too.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return configs.WriteFile(path, content)
}
