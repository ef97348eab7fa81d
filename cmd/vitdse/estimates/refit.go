package estimates

import (
	"fmt"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/hwmodel/fit"
)

// Clocks prints how far the clock is off static timing, before and after.
func Clocks(o *table.Output, names []string, start, fitted configs.Coefficients, samples []fit.ClockSample) error {
	t := table.New("<designs", "<wires", "number", "clock off by %, before", "worst", "after", "worst")
	for _, heldOut := range []bool{false, true} {
		before := fit.ClockResiduals(names, start.Clock, samples, heldOut)
		after := fit.ClockResiduals(names, fitted.Clock, samples, heldOut)
		for i, f := range after {
			if b := before[i]; f.Designs > 0 {
				was, wasWorst := number.Percent(b.Mean), number.Percent(b.Worst)
				if start.Clock[f.Wires] == nil {
					was, wasWorst = "-", "-"
				}
				t.Add(heldName(heldOut), f.Wires, number.Count(f.Designs), was, wasWorst, number.Percent(f.Mean),
					number.Percent(f.Worst))
			}
		}
	}
	o.Printf("clock against static timing of the same netlists, or place and route of the same engines:\n")
	return o.Show(t)
}

// Residuals prints every module's error before and after, of the designs fitted to and
// of those held out.
func Residuals(o *table.Output, start, fitted configs.Coefficients, samples []fit.Sample) error {
	for _, heldOut := range []bool{false, true} {
		before, after := fit.Residuals(start, samples, heldOut), fit.Residuals(fitted, samples, heldOut)
		if len(before) == 0 {
			continue
		}
		if sum := fit.Sums(start, samples, heldOut); sum.Designs > 0 {
			before, after = append(before, sum), append(after, fit.Sums(fitted, samples, heldOut))
		}
		t := table.New("<module", "designs", "LUT off by %, before", "worst", "after", "worst", "LUTs, after")
		for i, b := range before {
			f := after[i]
			t.Add(b.Module, number.Count(b.Designs), number.Percent(b.Mean), number.Percent(b.Worst),
				number.Percent(f.Mean), number.Percent(f.Worst), fmt.Sprintf("%.0f", f.MeanAbs))
		}
		o.Printf("designs %s, mean error of a module's LUTs:\n", heldName(heldOut))
		if err := o.Show(t); err != nil {
			return err
		}
	}
	return nil
}
