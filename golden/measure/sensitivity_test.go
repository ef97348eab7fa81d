package measure_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"vitdse/configs"
	"vitdse/golden/internal/digits"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

func TestSensitivityPredictsMixedBits(t *testing.T) {
	c, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	stats, err := quant.Calibrate(c.Model, c.Weights, c.Train.Slice(0, 256))
	if err != nil {
		t.Fatal(err)
	}
	images := c.Train.Slice(256, 384) // not those of the calibration
	start, calls := time.Now(), 0
	table, err := measure.Sensitivity(ctx, c.Model, configs.Uniform(c.Model, 8, 8), c.Weights, stats, images,
		measure.Sweep{Workers: 2, Progress: func(done, total int) { calls++ }})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries in %v", len(table.Entries), time.Since(start))
	if calls != len(table.Entries) {
		t.Errorf("progress was reported %d times; expected %d", calls, len(table.Entries))
	}
	logits, err := measure.FloatLogits(ctx, c.Model, c.Weights, c.Test, 2)
	if err != nil {
		t.Fatal(err)
	}
	mixed := configs.Uniform(c.Model, 6, 6)
	for i := range mixed.Layers {
		if i%3 == 0 && mixed.Layers[i].Weights > 0 {
			mixed.Layers[i].Weights, mixed.Layers[i].Granularity = 4, configs.PerLayer
		}
		if i%4 == 1 {
			mixed.Layers[i].Activations = 5
		}
	}
	for _, v := range []struct {
		name string
		n    configs.Numerics
	}{{"W8A8", configs.Uniform(c.Model, 8, 8)}, {"W6A6", configs.Uniform(c.Model, 6, 6)}, {"W4A8", configs.Uniform(c.Model, 4, 8)},
		{"W4A4", configs.Uniform(c.Model, 4, 4)}, {"mixed", mixed}} {
		net, err := quant.Quantize(c.Model, v.n, c.Weights, stats)
		if err != nil {
			t.Fatal(err)
		}
		res, err := measure.Evaluate(ctx, net, c.Test, c.TestLabels, logits, 2)
		if err != nil {
			t.Fatal(err)
		}
		noise, err := table.Predict(v.n)
		if err != nil {
			t.Fatal(err)
		}
		predicted := -10 * math.Log10(noise)
		t.Logf("%s: predicted %.1f dB, measured %.1f dB", v.name, predicted, res.SQNR)
		// Additivity is a model; 3 dB is a factor of 2 in noise power.
		if math.Abs(predicted-res.SQNR) > 3 {
			t.Errorf("%s: predicted %.1f dB, measured %.1f dB; expected within 3 dB", v.name, predicted, res.SQNR)
		}
	}
}

func TestSensitivityDoesNotDependOnWorkers(t *testing.T) {
	c, stats := small(t)
	var tables []*measure.Table
	for _, workers := range []int{1, 3} {
		table, err := measure.Sensitivity(context.Background(), c.Model, configs.Uniform(c.Model, 8, 8), c.Weights, stats,
			c.Test.Slice(0, 4), measure.Sweep{Bits: []int{4}, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table)
	}
	if !slices.Equal(tables[0].Entries, tables[1].Entries) {
		t.Error("entries differ between 1 and 3 workers")
	}
}

func TestSensitivityIsCancelled(t *testing.T) {
	c, stats := small(t)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := measure.Sensitivity(ctx, c.Model, configs.Uniform(c.Model, 8, 8), c.Weights, stats, c.Test.Slice(0, 4),
		measure.Sweep{Workers: 2, Progress: func(done, total int) {
			if done == 3 {
				cancel()
			}
		}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v; expected context.Canceled", err)
	}
}

// small is the digits case with a short calibration.
func small(t *testing.T) (*digits.Case, *quant.Stats) {
	t.Helper()
	c, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	stats, err := quant.Calibrate(c.Model, c.Weights, c.Train.Slice(0, 16))
	if err != nil {
		t.Fatal(err)
	}
	return c, stats
}
