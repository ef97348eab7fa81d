package fit

import (
	"math"
	"math/rand/v2"
	"testing"

	"vitdse/configs"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

var names = temporal.Engine{}.ClockTerms()

// routed makes engines of an ECP5 whose periods are 8 + 0.5 ns each doubling of the bus, but for noise; every third is
// held out, and those are twice as slow.
func routed(n int, noise float64) []ClockSample {
	rng := rand.New(rand.NewPCG(3, 4))
	var list []ClockSample
	for i := range n {
		e := configs.Engine{TM: 1 << rng.IntN(3), TN: 2 << rng.IntN(3), TK: 4, BusBits: 32 << rng.IntN(4),
			Multiplier: configs.MulDSP}
		s := ClockSample{Routed: true, Share: 1, HeldOut: i%3 == 2}
		s.Control, s.Array = temporal.Engine{}.ClockFeatures(e, configs.ECP5)
		ns := 8 + 0.5*math.Log2(float64(e.BusBits)/32)
		if ns *= 1 + noise*(2*rng.Float64()-1); s.HeldOut {
			ns *= 2
		}
		s.ControlNS = [3]float64{ns, ns, ns}
		list = append(list, s)
	}
	return list
}

// Of engines that were placed and routed one set of terms is fitted, to those that are not held out, with the largest
// error of one of them; what is held out is off by what it is.
func TestRoutedClock(t *testing.T) {
	samples := routed(60, 0.02)
	got, err := Clock(names, samples)
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v; expected terms of %s alone", got, err, hwmodel.Routed)
	}
	terms := got[hwmodel.Routed]
	for name, want := range map[string]float64{"base": 8, "bus": 0.5, "level": 0} {
		t.Run(name, func(t *testing.T) {
			if math.Abs(terms[name]-want) > 0.1 {
				t.Errorf("%s: %g ns, expected about %g", name, terms[name], want)
			}
		})
	}
	fitted, held := ClockResiduals(names, got, samples, false), ClockResiduals(names, got, samples, true)
	if len(fitted) != 1 || fitted[0].Designs != 40 || held[0].Designs != 20 {
		t.Fatalf("%+v fitted to, %+v held out; expected 40 and 20 designs", fitted, held)
	}
	if fitted[0].Worst > 0.04 || math.Abs(terms[hwmodel.RoutedSpread]-fitted[0].Worst) > 1e-4 {
		t.Errorf("off by %g at most, spread %g", fitted[0].Worst, terms[hwmodel.RoutedSpread])
	}
	if held[0].Mean < 0.9 || held[0].Worst > 1.1 {
		t.Errorf("held out, twice as slow: %+v", held[0])
	}
	for i := range samples {
		samples[i].HeldOut = true
	}
	if _, err := Clock(names, samples); err == nil {
		t.Error("no error where all are held out")
	}
}
