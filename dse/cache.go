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

// cache holds results as JSON files that are named by the hash of what they depend on.
// The empty name is a cache that holds nothing.
type cache string

// get reads an entry. A missing or a damaged file is no entry.
func (c cache) get(kind, key string, v any) bool {
	if c == "" {
		return false
	}
	text, err := os.ReadFile(c.path(kind, key))
	return err == nil && json.Unmarshal(text, v) == nil
}

func (c cache) put(kind, key string, v any) error {
	if c == "" {
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeFile(c.path(kind, key), append(text, '\n'))
}

func (c cache) path(kind, key string) string {
	return filepath.Join(string(c), kind, key[:2], key+".json")
}

// writeFile is configs.WriteFile that makes the folder too.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return configs.WriteFile(path, content)
}
