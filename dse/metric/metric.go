// Package metric lists what a design point can be good at: one line a metric, with its unit, how it is read from an
// estimate, and which key of a run's file limits it. Searches minimise a metric's cost, tables show its value.
package metric

import (
	"fmt"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/dse/noise"
	"vitdse/hwmodel"
)

// Quantities is all that is known of one design point before it is measured.
type Quantities struct {
	Estimate hwmodel.Estimate
	Noise    float64 // predicted power of the logits' error over their own
	Peak     hwmodel.Power
}

// Of adds to a price what metrics need besides.
func Of(d configs.Design, part configs.Part, e hwmodel.Estimate, noise float64) Quantities {
	return Quantities{e, noise, peakPower(d.Engine, d.ClockMHz, part, e.Resources)}
}

// peakPower is the power with the bus never idle: the most that the estimate can come to. It
// is what limits and fronts go by, since the average over an image falls with its time: a
// slower network would be the better one.
func peakPower(e configs.Engine, clockMHz float64, part configs.Part, r hwmodel.Resources) hwmodel.Power {
	return hwmodel.PowerOf(r, part, clockMHz, min(float64(e.BusBits)/8*clockMHz*1e6, part.BandwidthGBs*1e9))
}

// Metric names a quantity of a design point: something to optimise or to limit.
type Metric string

// The metrics, with the unit that limits and tables give them in.
const (
	Latency    Metric = "latency" // ms an image
	throughput Metric = "fps"     // images/s
	luts       Metric = "lut"     // LUTs, those used as memory included
	ffs        Metric = "ff"
	dsps       Metric = "dsp"
	brams      Metric = "bram18" // blocks of 18 Kb
	urams      Metric = "uram"
	lutrams    Metric = "lutram" // LUTs used as memory
	LargestUse Metric = "use"    // largest share of a usable budget, in percent
	Bytes      Metric = "bytes"  // off-chip, read and written, an image
	Watts      Metric = "power"  // W with the bus never idle, as hwmodel.PowerOf estimates it
	Energy     Metric = "energy" // mJ an image, as hwmodel.PowerOf estimates it
	Loss       Metric = "loss"   // of the logits' SQNR, in dB below the space's best
	// Top1 is of measured fronts alone: the share of right classes. Searches take the loss for it.
	Top1 Metric = "top1"
)

// Info is how a metric is computed and limited.
type Info struct {
	Name   Metric
	Unit   string
	Higher bool // better when higher: the limit is a minimum
	Static bool // it depends on engine, clock and widths alone

	// cost falls as points get better, and metrics that order points alike have the same cost: latency and fps are both
	// seconds, loss is noise power.
	Cost func(*Quantities) float64
	// show is a cost in the unit, and read the cost of a value in the unit; best is the space's least noise.
	Show, Read func(v, best float64) float64
	// limit is what a run's file limits it to, 0 for nothing; nil where limits of accuracy do.
	Limit func(configs.DesignLimits) float64
}

func same(v, _ float64) float64 { return v }

func times(by float64) func(v, _ float64) float64 {
	return func(v, _ float64) float64 { return v * by }
}

func over(by float64) func(v, _ float64) float64 { return func(v, _ float64) float64 { return v / by } }

func inverse(v, _ float64) float64 { return 1 / v }

func seconds(q *Quantities) float64 { return q.Estimate.Seconds }

