package configs

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// Store is a folder of results that runs share: JSON files that are named by the hash of all
// that the result depends on. The empty name is a store that holds nothing.
type Store string

// Get reads a result. A missing or a damaged file is no result.
func (s Store) Get(kind, key string, v any) bool {
	if s == "" {
		return false
	}
	text, err := os.ReadFile(s.path(kind, key))
	return err == nil && json.Unmarshal(text, v) == nil
}

// Put keeps a result.
func (s Store) Put(kind, key string, v any) error {
	if s == "" {
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return WriteFile(s.path(kind, key), append(text, '\n'))
}

func (s Store) path(kind, key string) string {
	return filepath.Join(string(s), kind, key[:2], key+".json")
}
