package dse

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"vitdse/configs"
	"vitdse/golden/measure"
)

// partialKind is of the checksums in a partial's file.
const partialKind = "entry"

// partial keeps the entries of a sensitivity measurement as they come, a line of JSON and its checksum
// each, so that an interrupted one goes on where it was. The zero value keeps nothing.
type partial struct {
	store   configs.Store
	key     string
	file    *os.File
	err     error // the first write that failed
	entries map[entryKey]float64
}

// entryKey is what an entry measures.
type entryKey struct {
	source      measure.Source
	layer       string
	bits        int
	granularity string
}

func keyOf(e measure.Entry) entryKey {
	return entryKey{e.Source, e.Layer, e.Bits, string(e.Granularity)}
}

// openPartial reads what an earlier measurement under the key has kept. A line that was cut
// off in the middle or is not as it was written is measured again, and so is all behind it.
func openPartial(c configs.Store, key string) (*partial, error) {
	if !c.Holds() {
		return &partial{}, nil
	}
	path := c.Path("sensitivity", key, ".part")
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	var f *os.File
	if err == nil {
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	}
	if err != nil {
		c.Failed(err)
		return &partial{}, nil
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return &partial{}, f.Close() // another process measures the same and keeps it
	}
	p := &partial{store: c, key: key, file: f, entries: map[entryKey]float64{}}
	good := int64(0)
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		var e measure.Entry
		text, sum, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("\t"))
		if err != nil || string(sum) != configs.Checksum(partialKind, key, text) || json.Unmarshal(text, &e) != nil {
			break
		}
		p.entries[keyOf(e)] = e.Total
		good += int64(len(line))
	}
	err = f.Truncate(good)
	if _, serr := f.Seek(good, 0); err != nil || serr != nil {
		c.Failed(errors.Join(err, serr, f.Close()))
		return &partial{}, nil
	}
	return p, nil
}

func (p *partial) known(e measure.Entry) (float64, bool) {
	total, ok := p.entries[keyOf(e)]
	return total, ok
}

func (p *partial) keep(e measure.Entry) {
	if p.file == nil || p.err != nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = fmt.Fprintf(p.file, "%s\t%s\n", line, configs.Checksum(partialKind, p.key, line))
	}
	p.err = err
}

func (p *partial) close() error {
	if p.file == nil {
		return nil
	}
	p.store.Failed(errors.Join(p.err, p.file.Close()))
	return nil
}

// remove deletes the kept entries: the whole table is in the cache.
func (p *partial) remove() error {
	if p.file == nil {
		return nil
	}
	if err := os.Remove(p.file.Name()); !errors.Is(err, fs.ErrNotExist) {
		p.store.Failed(err)
	}
	return nil
}
