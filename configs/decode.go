package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// MaxFileBytes bounds a configuration file; the largest of ours is a few kilobytes.
const MaxFileBytes = 4 << 20

// maxFaults bounds how many faults of one file are reported.
const maxFaults = 50

// Decode reads one YAML document into a T and validates it. It refuses unknown,
// repeated and missing keys, values of another type, anchors and aliases, and
// further documents; a key is required unless its yaml tag says omitempty. Every
// fault is a [FileError], sorted by line and joined. file is the name used in them.
func Decode[T any](file string, data []byte) (T, error) {
	var v T
	doc, err := parse(file, data)
	if err == nil {
		err = doc.decode(&v)
	}
	if err == nil {
		if c, ok := any(v).(interface{ Validate() error }); ok {
			err = doc.locate(c.Validate())
		}
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return v, nil
}

// load is Decode for a file on disk.
func load[T any](path string) (T, error) {
	data, err := ReadRegular(path, MaxFileBytes)
	if err != nil {
		var zero T
		return zero, err
	}
	return Decode[T](path, data)
}

// document is one parsed YAML document.
type document struct {
	file string
	root *yaml.Node // the top value
}

var (
	yamlLine      = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)
	parserMessage = regexp.MustCompile(`^did not find expected (['<]|key$|node content$)|` +
		`^found (duplicate %|incompatible|undefined tag)`)
)

// parse reads the single document of a file.
func parse(file string, data []byte) (*document, error) {
	if len(data) > MaxFileBytes {
		return nil, &FileError{file, 0, fmt.Errorf("is longer than %d bytes, the limit of a configuration file",
			MaxFileBytes)}
	}
	if bytes.IndexByte(data[:min(len(data), 512)], 0) >= 0 {
		return nil, &FileError{file, 0, errors.New("is no text; expected YAML (a checkpoint is given with --checkpoint, " +
			"or with --model if its config.json is beside it)")}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if err := dec.Decode(&first); err == io.EOF || err == nil && len(first.Content) == 0 {
		return nil, &FileError{file, 1, errors.New("is empty; expected a mapping of keys to values")}
	} else if err != nil {
		return nil, syntaxError(file, err)
	}
	if err := dec.Decode(&second); err == nil {
		return nil, &FileError{file, second.Line, errors.New("a second document starts here; expected one document a file")}
	} else if err != io.EOF {
		return nil, syntaxError(file, err)
	}
	return &document{file: file, root: first.Content[0]}, nil
}

// syntaxError puts the library's own line number where the others are. Its parser,
// unlike its scanner, counts lines from 0 (v3.0.4); the messages tell them apart.
func syntaxError(file string, err error) error {
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return &FileError{file, 0, fmt.Errorf("not YAML: %w", err)}
	}
	line, _ := strconv.Atoi(m[1])
	if parserMessage.MatchString(m[2]) {
		line++
	}
	return &FileError{file, line, fmt.Errorf("not YAML: %s", m[2])}
}

// decode fills the value v points at.
func (doc *document) decode(v any) error {
	w := walker{file: doc.file}
	w.value(doc.root, reflect.ValueOf(v).Elem(), "", doc.root.Line)
	return w.err()
}

// locate adds file and line to the KeyErrors of a Validate.
func (doc *document) locate(err error) error {
	w := walker{file: doc.file}
	for _, e := range flatten(err) {
		line := 0
		var key *KeyError
		if errors.As(e, &key) {
			line = lineOf(doc.root, key.Key)
		}
		w.faults = append(w.faults, &FileError{doc.file, line, e})
	}
	return w.err()
}

// err joins the faults, in order of their lines.
func (w *walker) err() error {
	slices.SortStableFunc(w.faults, func(a, b *FileError) int { return a.Line - b.Line })
	var errs []error
	for i, f := range w.faults {
		if i == maxFaults {
			errs = append(errs, &FileError{w.file, 0, errors.New("has more faults; these are the first")})
			break
		}
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}
