package dse

import "strconv"

// number prints a float in the shortest form that reads back as the same.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
