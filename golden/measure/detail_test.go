package measure_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

// examine evaluates the first test images.
func (c *calibrated) examine(t *testing.T, n configs.Numerics, images, workers int) (measure.Detail, *quant.Report) {
	t.Helper()
	net, report, err := quant.Inspect(c.Model, n, c.Weights, c.stats, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := measure.Evaluation{Model: c.Model, Weights: c.Weights, Net: net, Report: report,
		Images: c.Test.Slice(0, images), Labels: c.TestLabels[:images], Workers: workers}.Examine(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return d, report
}

// The detailed evaluation has the plain one's figures, and every op that has a reading is
// close to the float network: a wrong scale, zero point or fold leaves 6 dB or less.
func TestExamine(t *testing.T) {
	c := digitsCase(t)
	n := configs.Uniform(c.Model, 8, 8)
	d, report := c.examine(t, n, 360, 2)
	// Parts are added up one by one, and the float network is the one with balanced heads: the last digits may be others.
	if want := c.evaluate(t, n); d.Images != want.Images ||
		math.Abs(d.Top1-want.Top1)+math.Abs(d.Agree-want.Agree) > 1e-9 || math.Abs(d.Noise/want.Noise-1) > 1e-6 {
		t.Errorf("got %+v, want %+v", d.Result, want)
	}
	if d.Top5 < d.Top1 || d.Top5 < 0.999 || math.Abs(d.FloatTop1-0.9944) > 1e-3 {
		t.Errorf("top-5 %g, top-1 %g, top-1 of the float network %g", d.Top5, d.Top1, d.FloatTop1)
	}
	ops := network.MustCompile(c.Model).Ops
	without := 0
	for _, op := range ops {
		if op.Kind == network.OpPatches || op.Kind == network.OpScores {
			without++
		}
	}
	if len(d.Ops) != len(ops)-without {
		t.Errorf("%d of %d ops are compared; %d have no reading", len(d.Ops), len(ops), without)
	}
	for _, op := range d.Ops {
		if op.SQNR < 25 {
			t.Errorf("%s: %.1f dB", op.Name, op.SQNR)
		}
	}
	if last := d.Ops[len(d.Ops)-1]; math.Abs(last.SQNR-d.SQNR) > 1e-6 {
		t.Errorf("the head has %.2f dB, the logits %.2f", last.SQNR, d.SQNR)
	}
	for _, l := range report.Layers {
		if l.SQNR < 25 || l.Clipped > 0.02 || l.Weights > 0 && (l.OutputSQNR < 30 || l.AccBits < 10 || l.AccBits > 24) {
			t.Errorf("%+v", l)
		}
	}
	small, _ := c.examine(t, n, 20, 1)
	again, _ := c.examine(t, n, 20, 3)
	if !reflect.DeepEqual(small, again) {
		t.Error("the result depends on the number of workers")
	}
}

func TestExamineIsCancelled(t *testing.T) {
	c := digitsCase(t)
	net, report, err := quant.Inspect(c.Model, configs.Uniform(c.Model, 8, 8), c.Weights, c.stats, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	e := measure.Evaluation{Model: c.Model, Weights: c.Weights, Net: net, Report: report, Images: c.Test, Workers: 2,
		Progress: func(done, total int) {
			if done == 10 {
				cancel()
			}
		}}
	if _, err := e.Examine(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v; expected that of the context", err)
	}
	e.Labels = c.TestLabels[:3]
	if _, err := e.Examine(context.Background()); err == nil {
		t.Error("3 labels for 360 images were accepted")
	}
}
