package configs

import (
	"errors"
	"fmt"

	"vitdse/configs/fault"
)

// KeyError is a fault of one key of a configuration; the decoder adds file and line.
type KeyError = fault.KeyError

// FileError places a fault in a file. Err is a *KeyError where a key is at fault.
type FileError struct {
	File string
	Line int // 1 is the first; 0 if the fault has no line
	Err  error
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap gives the fault without its place.
func (e *FileError) Unwrap() error { return e.Err }

// faults collects the KeyErrors of a Validate.
type faults struct{ errs []error }

func (f *faults) add(key, format string, args ...any) {
	f.errs = append(f.errs, &KeyError{Key: key, Msg: fmt.Sprintf(format, args...)})
}

// within asks for lo <= v <= hi.
func (f *faults) within(key string, v, lo, hi int) {
	if v < lo || v > hi {
		f.add(key, "is %d; expected %d..%d", v, lo, hi)
	}
}

// oneOf asks for v to be among the legal values.
func oneOf[T comparable](f *faults, key string, v T, legal ...T) {
	for _, l := range legal {
		if v == l {
			return
		}
	}
	f.add(key, "is %s; expected one of %s", quoted(v), list(legal))
}

func (f *faults) join() error { return errors.Join(f.errs...) }

// flatten lists the leaves of errors joined by errors.Join, in order.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}
