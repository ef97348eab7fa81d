package measure_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

// The noise of an assignment of bits is close to the sum of its parts. Set
// SENSITIVITY=full for the sweep over all bits.
func TestSensitivityPredictsMixedBits(t *testing.T) {
	c := digitsCase(t)
	ctx := context.Background()
	images := c.Train.Slice(256, 320) // not those of the calibration
	sweep := measure.Sweep{Bits: []int{4, 5, 6}, Workers: 2}
	if os.Getenv("SENSITIVITY") == "full" {
		images, sweep.Bits = c.Train.Slice(256, 384), nil
	}
	start := time.Now()
	table, err := measure.Sensitivity(ctx, c.Model, configs.Uniform(c.Model, 8, 8), c.Weights, c.stats, images, sweep)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries, %d images: %v", len(table.Entries), table.Images, time.Since(start))
	if n, err := sweep.Count(c.Model, table.Reference); n != len(table.Entries) {
		t.Errorf("%d entries are counted (%v), %d measured", n, err, len(table.Entries))
	}
	logits, err := measure.FloatLogits(ctx, c.Model, c.Weights, images, 2)
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
	for name, n := range map[string]configs.Numerics{"W6A6": configs.Uniform(c.Model, 6, 6),
		"W4A8": configs.Uniform(c.Model, 4, 8),
		"W4A4": configs.Uniform(c.Model, 4, 4), "mixed": mixed} {
		t.Run(name, func(t *testing.T) {
			net, err := quant.Quantize(c.Model, n, c.Weights, c.stats)
			if err != nil {
				t.Fatal(err)
			}
			res, err := measure.Evaluate(ctx, net, images, nil, logits, 2)
			if err != nil {
				t.Fatal(err)
			}
			noise, err := table.Predict(n)
			if err != nil {
				t.Fatal(err)
			}
			predicted := -10 * math.Log10(noise)
			t.Logf("%s: predicted %.1f dB, measured %.1f dB", name, predicted, res.SQNR)
			if math.Abs(predicted-res.SQNR) > 2 {
				t.Errorf("%s: predicted %.1f dB, measured %.1f dB; expected within 2 dB", name, predicted, res.SQNR)
			}
		})
	}
}

// A table survives JSON, refuses what it does not know, and never rewards fewer bits.
func TestSensitivityTable(t *testing.T) {
	c := digitsCase(t)
	ref := configs.Uniform(c.Model, 8, 8)
	table, err := measure.Sensitivity(context.Background(), c.Model, ref, c.Weights, c.stats, c.Train.Slice(300, 308),
		measure.Sweep{Bits: []int{3, 6, 7}, Granularities: []configs.Granularity{configs.PerChannel}, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	var read measure.Table
	if err := json.Unmarshal(text, &read); err != nil || !slices.Equal(read.Entries, table.Entries) {
		t.Errorf("entries do not survive JSON: %v", err)
	}
	if noise, err := read.Predict(ref); err != nil || noise != table.ReferenceNoise {
		t.Errorf("predicted noise of the reference is %g, %v; expected %g", noise, err, table.ReferenceNoise)
	}
	six, err1 := read.Predict(configs.Uniform(c.Model, 6, 6))
	seven, err2 := read.Predict(configs.Uniform(c.Model, 7, 7))
	if err1 != nil || err2 != nil || six < seven {
		t.Errorf("predicted noise at 6 bits is %g, at 7 bits %g (%v, %v)", six, seven, err1, err2)
	}
	other := configs.Uniform(c.Model, 8, 8)
	other.LNFold = 0
	for name, n := range map[string]configs.Numerics{"5 bits": configs.Uniform(c.Model, 5, 5), "another fold": other} {
		t.Run(name, func(t *testing.T) {
			if _, err := read.Predict(n); err == nil {
				t.Errorf("%s: was predicted without having been measured", name)
			}
		})
	}
}

func TestSensitivityDoesNotDependOnWorkers(t *testing.T) {
	c := digitsCase(t)
	var tables []*measure.Table
	for _, workers := range []int{1, 3} {
		table, err := measure.Sensitivity(context.Background(), c.Model, configs.Uniform(c.Model, 8, 8), c.Weights, c.stats,
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
	c := digitsCase(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := 0
	_, err := measure.Sensitivity(ctx, c.Model, configs.Uniform(c.Model, 8, 8), c.Weights, c.stats, c.Test.Slice(0, 4),
		measure.Sweep{Workers: 2, Run: func(ctx context.Context, list []int, of func(context.Context, int) (float64, error), take func(int, float64) error) error {
			for _, i := range list {
				if done++; done == 3 {
					cancel()
				}
				total, err := of(ctx, i)
				if err = errors.Join(err, take(i, total)); err != nil {
					return err
				}
			}
			return nil
		}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v; expected context.Canceled", err)
	}
}

// What the reference has already is not measured, and all else is.
func TestSweepCount(t *testing.T) {
	c := digitsCase(t)
	net := network.MustCompile(c.Model)
	for _, g := range []configs.Granularity{configs.PerChannel, configs.PerLayer} {
		t.Run(string(g), func(t *testing.T) {
			ref := configs.Uniform(c.Model, 8, 8)
			want := 6 + 6 // numerators of 2 to 8 bits, indexes of GELU of 4 to 10
			weights := 0
			for i, l := range net.Layers {
				want += 6
				if l.Weights {
					ref.Layers[i].Granularity = g
					weights++
				}
			}
			for _, s := range []struct {
				of []configs.Granularity // those that are measured; of a layer's own one setting is the reference
				n  int
			}{{nil, 7*2 - 1}, {[]configs.Granularity{g}, 6},
				{[]configs.Granularity{configs.PerChannel}, map[bool]int{true: 6, false: 7}[g == configs.PerChannel]}} {
				if got, err := (measure.Sweep{Granularities: s.of}).Count(c.Model, ref); err != nil || got != want+s.n*weights {
					t.Errorf("%v: %d entries, %v; expected %d", s.of, got, err, want+s.n*weights)
				}
			}
		})
	}
}
