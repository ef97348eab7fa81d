package front

import (
	"fmt"
	"slices"
)

// Near says what was measured beside the predicted front: points that the prediction, within its
// error, may wrongly hold to be dominated.
type Near struct {
	BandDB   float64 `json:"band_db"`  // predicted dB that a point may be short of a place on the predicted front
	Numerics int     `json:"numerics"` // choices measured that no point of the predicted front has
	Left     int     `json:"left"`     // choices within the band that were left out, as there were more than the front has
	Points   int     `json:"points"`   // points off the predicted front that were measured
	Kept     int     `json:"kept"`     // of those, on the measured front: the points marked near
}

// String says what was measured beside the predicted front.
func (n Near) String() string {
	text := fmt.Sprintf("%d choices of bits and %d points within %g dB of the predicted front measured beside it; "+
		"%d of the points are on the measured front",
		n.Numerics, n.Points, n.BandDB, n.Kept)
	if n.Left > 0 {
		text += fmt.Sprintf("; %d more choices were not measured", n.Left)
	}
	return text
}

// Predicted counts the points of the predicted front: those near it come last.
func (f *Front) Predicted() int {
	n := slices.IndexFunc(f.Points, func(p Point) bool { return p.Near })
	if n < 0 {
		return len(f.Points)
	}
	return n
}

// Held says in words which points the front holds.
func (f *Front) Held() string {
	text := fmt.Sprintf("the %d points of the predicted front", f.Predicted())
	if f.Predicted() == 1 {
		text = "the 1 point of the predicted front"
	}
	if n := f.Near; n != nil && n.Kept > 0 {
		text += fmt.Sprintf(" and %d near it", n.Kept)
	}
	return text
}
