package dataset

import (
	"fmt"
	"math"
	"testing"
)

// Every value between colours is the weighted mean of its neighbours, ties rounded up and down by turns: up in even
// columns and down in odd ones where rows are taken together, by rows or columns where only they are.
func TestInterpolate(t *testing.T) {
	up := func(x float64) uint8 { return uint8(math.Floor(x + 0.5)) }
	down := func(x float64) uint8 { return uint8(math.Ceil(x - 0.5)) }
	turns := map[bool]func(float64) uint8{false: up, true: down}
	check := func(what string, got, want uint8) {
		if t.Helper(); got != want {
			t.Errorf("%s is %d; expected %d", what, got, want)
		}
	}
	for a := 0; a <= 4*255; a += 3 { // four times a value, or a sum of two rows, 3 to 1
		b := a * 7 % 1021
		sum := []int{a, b, a}
		for col := range 6 {
			x := float64(sum[col/2])
			if other := col/2 + 2*(col%2) - 1; other >= 0 && other < 3 {
				x = 0.75*x + 0.25*float64(sum[other])
			}
			check(fmt.Sprintf("of %v column %d", sum, col), interpolate(sum, 0, col, 2, 2), turns[col%2 == 1](x/4))
		}
		for row := range 2 { // libjpeg rounds ties of rows alone down in even ones
			check(fmt.Sprintf("of %v row %d", sum, row), interpolate(sum, row, 1, 1, 2), turns[row%2 == 0](float64(b)/4))
		}
	}
	for a := range 256 {
		b := a * 7 % 256
		sum := []int{a, b}
		check(fmt.Sprintf("of %v column 0", sum), interpolate(sum, 0, 0, 2, 1), uint8(a))
		check(fmt.Sprintf("of %v column 1", sum), interpolate(sum, 0, 1, 2, 1), up(0.75*float64(a)+0.25*float64(b)))
		check(fmt.Sprintf("of %v column 2", sum), interpolate(sum, 0, 2, 2, 1), down(0.75*float64(b)+0.25*float64(a)))
		check(fmt.Sprintf("of %v column 3", sum), interpolate(sum, 0, 3, 2, 1), uint8(b))
	}
}
