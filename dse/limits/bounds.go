package limits

import (
	"fmt"
	"math"

	"vitdse/dse/metric"
	"vitdse/dse/noise"
)

// Bound is a limit of a metric, in the metric's unit: a minimum for those that are better
// when higher, else a maximum.
type Bound struct {
	Metric metric.Metric `json:"metric"`
	Value  float64       `json:"value"`
}

// String names the bound as a setting does: max_dsp 1200.
func (b Bound) String() string {
	word := "max"
	if x, err := b.Metric.Info(); err == nil && x.Higher {
		word = "min"
	}
	return fmt.Sprintf("%s_%s %g", word, b.Metric, b.Value)
}

func Check(list []Bound) error {
	for _, b := range list {
		x, err := b.Metric.Info()
		if err != nil {
			return fmt.Errorf("limits: %w", err)
		}
		if math.IsNaN(b.Value) || b.Value < 0 || x.Higher && b.Value == 0 {
			return fmt.Errorf("limits: %s is %g %s; expected a number above 0", b.Metric, b.Value, x.Unit)
		}
	}
	return nil
}

// Ceiling is the cost at which a bound is just met; best is the space's least noise.
func (b Bound) Ceiling(best float64) float64 {
	x, err := b.Metric.Info()
	if err != nil {
		return b.Value
	}
	return x.Read(b.Value, best)
}

// Ceilings are bounds as costs, those of one kind together.
type Ceilings struct {
	Static  []ceiling
	Seconds float64     // +Inf without a limit
	Energy  float64     // J, likewise
	Bytes   int64       // 0 without
	Noise   noise.Femto // 0 without
}

type ceiling struct {
	Bound Bound
	Info  *metric.Info
	Cost  float64
}

func NewCeilings(l Limits, best noise.Femto) Ceilings {
	c := Ceilings{Seconds: math.Inf(1), Energy: math.Inf(1)}
	most := l.Noise(best.Power())
	for _, b := range l.Bounds {
		at := b.Ceiling(best.Power())
		info, _ := b.Metric.Info() // Check has seen it
		switch {
		case info.Static:
			c.Static = append(c.Static, ceiling{b, info, at})
		case b.Metric == metric.Bytes:
			c.Bytes = int64(at)
		case b.Metric == metric.Energy:
			c.Energy = min(c.Energy, at)
		case b.Metric == metric.Loss:
			most = min(most, at)
		default:
			c.Seconds = min(c.Seconds, at)
		}
	}
	if !math.IsInf(most, 1) {
		// The largest sum whose power is within the limit, so that both ways to ask agree.
		c.Noise = noise.Femto(math.Ceil(most * 1e15))
		for c.Noise > 0 && c.Noise.Power() > most {
			c.Noise--
		}
	}
	return c
}

// Over is the static limit that a point exceeds by the largest factor, nil if there is none.
func (c *Ceilings) Over(q *metric.Quantities) *ceiling {
	var worst *ceiling
	most := 1.0
	for i := range c.Static {
		x := &c.Static[i]
		if by := x.Info.Cost(q) / x.Cost; by > most {
			worst, most = x, by
		}
	}
	return worst
}
