package main

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"vitdse/hwmodel"
)

// count prints an integer with commas between its thousands.
func count[T int | int64](n T) string {
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

// rate prints so many things a second: whole numbers, or two digits where they are few.
func rate(n int64, d time.Duration) string {
	if d <= 0 {
		return "0"
	}
	r := float64(n) / d.Seconds()
	if r < 10 {
		return strconv.FormatFloat(r, 'g', 2, 64)
	}
	return count(int64(math.Round(r)))
}

// span prints a duration to the precision that people read.
func span(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// percent prints a share of 1.
func percent(x float64) string { return fmt.Sprintf("%.1f", 100*x) }

// plural prints "1 point", "2 points".
func plural[T int | int64](n T, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

// powerText is estimated power, for images of so many seconds, with what the estimate is worth.
func powerText(p hwmodel.Power, seconds float64) string {
	return fmt.Sprintf("%.1f W, %.1f W of them at rest, and %s mJ an image, all +-%.0f %%", p.Total(), p.Static, millijoules(p.Total()*seconds), 100*hwmodel.ExpectedPowerError)
}

// millijoules prints an energy given in J, with three digits where it is below 100 mJ.
func millijoules(j float64) string {
	if mj := 1e3 * j; mj < 100 {
		return fmt.Sprintf("%.3g", mj)
	}
	return count(int64(math.Round(1e3 * j)))
}
