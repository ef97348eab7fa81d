package dse

import (
	"fmt"
	"math"

	"vitdse/dse/noise"
)

// Bound is a limit of a metric, in the metric's unit: a minimum for those that are better
// when higher, else a maximum.
type Bound struct {
	Metric Metric  `json:"metric"`
	Value  float64 `json:"value"`
}

// String names the bound as a setting does: max_dsp 1200.
func (b Bound) String() string {
	word := "max"
	if x, err := b.Metric.info(); err == nil && x.higher {
		word = "min"
	}
	return fmt.Sprintf("%s_%s %g", word, b.Metric, b.Value)
}

func checkBounds(list []Bound) error {
	for _, b := range list {
		x, err := b.Metric.info()
		if err != nil {
			return fmt.Errorf("limits: %w", err)
		}
		if math.IsNaN(b.Value) || b.Value < 0 || x.higher && b.Value == 0 {
			return fmt.Errorf("limits: %s is %g %s; expected a number above 0", b.Metric, b.Value, x.unit)
		}
	}
	return nil
}

// ceiling is the cost at which a bound is just met; best is the space's least noise.
func (b Bound) ceiling(best float64) float64 {
	x, err := b.Metric.info()
	if err != nil {
		return b.Value
	}
	return x.read(b.Value, best)
}

// ceilings are bounds as costs, those of one kind together.
type ceilings struct {
	static  []ceiling
	seconds float64     // +Inf without a limit
	energy  float64     // J, likewise
	bytes   int64       // 0 without
	noise   noise.Femto // 0 without
}

type ceiling struct {
	bound Bound
	info  *metricInfo
	cost  float64
}

func newCeilings(l Limits, best noise.Femto) ceilings {
	c := ceilings{seconds: math.Inf(1), energy: math.Inf(1)}
	most := l.noise(best.Power())
	for _, b := range l.Bounds {
		at := b.ceiling(best.Power())
		info, _ := b.Metric.info() // checkBounds has seen it
		switch {
		case info.static:
			c.static = append(c.static, ceiling{b, info, at})
		case b.Metric == Bytes:
			c.bytes = int64(at)
		case b.Metric == Energy:
			c.energy = min(c.energy, at)
		case b.Metric == Loss:
			most = min(most, at)
		default:
			c.seconds = min(c.seconds, at)
		}
	}
	if !math.IsInf(most, 1) {
		// The largest sum whose power is within the limit, so that both ways to ask agree.
		c.noise = noise.Femto(math.Ceil(most * 1e15))
		for c.noise > 0 && c.noise.Power() > most {
			c.noise--
		}
	}
	return c
}

// over is the static limit that a point exceeds by the largest factor, nil if there is none.
func (c *ceilings) over(q *Quantities) *ceiling {
	var worst *ceiling
	most := 1.0
	for i := range c.static {
		x := &c.static[i]
		if by := x.info.cost(q) / x.cost; by > most {
			worst, most = x, by
		}
	}
	return worst
}
