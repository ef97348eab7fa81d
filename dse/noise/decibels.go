package noise

import "math"

// Decibels is the ratio of signal to noise of a noise power that is relative to the
// signal's: -10 log10(noise), +Inf for no noise.
func Decibels(noise float64) float64 {
	if noise == 0 {
		return math.Inf(1)
	}
	return -10 * math.Log10(noise)
}

// Ratio is the inverse of Decibels.
func Ratio(db float64) float64 { return math.Pow(10, -db/10) }
