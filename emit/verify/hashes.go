package verify

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"vitdse/emit"
)

// needed are the files that every target reads.
var needed = []string{"design.yaml", "mem/stream.bin", "rtl/filelist.f", "vectors/images.bin", "vectors/logits.bin",
	"vectors/trace.bin", "vectors/expected.bin"}

// checkFolder refuses a folder whose files belong to different designs, or of which one is missing or has
// another length than a reader takes it to have, and vectors of another emission, of this design too. What else was
// changed since it was emitted is listed: it is simulated as it is, and never passes as the design that it was.
func checkFolder(dir string, man emit.Manifest) (changed []string, err error) {
	lengths := map[string]int64{}
	for _, f := range man.Files {
		lengths[f.Path] = f.Bytes
	}
	for _, name := range needed {
		if _, known := lengths[name]; !known {
			return nil, fmt.Errorf("%s is missing; emit the folder again", filepath.Join(dir, name))
		}
	}
	if changed, err = man.Changed(dir); err != nil {
		return nil, err
	}
	var errs []error
	for _, name := range changed {
		if err := checkChanged(filepath.Join(dir, name), filepath.Ext(name) == ".bin", lengths[name], man.Hash); err != nil {
			errs = append(errs, err)
		}
	}
	switch len(errs) {
	case 0:
		return changed, nil
	case 1:
		return nil, errs[0]
	}
	return nil, fmt.Errorf("%w (and so with %d more files)", errs[0], len(errs)-1)
}

// checkChanged refuses what cannot be simulated though it was changed.
func checkChanged(path string, binary bool, length int64, hash string) error {
	if filepath.Base(path) != "stream.bin" { // which is as the engine reads it, with no place for a hash
		if err := checkHash(path, hash); err != nil {
			return err
		}
	}
	if binary {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.Size() != length {
			return fmt.Errorf("%s has %d bytes; it was emitted with %d: emit the folder again", path, info.Size(), length)
		}
	}
	if filepath.Base(filepath.Dir(path)) == "vectors" {
		return fmt.Errorf("%s is not the one that was emitted here, though of the same design and length: "+
			"by other vectors nothing is known of this folder; emit it again", path)
	}
	if filepath.Base(path) != "filelist.f" {
		return nil
	}
	list, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_, names, _ := strings.Cut(string(list), "\n") // behind the design's line
	if strings.TrimSpace(names) == "" {
		return fmt.Errorf("%s names no module; emit the folder again", path)
	}
	return nil
}

// checkHash looks for the design's hash in the head of a file.
func checkHash(path, hash string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%s is missing; emit the folder again: %w", path, err)
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := f.Read(head)
	head = head[:n]
	if bytes.Contains(head, []byte(hash)) {
		return nil
	}
	for _, mark := range []string{"design ", magic} {
		i := bytes.Index(head, []byte(mark))
		if i >= 0 && len(head) >= i+len(mark)+64 && isHex(head[i+len(mark):][:64]) {
			return fmt.Errorf("%s belongs to design %.16s, the folder to %.16s: emit the folder again",
				path, head[i+len(mark):], hash)
		}
	}
	return fmt.Errorf("%s does not name its design; emit the folder again", path)
}

func isHex(b []byte) bool {
	_, err := hex.DecodeString(string(b))
	return err == nil
}
