package front

import (
	"vitdse/configs"
	"vitdse/dse/space"
)

// KnownNoise gives the predicted noise of numerics that a point of the front has.
func (f *Front) KnownNoise() func(configs.Numerics) (float64, bool) {
	known := map[string]float64{}
	for i := range f.Points {
		known[f.Points[i].Numerics] = f.Points[i].Noise
	}
	return func(n configs.Numerics) (float64, bool) {
		noise, ok := known[space.NumericsHash(n)]
		return noise, ok
	}
}
