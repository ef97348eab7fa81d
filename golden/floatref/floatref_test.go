package floatref_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"vitdse/golden/floatref"
	"vitdse/golden/internal/digits"
)

// The logits of PyTorch (float32) are the reference; 1e-4 is the float32 rounding
// of a network of this depth with a wide margin.
func TestDigitsLogitsMatchPyTorch(t *testing.T) {
	c, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	net, err := floatref.New(c.Model, c.Weights)
	if err != nil {
		t.Fatal(err)
	}
	var tr floatref.Trace
	worst, start := 0.0, time.Now()
	for i := range c.Test.N {
		logits, err := net.Run(c.Test.At(i), &tr)
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range logits {
			worst = max(worst, math.Abs(v-float64(c.TestLogits[i*c.Model.Classes+j])))
		}
	}
	t.Logf("max |logit - PyTorch| = %.2g over %d images, %.2f ms an image",
		worst, c.Test.N, 1e3*time.Since(start).Seconds()/float64(c.Test.N))
	if !(worst <= 1e-4) {
		t.Errorf("max |logit - PyTorch| = %g; expected at most 1e-4", worst)
	}
}

func TestRunRefusesWrongImageSize(t *testing.T) {
	c, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	net, err := floatref.New(c.Model, c.Weights)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := net.Run(make([]uint8, 63), nil); err == nil {
		t.Error("an image of 63 bytes was accepted; expected 64")
	}
}

// A result that is not finite is named with its op and index.
func TestRunNamesWhatIsNotFinite(t *testing.T) {
	c, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	w := *c.Weights
	w.Blocks = slices.Clone(w.Blocks)
	b := &w.Blocks[1]
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		b.FC1B = slices.Clone(b.FC1B)
		b.FC1B[7] = float32(bad)
		net, err := floatref.New(c.Model, &w)
		if err != nil {
			t.Fatal(err)
		}
		_, err = net.Run(c.Test.At(0), nil)
		if want := "op blocks.1.mlp.fc1: value 7 (head 0, row 0, column 7) is "; err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("error is %v; expected it to say %q", err, want)
		}
	}
}
