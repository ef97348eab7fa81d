package fronts

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/dse/baseline"
)

// Contests is a table of exact searches and of other methods on the same spaces.
type Contests struct{ *table.Table }

// NewContests is one without rows.
func NewContests() Contests {
	return Contests{table.New("<part", "<method", "<limit", "evaluations", "distinct", "s", "front", "hypervolume %",
		"least", "most")}
}

// Exact adds the exact search of a part: the points of the space, how long it took, and the points of its front.
func (c Contests) Exact(part string, points *big.Int, seconds float64, front int) {
	c.Add(part, "exact", "none", "all "+number.Exact(points), "", fmt.Sprintf("%.1f", seconds), number.Count(front),
		"100.0", "", "")
}

// Method adds what a method found with some seeds, at least one: medians, and the median, least and most of its shares
// of the exact front's hypervolume, 0..1, one a seed. Limit is evaluations, or 0 for the exact search's time.
func (c Contests) Method(part string, m baseline.Method, limit int, found []baseline.Result, shares []float64) {
	words := number.Count(limit) + " evaluations"
	if limit == 0 {
		words = "the exact search's time"
	}
	c.Add(part, string(m), words,
		number.Count(median(found, func(r baseline.Result) int { return r.Evaluations })),
		number.Count(median(found, func(r baseline.Result) int { return r.Distinct })),
		fmt.Sprintf("%.1f", median(found, func(r baseline.Result) float64 { return r.Seconds })),
		number.Count(median(found, func(r baseline.Result) int { return len(r.Front) })),
		number.Percent(median(shares, func(v float64) float64 { return v })),
		number.Percent(slices.Min(shares)), number.Percent(slices.Max(shares)))
}

// median is the one in the middle of a number of each of a list; of an even count the larger of the two.
func median[T any, V int | float64](list []T, of func(T) V) V {
	var v []V
	for _, x := range list {
		v = append(v, of(x))
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// Searched shows the points that a search with named costs found on a part, each with its choices of the axes.
func Searched(o *table.Output, part string, costs []string, axes []configs.Axis, r baseline.Result) error {
	t := table.New(append(slices.Clone(costs), "<design")...)
	for _, p := range r.Front {
		var row, choices []string
		for _, c := range p.Costs {
			row = append(row, fmt.Sprintf("%g", c))
		}
		for i, axis := range axes {
			choices = append(choices, axis.Name+"="+axis.Values[p.Genes[i]])
		}
		t.Add(append(row, strings.Join(choices, " "))...)
	}
	o.Printf("%s: %s after %s evaluations, %s distinct\n", part, number.Plural(len(r.Front), "point"),
		number.Count(int64(r.Evaluations)), number.Count(int64(r.Distinct)))
	return o.Show(t)
}
