package fit

import (
	"math"
	"math/rand/v2"
	"testing"

	"vitdse/configs"
	"vitdse/hwmodel"
)

// synthetic makes designs whose LUTs are 50 + 7*lanes + 1.5*bits + structure exactly, but for
// noise, with one that synthesis treats in its own way.
func synthetic(n int, noise float64) []Sample {
	rng := rand.New(rand.NewPCG(1, 2))
	var list []Sample
	for i := range n {
		lanes, bits, structure := float64(1+rng.IntN(32)), float64(rng.IntN(400)), float64(rng.IntN(300))
		lut := (50 + 7*lanes + 1.5*bits + structure) * (1 + noise*rng.NormFloat64())
		if i == 3 {
			lut *= 1.5
		}
		list = append(list, Sample{HeldOut: i%2 == 1, Measured: map[string]hwmodel.Resources{"m": {LUT: int(math.Round(lut))}},
			Model: []hwmodel.Fitted{{Module: "m", Structure: structure, Terms: []hwmodel.FittedTerm{
				{Name: "m.base", Amount: 1}, {Name: "m.lane", Amount: lanes}, {Name: "m.bit", Amount: bits}}}}})
	}
	return list
}

func TestRefitFindsTheCoefficients(t *testing.T) {
	start := configs.Coefficients{LUT: map[string]float64{"m.base": 10, "m.lane": 20, "m.bit": 0, "other.base": 5}}
	samples := synthetic(60, 0.005)
	samples[2], samples[3] = samples[3], samples[2]
	samples[2].HeldOut = false // the odd one is among those fitted to
	got, err := Refit(start, samples)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"m.base": 50, "m.lane": 7, "m.bit": 1.5, "other.base": 5} {
		t.Run(name, func(t *testing.T) {
			if v := got.LUT[name]; math.Abs(v-want) > 0.05*want+1 {
				t.Errorf("%s is %g; expected about %g", name, v, want)
			}
		})
	}
	if start.LUT["m.lane"] != 20 || got.Reports != 31 {
		t.Errorf("the start has changed to %v, or %d designs fitted, expected 31", start.LUT, got.Reports)
	}
	before, after := Residuals(start, samples, true)[0], Residuals(got, samples, true)[0]
	if after.Mean > 0.01 || before.Mean < 0.2 || after.Designs != 29 {
		t.Errorf("held out: %+v before, %+v after", before, after)
	}
	sum, share, worst := 0.0, 0.0, 0.0
	for _, s := range samples {
		if m, y := s.Model[0], float64(s.Measured["m"].LUT); s.HeldOut {
			off := math.Abs(m.Structure + 10 + 20*m.Terms[1].Amount - y)
			sum, share, worst = sum+off, share+off/y, max(worst, off/y)
		}
	}
	if math.Abs(before.MeanAbs-sum/29) > 1e-9*sum || math.Abs(before.Mean-share/29) > 1e-9 ||
		math.Abs(before.Worst-worst) > 1e-9 || before.Module != "m" {
		t.Errorf("before: %+v; expected %g LUTs and a share of %g in the mean, %g at the worst",
			before, sum/29, share/29, worst)
	}
}

// A sum is of all modules that a design has, where it has many.
func TestSums(t *testing.T) {
	s := Sample{Measured: map[string]hwmodel.Resources{}}
	for i := range sumOf {
		name := string(rune('a' + i))
		s.Measured[name] = hwmodel.Resources{LUT: 10}
		s.Model = append(s.Model, hwmodel.Fitted{Module: name, Structure: 5,
			Terms: []hwmodel.FittedTerm{{Name: name, Amount: 2}}})
	}
	few := Sample{Measured: s.Measured, Model: s.Model[1:]}
	c := configs.Coefficients{LUT: map[string]float64{"a": 10}} // 25 and nine times 5 for 100
	if r := Sums(c, []Sample{s, few}, false); r.Designs != 1 || math.Abs(r.Mean-0.3) > 1e-9 || r.Worst != r.Mean ||
		r.MeanAbs != 30 {
		t.Errorf("%+v", r)
	}
}

// Terms of a clock that made its samples are found, of each way.
func TestClock(t *testing.T) {
	want := hwmodel.ClockAmounts{5, 2, 5.5, 2, 1}
	rng := rand.New(rand.NewPCG(3, 4))
	var samples []ClockSample
	for i := range 40 {
		s := ClockSample{HeldOut: i%2 == 1, Share: 0.84}
		s.Control = hwmodel.ClockAmounts{1, float64(rng.IntN(2))}
		if rng.IntN(2) == 0 {
			s.Array[2] = 1
		} else {
			s.Array[3], s.Array[4] = 1, float64(1+rng.IntN(4))
		}
		none := hwmodel.ClockAmounts{}
		for w := range s.ControlNS {
			s.ControlNS[w] = s.Share * hwmodel.ClockPeriod(&want, &s.Control, &none)
			s.ArrayNS[w] = s.Share * hwmodel.ClockPeriod(&want, &none, &s.Array)
		}
		samples = append(samples, s)
	}
	got, err := Clock(names, samples)
	if err != nil {
		t.Fatal(err)
	}
	for _, heldOut := range []bool{false, true} {
		for w, r := range ClockResiduals(names, got, samples, heldOut) {
			if r.Designs != 20 || r.Worst > 0.005 {
				t.Errorf("held out %t, %s wires: %+v, terms %v", heldOut, hwmodel.Wires[w], r, got)
			}
		}
	}
	if _, err := Clock(names, samples[1:2]); err == nil {
		t.Error("no error though the only design is held out")
	}
}

func TestRefitWantsDesigns(t *testing.T) {
	samples := synthetic(2, 0)
	samples[0].HeldOut = true
	if _, err := Refit(configs.Coefficients{LUT: map[string]float64{}}, samples); err == nil {
		t.Error("no error though every design is held out")
	}
}
