// Package number prints numbers as people read them: with commas between thousands, with units, and with no more digits
// than they mean.
package number

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"

	"vitdse/hwmodel"
)

// Count prints an integer with commas between its thousands.
func Count[T int | int64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Rate prints so many things a second: whole numbers, or two digits where they are few.
func Rate(n int64, d time.Duration) string {
	if d <= 0 {
		return "0"
	}
	r := float64(n) / d.Seconds()
	if r < 10 {
		return strconv.FormatFloat(r, 'g', 2, 64)
	}
	return Count(int64(math.Round(r)))
}

// Span prints a duration to the precision that people read.
func Span(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
}

// Seconds is a time given in s.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Percent prints a share of 1 in percent, with one digit behind the point.
func Percent(x float64) string { return fmt.Sprintf("%.1f", 100*x) }

// Plural prints "1 point", "2 points".
func Plural[T int | int64](n T, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return Count(n) + " " + thing + "s"
}

// Power is estimated power, for images of so many seconds, with what the estimate is worth.
func Power(p hwmodel.Power, seconds float64) string {
	return fmt.Sprintf("%.1f W, %.1f W of them at rest, and %s mJ an image, all +-%.0f %%",
		p.Total(), p.Static, Millijoules(p.Total()*seconds), 100*hwmodel.ExpectedPowerError)
}

// Millijoules prints an energy given in J, with three digits where it is below 100 mJ.
func Millijoules(j float64) string {
	if mj := 1e3 * j; mj < 100 {
		return fmt.Sprintf("%.3g", mj)
	}
	return Count(int64(math.Round(1e3 * j)))
}

// Big prints a number in full with commas up to 15 digits, and beyond as a power of ten.
func Big(n *big.Int) string {
	if n.IsInt64() && n.Int64() < 1e15 {
		return Count(n.Int64())
	}
	text, _ := new(big.Float).SetInt(n).MarshalText()
	if f, _, err := big.ParseFloat(string(text), 10, 200, big.ToNearestEven); err == nil {
		return f.Text('e', 3)
	}
	return n.String()
}

// Exact prints every digit, with commas between thousands.
func Exact(n *big.Int) string {
	text := n.String()
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Mega prints a number in millions.
func Mega(n int64) string { return fmt.Sprintf("%.3f", float64(n)/1e6) }

// Kilo prints a number in thousands.
func Kilo(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e3) }

// PercentFine prints a share of 1 in percent, with two digits behind the point.
func PercentFine(x float64) string { return fmt.Sprintf("%.2f", 100*x) }
