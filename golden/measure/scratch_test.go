package measure_test

import (
	"context"
	"fmt"
	"testing"

	"vitdse/configs"
	"vitdse/golden/internal/digits"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

func TestScratch(t *testing.T) {
	c, _ := digits.Load()
	ctx := context.Background()
	rest := c.Train.Slice(256, c.Train.N)
	logits, _ := measure.FloatLogits(ctx, c.Model, c.Weights, c.Test, 2)
	logits2, _ := measure.FloatLogits(ctx, c.Model, c.Weights, rest, 2)
	run := func(what string, f func(n *configs.Numerics)) {
		stats, _ := quant.Calibrate(c.Model, c.Weights, c.Train.Slice(0, 256))
		s := ""
		for _, v := range [][2]int{{8, 8}, {6, 6}, {4, 8}, {4, 4}, {3, 3}, {2, 8}, {8, 4}} {
			n := configs.Uniform(c.Model, v[0], v[1])
			f(&n)
			net, err := quant.Quantize(c.Model, n, c.Weights, stats)
			if err != nil {
				t.Fatal(err)
			}
			res, _ := measure.Evaluate(ctx, net, c.Test, c.TestLabels, logits, 2)
			res2, _ := measure.Evaluate(ctx, net, rest, nil, logits2, 2)
			s += fmt.Sprintf("| %d/%d %.1f %.1f (%.1f)", v[0], v[1], res.SQNR, res2.SQNR, 100*res.Top1)
		}
		t.Log(what, s)
	}
	run("base", func(n *configs.Numerics) {})
	run("fold .5", func(n *configs.Numerics) { n.LNFold = 0.5 })
}
