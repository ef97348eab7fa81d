package configs

import (
	"fmt"
	"io"
	"os"
)

// MaxReadBytes is the most that is read of a file that a tool wrote: manifests, fronts, entries of a cache.
const MaxReadBytes = 1 << 30

// ReadRegular reads a file of at most limit bytes. A device, a pipe or a folder is refused before it is opened: it
// has no size, and reading it might not end.
func ReadRegular(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file (%s); give the path of a file", path, info.Mode().Type())
	case info.Size() > limit:
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", path, info.Size(), limit)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("%s: %w: it became shorter while it was read", path, err)
	}
	return data, nil
}
