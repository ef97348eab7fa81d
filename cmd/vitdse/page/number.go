package page

import (
	"math"
	"strconv"
)

// Number is a float64 whose JSON is null where it is no number: JSON has no NaN and no
// infinity, and a page shows a dash.
type Number float64

// MarshalJSON writes the shortest text that reads back as the same float64.
func (n Number) MarshalJSON() ([]byte, error) {
	v := float64(n)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, v, 'g', -1, 64), nil
}
