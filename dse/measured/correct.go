package measured

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"

	"vitdse/dse/accuracy"
	"vitdse/dse/front"
)

// pairs lists predicted and measured ratios in dB, one for each choice of numerics.
func pairs(f *front.Front) [][2]float64 {
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
func fitCorrection(pairs [][2]float64) *accuracy.Correction {
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
	c := &accuracy.Correction{OffsetDB: res.X[0] - res.X[1]*center, Slope: res.X[1], Numerics: len(pairs)}
	c.Before = residual(pairs, func(p float64) float64 { return p })
	c.After = residual(pairs, c.SQNR)
	return c
}

func residual(pairs [][2]float64, predict func(float64) float64) accuracy.Residual {
	var r accuracy.Residual
	for _, p := range pairs {
		e := math.Abs(predict(p[0]) - p[1])
		r.MeanAbsDB += e / float64(len(pairs))
		r.MaxAbsDB = max(r.MaxAbsDB, e)
	}
	return r
}
