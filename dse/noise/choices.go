package noise

import (
	"slices"

	"vitdse/configs"
)

// Choices are what sensitivities are measured for.
type Choices struct {
	Bits          []int
	Granularities []configs.Granularity
	Group         int // weights that share a multiplier, where they are in groups
	Bases         []configs.Basis
	CalibImages   int
}

// ChoicesOf are those that a sweep of the space needs.
func ChoicesOf(s configs.Space) Choices {
	return Choices{Bits: bitsOf(s), Granularities: slices.Sorted(slices.Values(s.Granularity)), Group: s.Group,
		Bases: s.Bases(), CalibImages: s.CalibImages}
}

// bitsOf lists the candidates of all layers' bits, ascending.
func bitsOf(s configs.Space) []int {
	bits := slices.Concat(s.Bits.Weights, s.Bits.Activations, s.Bits.Edge.Weights, s.Bits.Edge.Activations)
	slices.Sort(bits)
	return slices.Compact(bits)
}
