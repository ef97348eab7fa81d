package dse

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// Correction says how far the additive prediction is from what was measured, and the
// line through both that fits best: measured dB = OffsetDB + Slope * predicted dB,
// which for the noise is a factor and a power. It minimises the mean absolute error,
// which a few points that the prediction misses by far cannot pull away.
type Correction struct {
	OffsetDB float64  `json:"offset_db"`
	Slope    float64  `json:"slope"`
	Numerics int      `json:"numerics"` // measured choices of numerics it was fitted to
	Before   Residual `json:"before"`   // of the prediction as it is
	After    Residual `json:"after"`    // of the corrected prediction
}

// Residual is the error of predicted ratios in dB.
type Residual struct {
	MeanAbsDB float64 `json:"mean_abs_db"`
	MaxAbsDB  float64 `json:"max_abs_db"`
}

// SQNR corrects a predicted ratio in dB.
func (c Correction) SQNR(predicted float64) float64 { return c.OffsetDB + c.Slope*predicted }

func (c Correction) String() string {
	return fmt.Sprintf("measured = %.2f dB + %.3f * predicted, from %d choices of numerics; mean error %.2f dB before, "+
		"%.2f dB after (largest %.2f and %.2f)",
		c.OffsetDB, c.Slope, c.Numerics, c.Before.MeanAbsDB, c.After.MeanAbsDB, c.Before.MaxAbsDB, c.After.MaxAbsDB)
}

// pairs lists predicted and measured ratios in dB, one for each choice of numerics.
func (f *Front) pairs() [][2]float64 {
	seen := map[string]bool{}
	var list [][2]float64
	for _, p := range f.Points {
		if p.Measured != nil && !seen[p.Numerics] {
			seen[p.Numerics] = true
			list = append(list, [2]float64{p.SQNRDB, p.Measured.SQNRDB})
		}
	}
	return list
}

// fitFewest is the number of pairs below which two coefficients say nothing.
const fitFewest = 8

// fitCorrection fits a line to pairs of predicted and measured ratios; nil if there are
// too few of them.
func fitCorrection(pairs [][2]float64) *Correction {
	if len(pairs) < fitFewest {
		return nil
	}
	// Sorted, so that the sums do not depend on the order of the points; centred, so that
	// offset and slope do not trade.
	slices.SortFunc(pairs, func(a, b [2]float64) int { return slices.Compare(a[:], b[:]) })
	center := pairs[len(pairs)/2][0]
	problem := optimize.Problem{Func: func(x []float64) float64 {
		return residual(pairs, func(p float64) float64 { return x[0] + x[1]*(p-center) }).MeanAbsDB
	}}
	settings := &optimize.Settings{Converger: &optimize.FunctionConverge{Absolute: 1e-9, Iterations: 100},
		FuncEvaluations: 5000}
	res, err := optimize.Minimize(problem, []float64{center, 1}, settings, &optimize.NelderMead{})
	if res == nil || err != nil {
		return nil
	}
	c := &Correction{OffsetDB: res.X[0] - res.X[1]*center, Slope: res.X[1], Numerics: len(pairs)}
	c.Before = residual(pairs, func(p float64) float64 { return p })
	c.After = residual(pairs, c.SQNR)
	return c
}

func residual(pairs [][2]float64, predict func(float64) float64) Residual {
	var r Residual
	for _, p := range pairs {
		e := math.Abs(predict(p[0]) - p[1])
		r.MeanAbsDB += e / float64(len(pairs))
		r.MaxAbsDB = max(r.MaxAbsDB, e)
	}
	return r
}
