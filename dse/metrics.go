package dse

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

// quantities adds to a price what metrics need besides.
func quantities(d configs.Design, part configs.Part, e hwmodel.Estimate, noise float64) Quantities {
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
	Throughput Metric = "fps"     // images/s
	LUTs       Metric = "lut"     // LUTs, those used as memory included
	FFs        Metric = "ff"
	DSPs       Metric = "dsp"
	BRAMs      Metric = "bram18" // blocks of 18 Kb
	URAMs      Metric = "uram"
	LUTRAMs    Metric = "lutram" // LUTs used as memory
	LargestUse Metric = "use"    // largest share of a usable budget, in percent
	Bytes      Metric = "bytes"  // off-chip, read and written, an image
	Watts      Metric = "power"  // W with the bus never idle, as hwmodel.PowerOf estimates it
	Energy     Metric = "energy" // mJ an image, as hwmodel.PowerOf estimates it
	Loss       Metric = "loss"   // of the logits' SQNR, in dB below the space's best
)

// metricInfo is how a metric is computed. cost falls as points get better, and metrics that
// order points alike have the same cost: latency and fps are both seconds, loss is
// noise power.
type metricInfo struct {
	name   Metric
	unit   string
	higher bool // better when higher: the limit is a minimum
	cost   func(*Quantities) float64
	show   func(cost, best float64) float64 // the value in the unit; best is the space's least noise
}

func same(cost, _ float64) float64 { return cost }

var metricTable = []metricInfo{
	{Latency, "ms", false, func(q *Quantities) float64 { return q.Estimate.Seconds },
		func(c, _ float64) float64 { return c * 1e3 }},
	{Throughput, "images/s", true, func(q *Quantities) float64 { return q.Estimate.Seconds },
		func(c, _ float64) float64 { return 1 / c }},
	{LUTs, "LUTs", false, func(q *Quantities) float64 { return float64(q.Estimate.Resources.LUT) }, same},
	{FFs, "FFs", false, func(q *Quantities) float64 { return float64(q.Estimate.Resources.FF) }, same},
	{DSPs, "DSPs", false, func(q *Quantities) float64 { return float64(q.Estimate.Resources.DSP) }, same},
	{BRAMs, "blocks", false, func(q *Quantities) float64 { return float64(q.Estimate.Resources.BRAM18) }, same},
	{URAMs, "blocks", false, func(q *Quantities) float64 { return float64(q.Estimate.Resources.URAM) }, same},
	{LUTRAMs, "LUTs", false, func(q *Quantities) float64 { return float64(q.Estimate.Resources.LUTRAM) }, same},
	{LargestUse, "%", false, func(q *Quantities) float64 { _, u := q.Estimate.Use.Largest(); return u },
		func(c, _ float64) float64 { return 100 * c }},
	{Bytes, "bytes", false, func(q *Quantities) float64 { return float64(q.Estimate.BytesRead + q.Estimate.BytesWritten) },
		same},
	{Watts, "W", false, func(q *Quantities) float64 { return q.Peak.Total() }, same},
	{Energy, "mJ", false, func(q *Quantities) float64 { return q.Estimate.EnergyJ() },
		func(c, _ float64) float64 { return 1e3 * c }},
	{Loss, "dB", false, func(q *Quantities) float64 { return q.Noise },
		func(c, best float64) float64 { return noise.Decibels(best) - noise.Decibels(c) }},
	{Top1, "points", false, func(q *Quantities) float64 { return q.Noise }, same},
}

// metricNames lists the names of all metrics.
func metricNames() []string {
	var names []string
	for _, m := range metricTable {
		names = append(names, string(m.name))
	}
	return names
}

// info looks a metric up; an unknown one is an error that lists them.
func (m Metric) info() (*metricInfo, error) {
	i := slices.IndexFunc(metricTable, func(x metricInfo) bool { return x.name == m })
	if i < 0 {
		return nil, fmt.Errorf("unknown metric %q; expected one of %s", string(m), strings.Join(metricNames(), ", "))
	}
	return &metricTable[i], nil
}

// Unit is what limits and tables give the metric in.
func (m Metric) Unit() string {
	if x, err := m.info(); err == nil {
		return x.unit
	}
	return ""
}

// checkObjectives asks for two to four known metrics, each once.
func checkObjectives(list []Metric) error {
	if len(list) < 2 || len(list) > 4 {
		return fmt.Errorf("%d objectives; expected two to four of %s", len(list), strings.Join(metricNames(), ", "))
	}
	for i, m := range list {
		if _, err := m.info(); err != nil {
			return fmt.Errorf("objectives: %w", err)
		}
		if slices.Contains(list[:i], m) {
			return fmt.Errorf("objectives: %s is listed twice", m)
		}
	}
	return nil
}
