package measured

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestCorrectionFindsTheLine(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	var pairs [][2]float64
	for range 41 {
		p := 15 + 30*rng.Float64()
		pairs = append(pairs, [2]float64{p, 3 + 0.85*p})
	}
	pairs[7][1] -= 12 // a point that the prediction misses by far pulls nothing
	c := fitCorrection(pairs)
	if c == nil || math.Abs(c.OffsetDB-3) > 0.01 || math.Abs(c.Slope-0.85) > 0.001 {
		t.Fatalf("%+v; expected 3 dB + 0.85 * predicted", c)
	}
	if c.After.MeanAbsDB > c.Before.MeanAbsDB || math.Abs(c.After.MaxAbsDB-12) > 0.05 ||
		math.Abs(c.After.MeanAbsDB-12.0/41) > 0.01 {
		t.Errorf("residuals %+v and %+v", c.Before, c.After)
	}
	if fitCorrection(pairs[:fitFewest-1]) != nil {
		t.Error("too few points are fitted")
	}
}

func TestCorrectionDoesNotDependOnTheOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	var pairs [][2]float64
	for range 20 {
		p := 40 * rng.Float64()
		pairs = append(pairs, [2]float64{p, p - 2 + rng.NormFloat64()})
	}
	want := *fitCorrection(pairs)
	rng.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	if got := *fitCorrection(pairs); got != want {
		t.Errorf("%+v after shuffling; expected %+v", got, want)
	}
}
