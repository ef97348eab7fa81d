// Package configs is the vocabulary every other part of vitdse shares: the network
// ([Model]), the device ([Part]), what a sweep may vary ([Space]), one point of it
// ([Design]) and how a run goes from one to the other ([Run]).
//
// It promises four things. A value that a Load function returns has passed its
// Validate; [LoadDesign], given no part, leaves only the part unchecked. A file that
// is refused is refused with file, line, key, what is wrong and what was expected,
// all faults at once, one a line. Decoding never panics and reads at most
// [MaxFileBytes]. And the same value always has the same bytes ([MarshalDesign]) and
// the same hash ([Hash]).
//
// The package knows names and shapes only, no numerics and no hardware model, and
// it logs nothing.
package configs
