package measure_test

import (
	"context"
	"fmt"
	"testing"

	"vitdse/configs"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

func TestScratch(t *testing.T) {
	c := digitsCase(t)
	ctx := context.Background()
	rest := c.Train.Slice(256, 856)
	logits2, _ := measure.FloatLogits(ctx, c.Model, c.Weights, rest, 2)
	s := ""
	for _, v := range [][2]int{{8, 8}, {6, 6}, {5, 5}, {4, 8}, {4, 4}, {3, 3}, {2, 8}, {8, 4}} {
		net, err := quant.Quantize(c.Model, configs.Uniform(c.Model, v[0], v[1]), c.Weights, c.stats)
		if err != nil {
			t.Fatal(err)
		}
		res := c.evaluate(t, configs.Uniform(c.Model, v[0], v[1]))
		res2, _ := measure.Evaluate(ctx, net, rest, nil, logits2, 2)
		s += fmt.Sprintf("| %d/%d %.1f %.1f", v[0], v[1], res.SQNR, res2.SQNR)
	}
	t.Log(s)
}
