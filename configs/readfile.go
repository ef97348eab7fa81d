package configs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// MaxReadBytes is the most that is read of a file that a tool wrote: manifests, fronts, entries of a cache.
const MaxReadBytes = 1 << 30

// OpenRegular opens a file for reading and gives its bytes. A device, a pipe or a folder is refused before it is
// opened: it has no size, and opening or reading it might not end.
func OpenRegular(path string) (file *os.File, size int64, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, 0, &fs.PathError{Op: "open", Path: path, Err: errors.Unwrap(err)}
	case info.IsDir():
		return nil, 0, fmt.Errorf("%s is a folder; give the path of a file", path)
	case !info.Mode().IsRegular():
		return nil, 0, fmt.Errorf("%s is no regular file (%s); give the path of a file", path, info.Mode().Type())
	}
	file, err = os.Open(path)
	return file, info.Size(), err
}

// ReadRegular reads a file of at most limit bytes that [OpenRegular] opens.
func ReadRegular(path string, limit int64) ([]byte, error) {
	file, size, err := OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if size > limit {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", path, size, limit)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(file, data); err != nil {
		return nil, fmt.Errorf("%s: %w: it became shorter while it was read", path, err)
	}
	return data, nil
}