var metricTable = []Info{
	{Latency, "ms", false, false, seconds, times(1e3), over(1e3),
		func(l configs.DesignLimits) float64 { return l.MaxLatency }},
	{throughput, "images/s", true, false, seconds, inverse, inverse,
		func(l configs.DesignLimits) float64 { return l.MinFPS }},
	{luts, "LUTs", false, true, func(q *Quantities) float64 { return float64(q.Estimate.Resources.LUT) }, same, same,
		func(l configs.DesignLimits) float64 { return l.MaxLUT }},
	{ffs, "FFs", false, true, func(q *Quantities) float64 { return float64(q.Estimate.Resources.FF) }, same, same,
		func(l configs.DesignLimits) float64 { return l.MaxFF }},
	{dsps, "DSPs", false, true, func(q *Quantities) float64 { return float64(q.Estimate.Resources.DSP) }, same, same,
		func(l configs.DesignLimits) float64 { return l.MaxDSP }},
	{brams, "blocks", false, true, func(q *Quantities) float64 { return float64(q.Estimate.Resources.BRAM18) }, same, same,
		func(l configs.DesignLimits) float64 { return l.MaxBRAM18 }},
	{urams, "blocks", false, true, func(q *Quantities) float64 { return float64(q.Estimate.Resources.URAM) }, same, same,
		func(l configs.DesignLimits) float64 { return l.MaxURAM }},
	{lutrams, "LUTs", false, true, func(q *Quantities) float64 { return float64(q.Estimate.Resources.LUTRAM) }, same, same,
		func(l configs.DesignLimits) float64 { return l.MaxLUTRAM }},
	{LargestUse, "%", false, true, func(q *Quantities) float64 { _, u := q.Estimate.Use.Largest(); return u },
		times(100), over(100),
		func(l configs.DesignLimits) float64 { return l.MaxUse }},
	{Bytes, "bytes", false, false,
		func(q *Quantities) float64 { return float64(q.Estimate.BytesRead + q.Estimate.BytesWritten) }, same, same,
		func(l configs.DesignLimits) float64 { return l.MaxBytes }},
	{Watts, "W", false, true, func(q *Quantities) float64 { return q.Peak.Total() }, same, same,
		func(l configs.DesignLimits) float64 { return l.MaxPower }},
	{Energy, "mJ", false, false, func(q *Quantities) float64 { return q.Estimate.EnergyJ() }, times(1e3), over(1e3),
		func(l configs.DesignLimits) float64 { return l.MaxEnergy }},
	{Loss, "dB", false, false, func(q *Quantities) float64 { return q.Noise },
		func(c, best float64) float64 { return noise.Decibels(best) - noise.Decibels(c) },
		func(v, best float64) float64 { return best * noise.Ratio(-v) }, nil},
	{Top1, "points", false, false, func(q *Quantities) float64 { return q.Noise }, same, same, nil},
}

// All lists the metrics in the order in which people read them.
func All() []Info { return slices.Clone(metricTable) }

// metricNames lists the names of all metrics.
func metricNames() []string {
	var names []string
	for _, m := range metricTable {
		names = append(names, string(m.Name))
	}
	return names
}

// Info looks a metric up; an unknown one is an error that lists them.
func (m Metric) Info() (*Info, error) {
	i := slices.IndexFunc(metricTable, func(x Info) bool { return x.Name == m })
	if i < 0 {
		return nil, fmt.Errorf("unknown metric %q; expected one of %s", string(m), strings.Join(metricNames(), ", "))
	}
	return &metricTable[i], nil
}

// Timed says whether the metric is of the time that an image takes.
func (m Metric) Timed() bool { return m == Latency || m == throughput }

// Unit is what limits and tables give the metric in.
func (m Metric) Unit() string {
	if x, err := m.Info(); err == nil {
		return x.Unit
	}
	return ""
}

// CheckObjectives asks for two to four known metrics, each once.
func CheckObjectives(list []Metric) error {
	if len(list) < 2 || len(list) > 4 {
		return fmt.Errorf("%d objectives; expected two to four of %s", len(list), strings.Join(metricNames(), ", "))
	}
	for i, m := range list {
		if _, err := m.Info(); err != nil {
			return fmt.Errorf("objectives: %w", err)
		}
		if slices.Contains(list[:i], m) {
			return fmt.Errorf("objectives: %s is listed twice", m)
		}
	}
	return nil
}

// PredictedObjectives are those that a search goes by: the loss takes the place of top-1, which is
// known of measured points only and which the signal-to-noise ratio ranks well.
func PredictedObjectives(list []Metric) ([]Metric, error) {
	if !slices.Contains(list, Top1) {
		return list, nil
	}
	if err := CheckObjectives(list); err != nil {
		return nil, err
	}
	var predicted []Metric
	for _, o := range list {
		if o == Top1 {
			o = Loss
		}
		if !slices.Contains(predicted, o) {
			predicted = append(predicted, o)
		}
	}
	if len(predicted) < 2 {
		return nil, fmt.Errorf("objectives are %s and %s alone, which a search does not tell apart; "+
			"add one of time or resources", list[0], list[1])
	}
	return predicted, nil
}

// Duration prints seconds with a unit, to three digits.
func Duration(s float64) string {
	switch {
	case s >= 1:
		return fmt.Sprintf("%.3g s", s)
	case s >= 1e-3:
		return fmt.Sprintf("%.3g ms", s*1e3)
	}
	return fmt.Sprintf("%.3g us", s*1e6)
}
