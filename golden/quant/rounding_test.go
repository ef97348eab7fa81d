package quant_test

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/floatref"
	"vitdse/golden/internal/digits"
	"vitdse/golden/quant"
)

var roundingTable = flag.String("roundings", "",
	"file to which TestRoundings writes its table, for docs; without it a few cells are checked")

// roundings are what weights are fitted to and how they are rounded.
var roundings = []menuChoice{
	{"default", func(*configs.Numerics) {}},
	{"sequential", quantizer(func(q *configs.Quantizer) { q.Inputs = configs.SequentialInputs })},
	{"descent", quantizer(func(q *configs.Quantizer) { q.Rounding = configs.Descent })},
	{"descent, sequential", quantizer(func(q *configs.Quantizer) {
		q.Rounding, q.Inputs = configs.Descent, configs.SequentialInputs
	})},
	{"plain heads", quantizer(func(q *configs.Quantizer) { q.Heads = configs.PlainHeads })},
	{"plain heads, sequential", quantizer(func(q *configs.Quantizer) {
		q.Heads, q.Inputs = configs.PlainHeads, configs.SequentialInputs
	})},
	{"rotation", quantizer(func(q *configs.Quantizer) { q.Rotation = configs.Hadamard })},
	{"rotation, descent", quantizer(func(q *configs.Quantizer) {
		q.Rotation, q.Rounding = configs.Hadamard, configs.Descent
	})},
	{"rotation, descent, sequential", quantizer(func(q *configs.Quantizer) {
		q.Rotation, q.Rounding, q.Inputs = configs.Hadamard, configs.Descent, configs.SequentialInputs
	})},
}

// TestRoundings measures how weights are fitted and rounded, and rotation, by whole integer networks. Without
// -roundings: coordinate descent is worth half a dB at W4A8 and 3 dB at W2A8 on digits.
func TestRoundings(t *testing.T) {
	plain := load(t)
	if *roundingTable == "" {
		stats := calibrate(t, plain, 128)
		for _, c := range []struct {
			weights int
			gain    float64
		}{{4, 0.5}, {2, 3}} {
			t.Run(fmt.Sprint(c.weights), func(t *testing.T) {
				n := configs.Uniform(plain.Model, c.weights, 8)
				without := quality(t, plain, stats, n, 120)
				n.Quantizer.Rounding = configs.Descent
				if with := quality(t, plain, stats, n, 120); with.SQNR < without.SQNR+c.gain {
					t.Errorf("W%dA8: %.1f dB by coordinate descent, %.1f dB without; expected a gain of %g dB",
						c.weights, with.SQNR, without.SQNR, c.gain)
				}
			})
		}
		return
	}
	fashion, err := digits.LoadCase("fashion")
	if err != nil {
		t.Fatal(err)
	}
	bits := [][2]int{{8, 8}, {4, 8}, {4, 4}, {3, 4}, {2, 8}}
	text := ""
	for _, c := range []*digits.Case{plain, fashion} {
		text += "\n| quantizer | W8A8 | W4A8 | W4A4 | W3A4 | W2A8 |\n|---|---:|---:|---:|---:|---:|\n" +
			menuOf(t, roundings, []*digits.Case{c}, bits, c.Test.N, true)
		if err := os.WriteFile(*roundingTable, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A rotated checkpoint computes the same logits: of every kind of ViT; its LayerNorms have no gain or offset left, and
// the badly scaled twin of a network becomes the same network. What does not commute is refused.
func TestRotated(t *testing.T) {
	base := load(t).Model
	models := map[string]func(m *configs.Model){
		"plain": func(*configs.Model) {

		}, "registers, heads of 24": func(m *configs.Model) { m.Registers, m.Dim, m.Heads = 3, 72, 3 },
		"distilled":          func(m *configs.Model) { m.Family = configs.DeiTDistilled },
		"average":            func(m *configs.Model) { m.Pool = configs.PoolAvg },
		"relative positions": func(m *configs.Model) { m.RelativePositions = true },
	}
	for name, change := range models {
		m := base
		change(&m)
		w := checkpoint.Seeded(m, 3)
		turned, err := w.Rotated(m)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		a, b := floatLogits(t, m, w), floatLogits(t, m, turned)
		for i := range a {
			if math.Abs(a[i]-b[i]) > 1e-5*(1+math.Abs(a[i])) {
				t.Fatalf("%s: logit %d is %g, rotated %g", name, i, a[i], b[i])
			}
		}
		for c, g := range turned.Blocks[0].Norm2G {
			if g != 1 || turned.Blocks[0].Norm2B[c] != 0 {
				t.Fatalf("%s: gain %g", name, g)
			}
		}
	}
	plain := load(t)
	twin, err := outliers(plain).Rotated(base)
	if err != nil {
		t.Fatal(err)
	}
	turned, err := plain.Weights.Rotated(base)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range turned.Blocks[1].FC1W {
		if math.Abs(float64(v-twin.Blocks[1].FC1W[i])) > 1e-5 {
			t.Fatalf("weight %d of the twin is %g, of the plain network %g", i, twin.Blocks[1].FC1W[i], v)
		}
	}
	m := base
	m.PreNorm = true
	if _, err := checkpoint.Seeded(m, 1).Rotated(m); !errors.Is(err, checkpoint.ErrRotation) {
		t.Errorf("a norm in front of the blocks: %v", err)
	}
	n := configs.Uniform(base, 8, 8)
	n.Quantizer.Rotation = configs.Hadamard
	stats := calibrate(t, plain, 32)
	var with, without float64 // means, for one figure alone is off by 1 dB
	for _, s := range []*quant.Stats{stats, calibrate(t, plain, 64), calibrate(t, plain, 128)} {
		with += sqnr(t, plain, s, n, 60) / 3
		without += sqnr(t, plain, s, configs.Uniform(base, 8, 8), 60) / 3
	}
	t.Logf("rotated at W8A8: %.1f dB, as it is %.1f dB", with, without)
	if with < without-2 {
		t.Errorf("rotated at W8A8: %.1f dB, as it is %.1f dB", with, without)
	}
	if _, err := quant.Quantize(base, n, plain.Weights, stats); err != nil {
		t.Error(err)
	}
}

func floatLogits(t *testing.T, m configs.Model, w *checkpoint.Weights) []float64 {
	t.Helper()
	net, err := floatref.New(m, w)
	if err != nil {
		t.Fatal(err)
	}
	image := make([]uint8, m.Image.Pixels())
	for i := range image {
		image[i] = uint8(i * 37)
	}
	l, err := net.Run(image, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
