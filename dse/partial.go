package dse

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"vitdse/configs"
	"vitdse/golden/measure"
)

// partial keeps the entries of a sensitivity measurement as they come, a JSON line each, so
// that an interrupted one goes on where it was. The zero value keeps nothing.
type partial struct {
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
// off in the middle is measured again, and so is all behind it.
func openPartial(c configs.Store, key string) (*partial, error) {
	if c == "" {
		return &partial{}, nil
	}
	path := filepath.Join(string(c), "sensitivity", key[:2], key+".part")
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return &partial{}, f.Close() // another process measures the same and keeps it
	}
	p := &partial{file: f, entries: map[entryKey]float64{}}
	good := int64(0)
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		var e measure.Entry
		if err != nil || json.Unmarshal(line, &e) != nil {
			break
		}
		p.entries[keyOf(e)] = e.Total
		good += int64(len(line))
	}
	if err := f.Truncate(good); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.Seek(good, 0); err != nil {
		return nil, errors.Join(err, f.Close())
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
		_, err = p.file.Write(append(line, '\n'))
	}
	p.err = err
}

func (p *partial) close() error {
	if p.file == nil {
		return nil
	}
	return errors.Join(p.err, p.file.Close())
}

// remove deletes the kept entries: the whole table is in the cache.
func (p *partial) remove() error {
	if p.file == nil {
		return nil
	}
	if err := os.Remove(p.file.Name()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
