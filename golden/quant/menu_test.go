package quant_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/golden/internal/digits"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

var menuTable = flag.String("menu", "", "file to which TestMenu writes its table, for docs; "+
	"without it a few rows are checked")

// menuChoice is a row of the table: what differs from the default.
type menuChoice struct {
	name   string
	change func(n *configs.Numerics)
}

func quantizer(change func(q *configs.Quantizer)) func(n *configs.Numerics) {
	return func(n *configs.Numerics) { change(&n.Quantizer) }
}

func granularity(g configs.Granularity, size int) func(n *configs.Numerics) {
	return func(n *configs.Numerics) {
		for i := range n.Layers {
			if l := &n.Layers[i]; l.Weights > 0 && (g != configs.PerGroup || strings.HasPrefix(l.Name, "blocks.")) {
				l.Granularity, l.Group = g, size
			}
		}
	}
}

var menu = []menuChoice{
	{"default: affine, mse, channel, compensated, full LayerNorm fold", func(*configs.Numerics) {}},
	{"no LayerNorm fold", func(n *configs.Numerics) { n.LNFold = 0 }},
	{"half LayerNorm fold", func(n *configs.Numerics) { n.LNFold = 0.5 }},
	{"weights' scale a layer", granularity(configs.PerLayer, 0)},
	{"groups of 32", granularity(configs.PerGroup, 32)},
	{"groups of 16", granularity(configs.PerGroup, 16)},
	{"symmetric activations", quantizer(func(q *configs.Quantizer) { q.Scheme = configs.Symmetric })},
	{"full range of symmetric codes", quantizer(func(q *configs.Quantizer) { q.CodeRange = configs.FullRange })},
	{"activations by min-max", quantizer(func(q *configs.Quantizer) { q.Activations = configs.MinMax })},
	{"activations by 99.9 percentile", quantizer(func(q *configs.Quantizer) { q.Activations = configs.Percentile })},
	{"activations by averaged min-max", quantizer(func(q *configs.Quantizer) { q.Activations = configs.Average })},
	{"activations by KL divergence", quantizer(func(q *configs.Quantizer) { q.Activations = configs.KL })},
	{"weights by min-max", quantizer(func(q *configs.Quantizer) { q.Weights = configs.MinMax })},
	{"weights by 99.9 percentile", quantizer(func(q *configs.Quantizer) { q.Weights = configs.Percentile })},
	{"weights by KL divergence", quantizer(func(q *configs.Quantizer) { q.Weights = configs.KL })},
	{"nearest rounding", quantizer(func(q *configs.Quantizer) { q.Rounding = configs.Nearest })},
	{"nearest rounding, no bias correction", quantizer(func(q *configs.Quantizer) {
		q.Rounding, q.BiasCorrection = configs.Nearest, configs.Off
	})},
	{"power-of-two scales", quantizer(func(q *configs.Quantizer) { q.Scales = configs.PowerOfTwos })},
	{"dynamic scales of tokens", quantizer(func(q *configs.Quantizer) { q.TokenScales = configs.DynamicScales })},
	{"inputs of the quantized layers before (sequential)",
		quantizer(func(q *configs.Quantizer) { q.Inputs = configs.SequentialInputs })},
	{"dynamic scales of tokens, no LayerNorm fold",
		func(n *configs.Numerics) { n.Quantizer.TokenScales, n.LNFold = configs.DynamicScales, 0 }},
}

// TestMenu measures every quantizer on the digits network, on its outlier twin, the same float function with some
// channels of every LayerNorm sixteen times as large, and with -menu on fashion. Without -menu a few rows only.
func TestMenu(t *testing.T) {
	plain := load(t)
	twin := *plain
	twin.Weights = outliers(plain)
	cases, bits := []*digits.Case{plain, &twin}, [][2]int{{8, 8}, {4, 8}, {4, 4}}
	if *menuTable == "" {
		var few []menuChoice
		for _, i := range []int{0, 3, 6, 17, 18, 19} {
			few = append(few, menu[i])
		}
		t.Log("\n" + menuOf(t, few, cases, bits, 24, false))
		return
	}
	fashion, err := digits.LoadCase("fashion")
	if err != nil {
		t.Fatal(err)
	}
	text := "| quantizer | W8A8 | W4A8 | W4A4 | twin W8A8 | twin W4A8 | twin W4A4 |\n" +
		"|---|---:|---:|---:|---:|---:|---:|\n" +
		menuOf(t, menu, cases, bits, plain.Test.N, false) +
		"\n| quantizer | W8A8 | W4A8 | W4A4 | W3A4 |\n|---|---:|---:|---:|---:|\n" +
		menuOf(t, menu, []*digits.Case{fashion}, append(bits, [2]int{3, 4}), fashion.Test.N, true)
	if err := os.WriteFile(*menuTable, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + text)
}

