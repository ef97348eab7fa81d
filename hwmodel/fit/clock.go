package fit

import (
	"errors"
	"math"

	"vitdse/hwmodel"
)

// ClockSample is what static timing says of one netlist, or place and route of one engine.
type ClockSample struct {
	Design         string
	HeldOut        bool
	Control, Array hwmodel.ClockAmounts // of hwmodel.Clocked
	Share          float64              // of the part's speed grade, of the delays at -1

	// The longest ways that end outside of the array and in it, ns, by the models of the wires; 0 where the netlist has
	// none.
	ControlNS, ArrayNS [3]float64

	// Routed is that the engine was placed and routed: ControlNS has the mean period of its seeds then, three times.
	Routed bool
}

// wiresOf are the models of the wires that samples are timed with, or hwmodel.Routed alone.
func wiresOf(samples []ClockSample) []string {
	for _, s := range samples {
		if s.Routed {
			return []string{hwmodel.Routed}
		}
	}
	return hwmodel.Wires[:]
}

// Clock finds the terms of the clock's period with the least residuals over the samples that are not held out: by the
// model of the wires, and by name. Names are those of hwmodel.Clocked. The ways outside of the array and in it are
// fitted apart; terms of arrays that no sample has are 0.
func Clock(names []string, samples []ClockSample) (map[string]map[string]float64, error) {
	all := map[string]map[string]float64{}
	of := wiresOf(samples)
	for i, wires := range of {
		terms := make([]float64, len(names))
		for _, way := range []struct {
			amounts func(ClockSample) hwmodel.ClockAmounts
			ns      func(ClockSample) float64
		}{
			{func(s ClockSample) hwmodel.ClockAmounts { return s.Control },
				func(s ClockSample) float64 { return s.ControlNS[i] }},
			{func(s ClockSample) hwmodel.ClockAmounts { return s.Array }, func(s ClockSample) float64 { return s.ArrayNS[i] }},
		} {
			var rows []row
			var used [16]bool
			for _, s := range samples {
				a, ns := way.amounts(s), way.ns(s)/s.Share
				if s.HeldOut || ns == 0 || a == (hwmodel.ClockAmounts{}) {
					continue
				}
				rows = append(rows, row{measured: ns, amounts: a[:len(names)]})
				for k, x := range a {
					used[k] = used[k] || x != 0
				}
			}
			draw := slight
			if wires == hwmodel.Routed {
				draw = pull(len(rows))
			}
			if err := fitWay(rows, used[:len(names)], terms, draw); err != nil {
				return nil, err
			}
		}
		all[wires] = map[string]float64{}
		for k, name := range names {
			all[wires][name] = short(terms[k])
		}
	}
	if all[of[0]][names[0]] == 0 {
		return nil, errors.New("no design to fit the clock to: none that is not held out was timed")
	}
	if of[0] == hwmodel.Routed {
		all[hwmodel.Routed][hwmodel.RoutedSpread] = short(ClockResiduals(names, all, samples, false)[0].Worst)
	}
	return all, nil
}

// slight pulls terms that no sample tells apart to less, and others not.
const slight = 1e-8

// fitWay fits the terms that rows use, each in ns from 1 on. The first is what rows without any other have, their mean
// before it is fitted; what draws terms draws the others to 0.
func fitWay(rows []row, used []bool, terms []float64, draw float64) error {
	var at []int
	for k, u := range used {
		if u {
			at = append(at, k)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	few, x0, scale := make([]row, len(rows)), make([]float64, len(at)), make([]float64, len(at))
	for i, r := range rows {
		few[i].measured = r.measured
		for _, k := range at {
			few[i].amounts = append(few[i].amounts, r.amounts[k])
		}
	}
	for i := range scale {
		scale[i] = 1
	}
	for _, r := range rows {
		x0[0] += r.measured / float64(len(rows))
	}
	x, err := minimize(few, x0, scale, draw)
	for i, k := range at {
		if err == nil {
			terms[k] = x[i]
		}
	}
	return err
}

// ClockResidual is how far the terms are off over some samples, of MHz with one model of the wires, or routed.
type ClockResidual struct {
	Wires       string
	Designs     int
	Mean, Worst float64 // of |estimate/static - 1|
}

// ClockResiduals says how far terms are off, by the model of the wires, over the samples with a way outside of the
// array that are held out or over those that are not.
func ClockResiduals(names []string, terms map[string]map[string]float64, samples []ClockSample,
	heldOut bool) []ClockResidual {
	of := wiresOf(samples)
	out := make([]ClockResidual, len(of))
	for i, wires := range of {
		out[i].Wires = wires
		var t hwmodel.ClockAmounts
		for k, name := range names {
			t[k] = terms[wires][name]
		}
		r := &out[i]
		for _, s := range samples {
			if s.HeldOut != heldOut || s.ControlNS[i] == 0 {
				continue
			}
			e := math.Abs(max(s.ControlNS[i], s.ArrayNS[i])/(s.Share*hwmodel.ClockPeriod(&t, &s.Control, &s.Array)) - 1)
			r.Designs++
			r.Mean += (e - r.Mean) / float64(r.Designs)
			r.Worst = max(r.Worst, e)
		}
	}
	return out
}
