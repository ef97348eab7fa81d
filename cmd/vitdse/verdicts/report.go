package verdicts

import (
	"fmt"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/emit/verify"
)

// Show prints the op table of a verification and the mismatches.
func Show(o *table.Output, r *verify.Report) error {
	if r.Target == configs.TargetHLS {
		return showHLS(o, r)
	}
	t := table.New("<op", "<kind", "<shape", "elements compared", "mismatches", "cycles predicted", "cycles measured")
	for _, op := range r.Ops {
		compared := number.Count(op.Compared)
		if op.Compared != op.Elements {
			compared += " of " + number.Count(op.Elements)
		}
		t.Add(op.Name, op.Kind, op.Shape, compared, number.Count(op.Mismatches), number.Count(op.Predicted),
			number.Count(op.Measured))
	}
	t.Add("total", "", "", number.Count(r.Elements()), "", number.Count(r.PredictedCycles), number.Count(r.MeasuredCycles))
	if err := o.Show(t); err != nil {
		return err
	}
	o.Printf("Elements are of the first %s, cycles of the first.\n", number.Plural(r.FullImages, "image"))
	o.Printf("All %s: %s cycles predicted, %s measured (%+.2f %%); simulated in %s at %s cycles/s%s.\n",
		number.Plural(r.LogitImages, "image"), number.Count(r.PredictedRun), number.Count(r.MeasuredRun),
		deviation(r.PredictedRun, r.MeasuredRun), number.Span(number.Seconds(r.SimSeconds)),
		number.Count(int64(r.CyclesPerSecond)), inProcesses(r.Processes))
	o.Printf("\nWhat the array's %s cycles of the first image were spent on (docs/ENGINE.md); "+
		"%.1f %% of its MACs are the network's:\n",
		number.Count(r.MeasuredCycles), 100*r.Utilisation())
	if err := o.Show(causeTable(r)); err != nil {
		return err
	}
	Mismatches(o, r)
	return nil
}

// inProcesses says how many processes shared the images, where there were several.
func inProcesses(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" in %d processes", n)
}

// showHLS says what of the HLS C++ was compared. It has no cycles of its own, and where
// nothing differs its table would repeat the RTL's.
func showHLS(o *table.Output, r *verify.Report) error {
	o.Printf("HLS C++, compiled: %d ops, %s elements of %s and %s logits of %d compared in %s.\n",
		len(r.Ops)-1, number.Count(r.Elements()), number.Plural(r.FullImages, "image"),
		number.Count(r.LogitCompared), r.LogitImages, number.Span(number.Seconds(r.SimSeconds)))
	if !r.OK {
		t := table.New("<op", "<kind", "<shape", "elements", "compared", "mismatches")
		for _, op := range r.Ops {
			if op.Mismatches > 0 || op.Compared != op.Elements {
				t.Add(op.Name, op.Kind, op.Shape, number.Count(op.Elements), number.Count(op.Compared), number.Count(op.Mismatches))
			}
		}
		if err := o.Show(t); err != nil {
			return err
		}
	}
	Mismatches(o, r)
	return nil
}

// Mismatches names the first elements that differ.
func Mismatches(o *table.Output, r *verify.Report) {
	const most = 10
	for i, m := range r.Mismatches {
		if i == most {
			o.Printf("and more: %d of the mismatches were recorded\n", len(r.Mismatches))
			break
		}
		o.Printf("mismatch: %s\n", m)
	}
}

// Slow says how the prediction of the cycles held with a slow memory.
func Slow(o *table.Output, r *verify.Report, opt verify.Options) {
	o.Printf("Again with %s, %s op by op: %s cycles predicted, %s measured (%+.2f %%).\n",
		Memory(opt), number.Plural(r.FullImages, "image"),
		number.Count(r.PredictedRun), number.Count(r.MeasuredRun), deviation(r.PredictedRun, r.MeasuredRun))
}

// deviation is the prediction's distance from the measurement in percent.
func deviation(predicted, measured int64) float64 {
	if measured == 0 {
		return 0
	}
	return 100 * float64(predicted-measured) / float64(measured)
}
