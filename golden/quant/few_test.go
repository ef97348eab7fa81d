package quant_test

import (
	"fmt"
	"testing"

	"vitdse/configs"
)

// With few calibration images W8A8 loses little against 256: channels and tensors of which only the
// class token's row counts have one row an image, and their ranges must not collapse to it.
func TestFewCalibrationImages(t *testing.T) {
	plain := load(t)
	twin := *plain
	twin.Weights = outliers(plain)
	n := configs.Uniform(plain.Model, 8, 8)
	best := 0.0 // one figure alone is off by 1 dB: any change rolls the dice of all later roundings anew
	for _, images := range []int{128, 192, 256} {
		best += sqnr(t, plain, calibrate(t, plain, images), n, 120) / 3
	}
	t.Logf("128 to 256 images: %.1f dB", best)
	for _, c := range []struct {
		images int
		loss   float64 // dB at most
	}{{1, 6}, {4, 3}, {16, 1.6}, {32, 1}} {
		t.Run(fmt.Sprint(c.images), func(t *testing.T) {
			got := sqnr(t, plain, calibrate(t, plain, c.images), n, 120)
			t.Logf("%d images: %.1f dB", c.images, got)
			if got < best-c.loss {
				t.Errorf("%d images: %.1f dB; expected at most %g dB below the %.1f dB of 128 to 256", c.images, got, c.loss, best)
			}
			if got := sqnr(t, &twin, calibrate(t, &twin, c.images), n, 120); got < best-c.loss {
				t.Errorf("badly scaled twin, %d images: %.1f dB; expected at most %g dB below the %.1f dB of 128 to 256",
					c.images, got, c.loss, best)
			}
		})
	}
}
