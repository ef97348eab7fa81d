package configs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile writes a file so that whoever reads it finds the old or the new content, never
// a part: under another name in the same folder first, then renamed. It makes the folder where there is
// none, so that what took long to compute is not lost for the want of it.
func WriteFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Chmod(fs.FileMode(0o644)), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}
