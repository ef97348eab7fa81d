package fronts

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"vitdse/dse/front"
)

// choice is one column of what points were chosen to be.
type choice struct {
	name   string
	values []string // one a point
}

// shortAxes names axes shorter than the space does.
var shortAxes = strings.NewReplacer(
	"memories.activations", "act mem", "memories.weights", "w mem", "memories.residual", "res mem",
	"multiplier", "mult", "bus_bits", "bus", "weight_buffers", "w buf", "lut_columns", "lut cols",
	"patch_tokens", "patch tok", "granularity", "scales", "softmax_bits", "softmax",
	"gelu_bits", "gelu", "ln_fold", "fold", "quantizer", "quant", "read_fifo", "fifo")

// choicesOf makes columns of the axes: tm, tn and tk are one, bits of weights and
// activations of the same layers too. Those that are the same in all points are left
// out unless all is set.
func choicesOf(f *front.Front, points []front.Point, all bool) []choice {
	var columns []choice
	free := freeAxes(f)
	for _, kind := range []string{"weights", "activations", "granularity"} {
		if c, ok := summary(f, points, free, kind); ok {
			columns = append(columns, c)
		}
	}
	for a := 0; a < len(f.Axes); a++ {
		if free[a] {
			continue
		}
		axes, name := 1, shortAxes.Replace(f.Axes[a])
		sep := "x"
		switch group, weights := strings.CutSuffix(f.Axes[a], ".weights"); {
		case slices.Equal(f.Axes[a:min(a+3, len(f.Axes))], []string{"tm", "tn", "tk"}):
			axes, name = 3, "array"
		case weights && group != "memories" && a+1 < len(f.Axes) && f.Axes[a+1] == group+".activations":
			axes, name, sep = 2, group+" w/a", "/"
		}
		c := choice{name: name}
		for _, p := range points {
			c.values = append(c.values, strings.Join(p.Choice[a:a+axes], sep))
		}
		a += axes - 1
		if all || len(slices.Compact(slices.Clone(c.values))) > 1 {
			columns = append(columns, c)
		}
	}
	return columns
}

// manyAxes is the number of axes of blocks from which on they are summed up.
const manyAxes = 8

// freeAxes marks the axes that single blocks and layers have, where there are too many of
// them for a column each.
func freeAxes(f *front.Front) map[int]bool {
	free := map[int]bool{}
	for i, name := range f.Axes {
		if strings.HasPrefix(name, "blocks.") && strings.Count(name, ".") > 1 {
			free[i] = true
		}
	}
	if len(free) < manyAxes {
		return nil
	}
	return free
}

// summary is the mean of the free axes that choose bits, or the shares of the choices.
func summary(f *front.Front, points []front.Point, free map[int]bool, kind string) (choice, bool) {
	c := choice{name: "mean " + kind}
	if kind == "granularity" {
		c.name = "scales"
	}
	found := false
	for _, p := range points {
		sum, n := 0.0, 0
		shares := map[string]int{}
		for i := range f.Axes {
			if free[i] && strings.HasSuffix(f.Axes[i], "."+kind) {
				v, _ := strconv.ParseFloat(p.Choice[i], 64) // not of granularity
				sum, n = sum+v, n+1
				shares[p.Choice[i]]++
			}
		}
		found = found || n > 0
		text := fmt.Sprintf("%.2f", sum/float64(max(1, n)))
		if kind == "granularity" {
			var words []string
			for _, name := range slices.Sorted(maps.Keys(shares)) {
				words = append(words, fmt.Sprintf("%d %s", shares[name], name))
			}
			text = strings.Join(words, ", ")
		}
		c.values = append(c.values, text)
	}
	return c, found
}
