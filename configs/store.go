package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
)

// Store is a folder of results that runs share: JSON files, each under the Key of all that the result
// depends on and with a checksum. The zero value holds nothing.
type Store struct {
	dir string
	say func(string)
	put *sync.Once // the first write that failed is said
}

// NewStore is the store in a folder, which need not be there; without a name it holds nothing. What goes
// wrong is told to say, which may be nil, and stops nothing: a damaged entry is no entry, and where the folder
// cannot be written to nothing is kept.
func NewStore(dir string, say func(string)) Store {
	if dir == "" {
		return Store{}
	}
	if say == nil {
		say = func(string) {}
	}
	return Store{dir, say, new(sync.Once)}
}

// Key is the identity of values: 64 hex digits over their JSON. The key of a result has the content of every input
// in it, or its digest, and the versions of what computed it.
func Key(values ...any) (string, error) {
	text, err := json.Marshal(values)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// stored is a file of a store.
type stored struct {
	SHA256 string          `json:"sha256"` // of kind, key and value
	Value  json.RawMessage `json:"value"`
}

// Checksum is of an entry's value, which no other kind or key has.
func Checksum(kind, key string, value []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %d\n", kind, key, len(value))
	h.Write(value)
	return hex.EncodeToString(h.Sum(nil))
}

// Holds says whether anything is kept.
func (s Store) Holds() bool { return s.dir != "" }

// Get reads a result. A file that is missing or not as it was written is no result.
func (s Store) Get(kind, key string, v any) bool {
	if !s.Holds() {
		return false
	}
	path := s.Path(kind, key, ".json")
	text, err := ReadRegular(path, MaxReadBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	var e stored
	if err == nil {
		err = json.Unmarshal(text, &e)
	}
	if err == nil && e.SHA256 != Checksum(kind, key, e.Value) {
		err = errors.New("not as it was written")
	}
	if err == nil {
		err = json.Unmarshal(e.Value, v)
	}
	if err != nil {
		s.say(fmt.Sprintf("%s: a damaged entry of the cache, computed again: %v", path, err))
		return false
	}
	return true
}

// Put keeps a result, or says why it cannot. A value that has no JSON is an error.
func (s Store) Put(kind, key string, v any) error {
	if !s.Holds() {
		return nil
	}
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	text, err := json.Marshal(stored{Checksum(kind, key, value), value})
	if err != nil {
		return err
	}
	s.Failed(WriteFile(s.Path(kind, key, ".json"), append(text, '\n')))
	return nil
}

// Failed says, the first time, that nothing can be kept; without an error nothing.
func (s Store) Failed(err error) {
	if err != nil && s.Holds() {
		s.put.Do(func() { s.say(fmt.Sprintf("the cache in %s cannot be written to, and keeps nothing: %v", s.dir, err)) })
	}
}

// Path is where an entry is.
func (s Store) Path(kind, key, ext string) string {
	return filepath.Join(s.dir, kind, key[:2], key+ext)
}
