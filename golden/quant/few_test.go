package quant_test

import (
	"fmt"
	"math"
	"testing"

	"vitdse/configs"
	"vitdse/golden/internal/digits"
	"vitdse/golden/quant"
)

// With few calibration images W8A8 loses little against many: channels and tensors of which only the class token's row
// counts have one row an image, and their ranges must not collapse to it. One figure alone is off by 1 dB, as any change
// rolls the dice of all later roundings anew: means over three sets of images are compared.
func TestFewCalibrationImages(t *testing.T) {
	plain := load(t)
	twin := *plain
	twin.Weights = outliers(plain)
	n := configs.Uniform(plain.Model, 8, 8)
	after := func(c *digits.Case, from, images int) float64 {
		stats, err := quant.Calibrate(c.Model, c.Weights, c.Train.Slice(from, from+images))
		if err != nil {
			t.Fatal(err)
		}
		return sqnr(t, c, stats, n, 120)
	}
	mean := func(images int) (dB float64) {
		for set := range 3 {
			dB += after(plain, set*images, images) / 3
		}
		return dB
	}
	best := mean(256)
	t.Logf("256 images: %.1f dB", best)
	for _, c := range []struct {
		images int
		loss   float64 // dB at most
	}{{1, 6}, {4, 3}, {16, 1.6}, {32, 1.5}} {
		t.Run(fmt.Sprint(c.images), func(t *testing.T) {
			got := mean(c.images)
			t.Logf("%d images: %.1f dB", c.images, got)
			if got < best-c.loss {
				t.Errorf("%d images: %.1f dB; expected at most %g dB below the %.1f dB of 256", c.images, got, c.loss, best)
			}
			if a, b := after(plain, 0, c.images), after(&twin, 0, c.images); math.Abs(a-b) > 0.1 {
				t.Errorf("badly scaled twin, %d images: %.2f dB; expected the %.2f dB of the plain network", c.images, b, a)
			}
		})
	}
}
