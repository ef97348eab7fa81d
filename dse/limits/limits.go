// Package limits holds what a run asks of a design point: its objectives, the accuracy that it must reach, and bounds
// of metrics; and the same as costs, which the exact search compares with.
package limits

import (
	"fmt"
	"math"

	"vitdse/configs"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
)

// Limits are the accuracy that a point must reach, in dB of the logits'
// signal-to-noise ratio against the float network. Whether a design fits its part is no
// limit: every point of a front does.
type Limits struct {
	MaxLossDB float64 `json:"max_loss_db"` // below the space's best ratio; 0: no limit
	MinSQNRDB float64 `json:"min_sqnr_db"` // 0: no limit
	// MaxTop1Loss is of measured points only: points of top-1, 0..100, below the space's best; 0: no limit.
	MaxTop1Loss float64 `json:"max_top1_loss,omitempty"`
	Bounds      []Bound `json:"bounds,omitempty"`
}

// DefaultObjectives are those of a run that names none.
var DefaultObjectives = []metric.Metric{metric.Latency, metric.LargestUse, metric.Loss}

// Of reads the limits of a run.
func Of(r configs.Run) Limits {
	l := Limits{MaxLossDB: r.MaxLossDB, MinSQNRDB: r.MinSQNRDB, MaxTop1Loss: r.MaxTop1Loss}
	for _, m := range metric.All() {
		if m.Limit == nil {
			continue
		}
		if v := m.Limit(r.Limits); v > 0 {
			l.Bounds = append(l.Bounds, Bound{m.Name, v})
		}
	}
	return l
}

// Objectives reads the objectives of a run; an unknown metric is an error that lists them.
func Objectives(r configs.Run) ([]metric.Metric, error) {
	if len(r.Objectives) == 0 {
		return DefaultObjectives, nil
	}
	var list []metric.Metric
	for _, name := range r.Objectives {
		list = append(list, metric.Metric(name))
	}
	return list, metric.CheckObjectives(list)
}

// Noise is the largest noise that the limits allow, given the least that the space's
// numerics reach on any engine; +Inf if there is no limit.
func (l Limits) Noise(best float64) float64 {
	limit := math.Inf(1)
	if l.MaxLossDB > 0 {
		limit = best * noise.Ratio(-l.MaxLossDB)
	}
	if l.MinSQNRDB > 0 {
		limit = min(limit, noise.Ratio(l.MinSQNRDB))
	}
	return limit
}

// Sqnr is the least ratio in dB that the limits allow, given the best in dB; -Inf if
// there is no limit.
func (l Limits) Sqnr(best float64) float64 {
	limit := math.Inf(-1)
	if l.MaxLossDB > 0 {
		limit = best - l.MaxLossDB
	}
	if l.MinSQNRDB > 0 {
		limit = max(limit, l.MinSQNRDB)
	}
	return limit
}

// Top1 says whether a measured top-1, 0..1, is near enough to that of the space's best. An image is at
// least a hundred-thousandth, which rounding must not decide.
func (l Limits) Top1(best, have float64) bool {
	return l.MaxTop1Loss == 0 || best-have <= l.MaxTop1Loss/100+1e-9
}

// Words says in a sentence's part which limit is the tighter one, given the best in dB.
func (l Limits) Words(best float64) string {
	switch {
	case l.MinSQNRDB > 0 && (l.MaxLossDB == 0 || l.MinSQNRDB >= best-l.MaxLossDB):
		return fmt.Sprintf("min_sqnr_db %g", l.MinSQNRDB)
	case l.MaxLossDB > 0:
		return fmt.Sprintf("max_loss_db %g below the space's best of %.2f dB", l.MaxLossDB, best)
	}
	return "no limit"
}
