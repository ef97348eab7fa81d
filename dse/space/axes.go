package space

import (
	"slices"

	"vitdse/configs"
)

// MaxNumerics bounds the choices of numerics that are enumerated: each takes about
// 20 us of one core and 20 bytes.
const MaxNumerics = 1 << 22

// MaxEngines bounds the engines that are enumerated.
const MaxEngines = 1 << 22

// Split is the number of axes that are numerics; the engine's come after them.
func Split(axes []configs.Axis) int {
	return slices.IndexFunc(axes, func(a configs.Axis) bool { return a.Kind == configs.AxisEngine })
}

// Combinations is the number of indices of the axes, or -1 if it is more than limit.
func Combinations(axes []configs.Axis, limit int64) int64 {
	n := int64(1)
	for _, a := range axes {
		if n *= int64(a.Len); n > limit {
			return -1
		}
	}
	return n
}

// Advance moves an index over the axes to the next one, the last axis fastest.
func Advance(index []int, axes []configs.Axis) bool {
	for i := len(axes) - 1; i >= 0; i-- {
		if index[i]++; index[i] < axes[i].Len {
			return true
		}
		index[i] = 0
	}
	return false
}

// NumericsHash is the identity of a choice of numerics.
func NumericsHash(n configs.Numerics) string {
	hash, err := configs.Key("vitdse numerics 1", n)
	if err != nil {
		panic(err) // only for a NaN or an infinity, which configs refuses
	}
	return configs.ShortHash(hash)
}
