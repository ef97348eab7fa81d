package dse

import (
	"fmt"
	"math"

	"vitdse/configs"
)

// Limits are the accuracy that a point must reach, in dB of the logits'
// signal-to-noise ratio against the float network. Whether a design fits its part is no
// limit: every point of a front does.
type Limits struct {
	MaxLossDB float64 `json:"max_loss_db"` // below the space's best ratio; 0: no limit
	MinSQNRDB float64 `json:"min_sqnr_db"` // 0: no limit
	Bounds    []Bound `json:"bounds,omitempty"`
}

// LimitsOf reads the limits of a run.
func LimitsOf(r configs.Run) Limits {
	l := Limits{MaxLossDB: r.MaxLossDB, MinSQNRDB: r.MinSQNRDB}
	for _, b := range []Bound{{Latency, r.Limits.MaxLatency}, {Throughput, r.Limits.MinFPS}, {LUTs, r.Limits.MaxLUT}, {FFs, r.Limits.MaxFF},
		{DSPs, r.Limits.MaxDSP}, {BRAMs, r.Limits.MaxBRAM18}, {URAMs, r.Limits.MaxURAM}, {LUTRAMs, r.Limits.MaxLUTRAM},
		{LargestUse, r.Limits.MaxUse}, {Bytes, r.Limits.MaxBytes}, {Watts, r.Limits.MaxPower}, {Energy, r.Limits.MaxEnergy}} {
		if b.Value > 0 {
			l.Bounds = append(l.Bounds, b)
		}
	}
	return l
}

// ObjectivesOf reads the objectives of a run; an unknown metric is an error that lists them.
func ObjectivesOf(r configs.Run) ([]Metric, error) {
	if len(r.Objectives) == 0 {
		return DefaultObjectives, nil
	}
	var list []Metric
	for _, name := range r.Objectives {
		list = append(list, Metric(name))
	}
	return list, checkObjectives(list)
}

// noise is the largest noise that the limits allow, given the least that the space's
// numerics reach on any engine; +Inf if there is no limit.
func (l Limits) noise(best float64) float64 {
	limit := math.Inf(1)
	if l.MaxLossDB > 0 {
		limit = best * ratio(-l.MaxLossDB)
	}
	if l.MinSQNRDB > 0 {
		limit = min(limit, ratio(l.MinSQNRDB))
	}
	return limit
}

// sqnr is the least ratio in dB that the limits allow, given the best in dB; -Inf if
// there is no limit.
func (l Limits) sqnr(best float64) float64 {
	limit := math.Inf(-1)
	if l.MaxLossDB > 0 {
		limit = best - l.MaxLossDB
	}
	if l.MinSQNRDB > 0 {
		limit = max(limit, l.MinSQNRDB)
	}
	return limit
}

// words says in a sentence's part which limit is the tighter one, given the best in dB.
func (l Limits) words(best float64) string {
	switch {
	case l.MinSQNRDB > 0 && (l.MaxLossDB == 0 || l.MinSQNRDB >= best-l.MaxLossDB):
		return fmt.Sprintf("min_sqnr_db %g", l.MinSQNRDB)
	case l.MaxLossDB > 0:
		return fmt.Sprintf("max_loss_db %g below the space's best of %.2f dB", l.MaxLossDB, best)
	}
	return "no limit"
}

// Decibels is the ratio of signal to noise of a noise power that is relative to the
// signal's: -10 log10(noise), +Inf for no noise.
func Decibels(noise float64) float64 {
	if noise == 0 {
		return math.Inf(1)
	}
	return -10 * math.Log10(noise)
}

// ratio is the inverse of Decibels.
func ratio(db float64) float64 { return math.Pow(10, -db/10) }
