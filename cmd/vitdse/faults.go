package main

import (
	"errors"
	"maps"
	"slices"
)

// faults collects errors, so that a command can say all that is wrong at once.
type faults struct{ errs []error }

func (f *faults) add(err error) {
	if err != nil {
		f.errs = append(f.errs, err)
	}
}

func (f *faults) join() error { return errors.Join(f.errs...) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
