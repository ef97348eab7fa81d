// Package noise is what quantization costs accuracy: the power of the logits' error over their own, how it is predicted
// from what each layer's bits and granularity add alone, and the file that keeps these sensitivities.
package noise

import (
	"fmt"
	"math"

	"vitdse/configs"
)

// Femto is noise power in units of 1e-15 of the logits' power. Sums of it are exact in any
// order, which sums of floating-point numbers are not: the noise of a choice of numerics is
// the sum of its parts in Femto, and a float64 only in the end.
type Femto int64

// femtoLimit is the largest noise of one source: sums of thousands of them stay in range.
const femtoLimit = 1000

// ToFemto rounds a noise power; it refuses one that is not finite or out of range.
func ToFemto(noise float64) (Femto, error) {
	if !(math.Abs(noise) <= femtoLimit) {
		return 0, fmt.Errorf("noise is %g; expected a finite number, at most %d", noise, femtoLimit)
	}
	return Femto(math.Round(noise * 1e15)), nil
}

// Power is the noise power.
func (f Femto) Power() float64 { return float64(f) * 1e-15 }

// Func predicts the noise of the logits for a choice of numerics: the power of their
// error over their own power, 10^(-SQNR/10).
type Func func(configs.Numerics) (float64, error)

// Additive is a prediction of noise that adds up over its sources.
type Additive interface {
	// Units is the noise of the network with no layer counted: the reference's own, that of
	// the softmax numerators and of the GELU table.
	Units(softmaxBits, geluBits int, b configs.Basis) (Femto, error)
	// Layer is what one layer's bits and granularity add.
	Layer(b configs.Basis, l configs.LayerBits) (Femto, error)
}

// Of makes a Func of an additive prediction.
func Of(a Additive) Func {
	return func(n configs.Numerics) (float64, error) {
		basis := n.Basis()
		sum, err := a.Units(n.SoftmaxBits, n.GELUBits, basis)
		if err != nil {
			return 0, err
		}
		for _, l := range n.Layers {
			v, err := a.Layer(basis, l)
			if err != nil {
				return 0, err
			}
			sum += v
		}
		return sum.Power(), nil
	}
}
