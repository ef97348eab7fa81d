package measure_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"vitdse/configs"
	"vitdse/golden/internal/digits"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

// calibrated is the digits case, calibrated on 256 training images.
type calibrated struct {
	*digits.Case
	stats  *quant.Stats
	logits []float64 // float logits of the test images
}

var load = sync.OnceValues(func() (*calibrated, error) {
	c, err := digits.Load()
	if err != nil {
		return nil, err
	}
	stats, err := quant.Calibrate(c.Model, c.Weights, c.Train.Slice(0, 256))
	if err != nil {
		return nil, err
	}
	logits, err := measure.FloatLogits(context.Background(), c.Model, c.Weights, c.Test, 2)
	return &calibrated{c, stats, logits}, err
})

func digitsCase(t *testing.T) *calibrated {
	t.Helper()
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// evaluate quantizes and runs the test images.
func (c *calibrated) evaluate(t *testing.T, n configs.Numerics) measure.Result {
	t.Helper()
	net, err := quant.Quantize(c.Model, n, c.Weights, c.stats)
	if err != nil {
		t.Fatal(err)
	}
	res, err := measure.Evaluate(context.Background(), net, c.Test, c.TestLabels, c.logits, 2)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// The quality that the project promises on its own network (docs/NUMERICS.md), about
// 2 dB below what is measured: signal-to-noise ratio of the logits in dB, and top-1
// within 0.6 points of the float network.
func TestDigitsQuality(t *testing.T) {
	c := digitsCase(t)
	hits := 0
	for i, label := range c.TestLabels {
		if measure.Class(c.TestLogits[i*c.Model.Classes:(i+1)*c.Model.Classes]) == label {
			hits++
		}
	}
	float := float64(hits) / float64(c.Test.N)
	t.Logf("float: top-1 %.2f%%", 100*float)
	for _, v := range []struct {
		w, a int
		gran configs.Granularity
		sqnr float64
		top1 float64 // points below the float network
	}{
		{8, 8, configs.PerChannel, 41, 0.6},
		{6, 6, configs.PerChannel, 30.5, 0.6},
		{4, 8, configs.PerChannel, 33, 0.6},
		{4, 4, configs.PerChannel, 20, 0.6},
		{3, 3, configs.PerChannel, 14, 1.5},
		{2, 8, configs.PerChannel, 12, 1.5},
		{8, 8, configs.PerLayer, 39, 0.6},
		{4, 4, configs.PerLayer, 20, 1},
	} {
		t.Run(fmt.Sprint(v.w), func(t *testing.T) {
			n := configs.Uniform(c.Model, v.w, v.a)
			for i := range n.Layers {
				if n.Layers[i].Weights > 0 {
					n.Layers[i].Granularity = v.gran
				}
			}
			res := c.evaluate(t, n)
			t.Logf("W%dA%d %-7s: %.1f dB, top-1 %.2f%%, agrees with float %.2f%%",
				v.w, v.a, v.gran, res.SQNR, 100*res.Top1, 100*res.Agree)
			if res.SQNR < v.sqnr {
				t.Errorf("W%dA%d %s: %.1f dB; expected at least %g", v.w, v.a, v.gran, res.SQNR, v.sqnr)
			}
			if 100*(float-res.Top1) > v.top1 {
				t.Errorf("W%dA%d %s: top-1 is %.2f%%; expected at most %g points below %.2f%%",
					v.w, v.a, v.gran, 100*res.Top1, v.top1, 100*float)
			}
		})
	}
}

func TestKnobs(t *testing.T) {
	c := digitsCase(t)
	for _, v := range []struct {
		name string
		set  func(n *configs.Numerics)
	}{
		{"softmax 6 bits", func(n *configs.Numerics) { n.SoftmaxBits = 6 }},
		{"softmax 4 bits", func(n *configs.Numerics) { n.SoftmaxBits = 4 }},
		{"gelu 10 bits", func(n *configs.Numerics) { n.GELUBits = 10 }},
		{"gelu 6 bits", func(n *configs.Numerics) { n.GELUBits = 6 }},
		{"fold 0.5", func(n *configs.Numerics) { n.LNFold = 0.5 }},
		{"fold 0", func(n *configs.Numerics) { n.LNFold = 0 }},
	} {
		t.Run(v.name, func(t *testing.T) {
			n := configs.Uniform(c.Model, 8, 8)
			v.set(&n)
			res := c.evaluate(t, n)
			t.Logf("W8A8, %s: %.1f dB", v.name, res.SQNR)
			if res.SQNR < 29 {
				t.Errorf("W8A8, %s: %.1f dB; expected at least 29", v.name, res.SQNR)
			}
		})
	}
}

func TestSQNR(t *testing.T) {
	// Errors 0.1 and -0.1 on logits 3 and 4: 10 log10(25/0.02).
	got := measure.SQNR([]float64{3, 4}, []int32{29, 41}, 0.1)
	if want := 10 * math.Log10(25/0.02); math.Abs(got-want) > 1e-9 {
		t.Errorf("SQNR is %g; expected %g", got, want)
	}
}

func TestEvaluateDoesNotDependOnWorkers(t *testing.T) {
	c := digitsCase(t)
	net, err := quant.Quantize(c.Model, configs.Uniform(c.Model, 8, 8), c.Weights, c.stats)
	if err != nil {
		t.Fatal(err)
	}
	images := c.Test.Slice(0, 50)
	one, err1 := measure.Logits(context.Background(), net, images, 1)
	many, err2 := measure.Logits(context.Background(), net, images, 5)
	if err1 != nil || err2 != nil || !slices.Equal(one, many) {
		t.Errorf("logits of 1 and 5 workers differ (%v, %v)", err1, err2)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := measure.Logits(ctx, net, images, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v; expected context.Canceled", err)
	}
	if _, err := measure.Evaluate(context.Background(), net, images, nil, c.logits, 1); err == nil {
		t.Error("logits of 360 images were accepted for 50")
	}
}