// menuOf is the lines of a table: dB of the logits, and where asked top-1 in percent with its standard error.
func menuOf(t *testing.T, rows []menuChoice, cases []*digits.Case, bits [][2]int, images int, top1 bool) string {
	t.Helper()
	var stats []*quant.Stats
	for _, c := range cases {
		stats = append(stats, calibrate(t, c, 128))
	}
	var b strings.Builder
	first := map[string]float64{}
	for _, row := range rows {
		from := b.Len()
		fmt.Fprintf(&b, "| %s |", row.name)
		for k, c := range cases {
			for _, wa := range bits {
				n := configs.Uniform(c.Model, wa[0], wa[1])
				row.change(&n)
				r := quality(t, c, stats[k], n, images)
				fmt.Fprintf(&b, " %.1f", r.SQNR)
				if top1 {
					fmt.Fprintf(&b, ", %.2f ± %.2f", 100*r.Top1, 100*math.Sqrt(r.Top1*(1-r.Top1)/float64(images)))
				}
				b.WriteString(" |")
				key := fmt.Sprint(k, wa)
				if _, ok := first[key]; !ok {
					first[key] = r.SQNR
				}
				if r.SQNR < 0 && n.LNFold > 0 || r.SQNR > first[key]+9 { // outliers without the fold can drown the logits
					t.Errorf("%s, W%dA%d, network %d: %.1f dB; the default has %.1f", row.name, wa[0], wa[1], k, r.SQNR, first[key])
				}
			}
		}
		t.Log(b.String()[from:])
		b.WriteString("\n")
	}
	return b.String()
}

// quality quantizes a case and runs its first test images, against the logits that came with it.
func quality(t *testing.T, c *digits.Case, s *quant.Stats, n configs.Numerics, images int) measure.Result {
	t.Helper()
	net, err := quant.Quantize(c.Model, n, c.Weights, s)
	if err != nil {
		t.Fatal(err)
	}
	logits := make([]float64, images*c.Model.Classes)
	for i := range logits {
		logits[i] = float64(c.TestLogits[i])
	}
	r, err := measure.Evaluate(t.Context(), net, c.Test.Slice(0, images), c.TestLabels[:images], logits,
		runtime.GOMAXPROCS(0))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Fashion at W4A4 holds what it reaches today: docs/QUANTIZERS.md.
func TestFashionAtFourBits(t *testing.T) {
	c, err := digits.LoadCase("fashion")
	if err != nil {
		t.Fatal(err)
	}
	r := quality(t, c, calibrate(t, c, 128), configs.Uniform(c.Model, 4, 4), 256)
	t.Logf("W4A4, 128 calibration images, 256 test images: %.1f dB, top-1 %.2f %%, the float network's class for %.2f %%",
		r.SQNR, 100*r.Top1, 100*r.Agree)
	if r.SQNR < 18 || r.Top1 < 0.91 {
		t.Error("expected at least 18 dB and 91 %")
	}
}

// Layers that read what the quantized layers before them give take out part of these's error.
func TestSequentialInputs(t *testing.T) {
	c, err := digits.LoadCase("fashion")
	if err != nil {
		t.Fatal(err)
	}
	n := configs.Uniform(c.Model, 4, 8)
	stats := calibrate(t, c, 128)
	alone := quality(t, c, stats, n, 256)
	n.Quantizer.Inputs = configs.SequentialInputs
	fed := quality(t, c, stats, n, 256)
	if fed.SQNR < alone.SQNR+1 {
		t.Errorf("W4A8: %.1f dB with inputs of the quantized layers before, %.1f dB with those of the float network; "+
			"expected a gain of 1 dB", fed.SQNR, alone.SQNR)
	}
	small := load(t)
	n = configs.Uniform(small.Model, 4, 8)
	n.Quantizer.Inputs = configs.SequentialInputs
	stats = calibrate(t, small, 16)
	if a, b := quality(t, small, stats, n, 24), quality(t, small, stats, n, 24); a != b {
		t.Errorf("quantized again it is another network: %v and %v", a, b)
	}
	n.Quantizer.TokenScales = configs.DynamicScales
	if _, err := quant.Quantize(small.Model, n, small.Weights, stats); err == nil ||
		!strings.Contains(err.Error(), "inputs is sequential; expected float") {
		t.Errorf("with dynamic scales: %v", err)
	}
}
