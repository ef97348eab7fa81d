package quant_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/golden/internal/digits"
)

var menuTable = flag.String("menu", "", "file to which TestMenu writes its table, for docs; without it a few rows are checked")

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
	{"nearest rounding, no bias correction", quantizer(func(q *configs.Quantizer) { q.Rounding, q.BiasCorrection = configs.Nearest, configs.Off })},
	{"power-of-two scales", quantizer(func(q *configs.Quantizer) { q.Scales = configs.PowerOfTwos })},
	{"dynamic scales of tokens", quantizer(func(q *configs.Quantizer) { q.TokenScales = configs.DynamicScales })},
	{"dynamic scales of tokens, no LayerNorm fold", func(n *configs.Numerics) { n.Quantizer.TokenScales, n.LNFold = configs.DynamicScales, 0 }},
}

// TestMenu measures every quantizer on the digits network and on its outlier twin, the same
// float function with some channels of every LayerNorm sixteen times as large. Without -menu
// a few rows only.
func TestMenu(t *testing.T) {
	plain := load(t)
	twin := *plain
	twin.Weights = outliers(plain)
	cases := []*digits.Case{plain, &twin}
	bits := [][2]int{{8, 8}, {4, 8}, {4, 4}}
	rows, images := menu, 120
	if *menuTable == "" {
		rows, images = []menuChoice{menu[0], menu[3], menu[6], menu[17], menu[18]}, 24
	}
	var b strings.Builder
	b.WriteString("| quantizer | W8A8 | W4A8 | W4A4 | twin W8A8 | twin W4A8 | twin W4A4 |\n|---|---:|---:|---:|---:|---:|---:|\n")
	first := map[string]float64{}
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s |", row.name)
		for k, c := range cases {
			s := calibrate(t, c, 128)
			for _, wa := range bits {
				n := configs.Uniform(c.Model, wa[0], wa[1])
				row.change(&n)
				db := sqnr(t, c, s, n, images)
				fmt.Fprintf(&b, " %.1f |", db)
				key := fmt.Sprint(k, wa)
				if _, ok := first[key]; !ok {
					first[key] = db
				}
				if db < 0 && n.LNFold > 0 || db > first[key]+6 { // outliers without the fold can drown the logits
					t.Errorf("%s, W%dA%d, network %d: %.1f dB; the default has %.1f", row.name, wa[0], wa[1], k, db, first[key])
				}
			}
		}
		b.WriteString("\n")
	}
	if *menuTable != "" {
		if err := os.WriteFile(*menuTable, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Log("\n" + b.String())
}
