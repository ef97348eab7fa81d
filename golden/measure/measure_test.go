package measure_test

import (
	"context"
	"testing"
	"time"

	"vitdse/configs"
	"vitdse/golden/internal/digits"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

func TestDigitsTargets(t *testing.T) {
	c, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	logits, err := measure.FloatLogits(ctx, c.Model, c.Weights, c.Test, 2)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	stats, err := quant.Calibrate(c.Model, c.Weights, c.Train.Slice(0, 256))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("calibrate %v", time.Since(start))
	for _, v := range []struct {
		w, a int
		sqnr float64
	}{{8, 8, 36}, {6, 6, 27}, {4, 8, 22}, {4, 4, 15}, {3, 3, 0}, {2, 8, 0}} {
		start := time.Now()
		net, err := quant.Quantize(c.Model, configs.Uniform(c.Model, v.w, v.a), c.Weights, stats)
		if err != nil {
			t.Fatal(err)
		}
		q := time.Since(start)
		start = time.Now()
		res, err := measure.Evaluate(ctx, net, c.Test, c.TestLabels, logits, 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("W%dA%d: %.1f dB, top-1 %.2f, agree %.2f; quantize %v, run %.0f img/s", v.w, v.a, res.SQNR, 100*res.Top1, 100*res.Agree, q, float64(c.Test.N)/time.Since(start).Seconds())
		if res.SQNR < v.sqnr {
			t.Errorf("W%dA%d: %.1f dB; expected %g", v.w, v.a, res.SQNR, v.sqnr)
		}
	}
}
