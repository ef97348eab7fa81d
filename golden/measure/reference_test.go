package measure_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"vitdse/golden/measure"
)

// The float network agrees with PyTorch's logits; one wrong logit of one image is found, and so is a NaN.
func TestCompareReference(t *testing.T) {
	c := digitsCase(t)
	compare := func(logits []float32) measure.Reference {
		t.Helper()
		r, err := measure.CompareReference(context.Background(), c.Model, c.Weights, c.Test.Slice(0, 60), logits, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := compare(c.TestLogits[:600])
	if err := r.Err(c.Model); err != nil || r.Images != 60 || r.Difference > 1e-5*r.Largest || r.Largest < 1 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, wrong := range []float64{2e-3 * r.Largest, math.NaN(), math.Inf(1)} {
		logits := slices.Clone(c.TestLogits[:600])
		logits[59*10+7] += float32(wrong)
		r := compare(logits)
		if err := r.Err(c.Model); err == nil || r.Image != 59 || r.Class != 7 ||
			!strings.Contains(err.Error(), "image 59, class 7") {
			t.Errorf("off by %g: %+v, %v", wrong, r, err)
		}
	}
	if _, err := measure.CompareReference(context.Background(), c.Model, c.Weights, c.Test, c.TestLogits[1:], 2,
		nil); err == nil {
		t.Error("a logit is missing and nobody says so")
	}
}
