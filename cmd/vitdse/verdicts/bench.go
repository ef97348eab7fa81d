package verdicts

import (
	"fmt"

	"vitdse/cmd/vitdse/number"
	"vitdse/emit/verify"
)

// CycleColumns are the columns of Cycles.
var CycleColumns = []string{"cycles predicted", "measured", "use %", "padding %", "drain %", "waiting %", "start %",
	"image, store %", "<clock MHz", "FPS, one image", "queued: cycles predicted", "measured", "FPS, queued",
	"elements", "mismatches", "s", "cycles/s"}

// Cycles is a row that says where the cycles of a verified engine go, at a clock in MHz, with what is said of that.
func Cycles(r *verify.Report, mhz float64, clock string) []string {
	var spent verify.Spent
	var mismatches int64
	for _, o := range r.Ops {
		for i, c := range o.Spent {
			spent[i] += c
		}
		mismatches += o.Mismatches
	}
	share := func(cycles ...int64) string {
		var sum int64
		for _, c := range cycles {
			sum += c
		}
		return fmt.Sprintf("%.1f", 100*float64(sum)/float64(r.MeasuredCycles))
	}
	rate := func(cycles int64) string { return fmt.Sprintf("%.0f", mhz*1e6/float64(cycles)) }
	use := r.Utilisation()
	padding := float64(spent[0])/float64(r.MeasuredCycles) - use
	queued := []string{"-", "-", "-"}
	if r.MeasuredQueued > 0 {
		queued = []string{number.Count(r.PredictedQueued), number.Count(r.MeasuredQueued), rate(r.MeasuredQueued)}
	}
	return []string{number.Count(r.PredictedCycles), number.Count(r.MeasuredCycles),
		fmt.Sprintf("%.1f", 100*use), fmt.Sprintf("%.1f", 100*padding),
		share(spent[1]), share(spent[2:6]...), share(spent[6]), share(spent[7:]...), clock, rate(r.MeasuredCycles),
		queued[0], queued[1], queued[2], number.Count(r.Elements()), number.Count(mismatches + r.LogitMismatches),
		fmt.Sprintf("%.1f", r.SimSeconds), number.Count(int64(r.CyclesPerSecond))}
}
