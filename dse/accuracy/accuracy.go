// Package accuracy holds how good numerics are: as the golden model measured them, how far the prediction is off that,
// and which of the two is meant.
package accuracy

import (
	"fmt"
	"math"
)

// Cut says which noise is meant: as predicted, or as measured.
type Cut string

// The cuts of a front. The measured front is of the points of the predicted one and of those near it, without the
// ones that are dominated as measured.
const (
	CutAuto      Cut = ""          // measured if there is a measurement, else predicted
	CutPredicted Cut = "predicted" // all points of the front, predicted noise
	CutMeasured  Cut = "measured"  // the points still on the front as measured
)

// Measured is what the golden model found for a choice of numerics.
type Measured struct {
	Images   int     `json:"images"`
	Top1     float64 `json:"top1"`     // share of correct labels, 0..1; 0 without labels
	Top1SE   float64 `json:"top1_se"`  // its standard error: sqrt(Top1 (1 - Top1) / Images)
	Agree    float64 `json:"agree"`    // share of images whose class is the float network's
	Noise    float64 `json:"noise"`    // power of the logits' error over that of the float logits
	SQNRDB   float64 `json:"sqnr_db"`  // -10 log10(Noise)
	LossDB   float64 `json:"loss_db"`  // Front.Reference.SQNRDB - SQNRDB
	Feasible bool    `json:"feasible"` // the limits hold as measured
	OnFront  bool    `json:"on_front"` // of the feasible points' front in what was measured
}

// StandardError is that of a share of so many images.
func StandardError(share float64, images int) float64 {
	return math.Sqrt(share * (1 - share) / float64(max(1, images)))
}

// Top1Text is top-1 in percent with its standard error.
func (m *Measured) Top1Text() string { return fmt.Sprintf("%.2f ± %.2f", 100*m.Top1, 100*m.Top1SE) }

// Better says whether the top-1 of m is above that of o by more than a standard error, the larger one of the two.
func (m *Measured) Better(o *Measured) bool {
	return m.Top1-o.Top1 > max(m.Top1SE, o.Top1SE)+1e-12
}

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
