package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
)

// parseHeader decodes the JSON object {name: {dtype, shape, data_offsets}}. A name
// that occurs twice is refused, which encoding into a map would hide.
func parseHeader(text []byte) (map[string]entry, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil, errors.New("header is not a JSON object: not a safetensors file")
	}
	entries := map[string]entry{}
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("header: %w", err)
		}
		name := tok.(string) // a key of a JSON object
		if seen[name] {
			return nil, fmt.Errorf("header names tensor %s twice", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			var ignored map[string]string
			if err := dec.Decode(&ignored); err != nil {
				return nil, fmt.Errorf("header: __metadata__: %w", err)
			}
			continue
		}
		var e entry
		if err := dec.Decode(&e); err != nil {
			return nil, fmt.Errorf("header: tensor %s: %w", name, err)
		}
		entries[name] = e
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("header has text after its JSON object")
	}
	return entries, nil
}

// checkLayout makes sure that the tensors tile the data exactly: in bounds, of the
// size that shape and type ask for, without overlap or gap. Then it cuts the data.
func (c *Checkpoint) checkLayout(data []byte) error {
	names := c.Names()
	size := uint64(len(data))
	for _, n := range names {
		if err := c.entries[n].check(size); err != nil {
			return fmt.Errorf("tensor %s: %w", n, err)
		}
	}
	sort.SliceStable(names, func(i, j int) bool {
		a, b := c.entries[names[i]].Offsets, c.entries[names[j]].Offsets
		return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
	})
	end := uint64(0)
	for _, n := range names {
		o := c.entries[n].Offsets
		if o[0] != end {
			return fmt.Errorf("tensor %s starts at byte %d of the data; expected %d: tensors overlap or leave a gap",
				n, o[0], end)
		}
		end = o[1]
	}
	if end != size {
		return fmt.Errorf("data is %d bytes; the header describes %d: truncated or damaged, fetch the file again", size, end)
	}
	for _, n := range names {
		e := c.entries[n]
		e.data = data[e.Offsets[0]:e.Offsets[1]:e.Offsets[1]]
		c.entries[n] = e
	}
	return nil
}

// check compares one entry with the size of the data.
func (e entry) check(size uint64) error {
	if len(e.Offsets) != 2 || e.Offsets[0] > e.Offsets[1] {
		return fmt.Errorf("data_offsets are %v; expected [begin, end]", e.Offsets)
	}
	if e.Offsets[1] > size {
		return fmt.Errorf("ends at byte %d of %d: the file is truncated, fetch it again", e.Offsets[1], size)
	}
	width, ok := typeBytes[e.DType]
	if !ok {
		return nil // refused where its values are asked for
	}
	want := width
	for _, d := range e.Shape {
		if d < 0 || d > 0 && want > size/uint64(d) {
			return fmt.Errorf("shape %v does not fit %d bytes of data", e.Shape, size)
		}
		want *= uint64(d)
	}
	if got := e.Offsets[1] - e.Offsets[0]; got != want {
		return fmt.Errorf("has %d bytes; %s %v needs %d", got, e.DType, e.Shape, want)
	}
	return nil
}
