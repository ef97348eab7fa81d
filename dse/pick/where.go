package pick

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"vitdse/dse/accuracy"
	"vitdse/dse/front"
)

// quantity is a number of a point of a front that conditions, orders and plots may name, in
// the unit of tables.
type quantity struct {
	name, unit string
	falling    bool // the best is the highest
	of         func(p front.Point, c accuracy.Cut) float64
}

var pointQuantities = []quantity{
	{"latency", "ms", false, func(p front.Point, _ accuracy.Cut) float64 { return 1e3 * p.Seconds }},
	{"fps", "images/s", true, func(p front.Point, _ accuracy.Cut) float64 { return p.FPS }},
	{"use", "% of the scarcest resource", false, func(p front.Point, _ accuracy.Cut) float64 { return 100 * p.Use }},
	{"loss", "dB", false, func(p front.Point, c accuracy.Cut) float64 { _, _, v := p.Accuracy(c); return v }},
	{"sqnr", "dB", true, func(p front.Point, c accuracy.Cut) float64 { _, v, _ := p.Accuracy(c); return v }},
	{"top1", "%, measured", true, measuredTop1},
	{"lut", "LUTs", false, func(p front.Point, _ accuracy.Cut) float64 { return float64(p.Estimate.LUT) }},
	{"ff", "flip-flops", false, func(p front.Point, _ accuracy.Cut) float64 { return float64(p.Estimate.FF) }},
	{"dsp", "DSPs", false, func(p front.Point, _ accuracy.Cut) float64 { return float64(p.Estimate.DSP) }},
	{"bram18", "blocks of 18 Kb", false, func(p front.Point,
		_ accuracy.Cut) float64 {
		return float64(p.Estimate.BRAM18)
	}},
	{"uram", "UltraRAMs", false, func(p front.Point, _ accuracy.Cut) float64 { return float64(p.Estimate.URAM) }},
	{"lutram", "LUTs as memory", false, func(p front.Point, _ accuracy.Cut) float64 { return float64(p.Estimate.LUTRAM) }},
	{"bytes", "bytes an image", false, func(p front.Point, _ accuracy.Cut) float64 {
		return float64(p.Estimate.BytesRead + p.Estimate.BytesWritten)
	}},
	{"array", "% of the array busy", true, func(p front.Point,
		_ accuracy.Cut) float64 {
		return 100 * p.Estimate.ArrayUse
	}},
}

// measuredTop1 is no number of points that were not measured, which meet no condition.
func measuredTop1(p front.Point, _ accuracy.Cut) float64 {
	if p.Measured == nil {
		return math.NaN()
	}
	return 100 * p.Measured.Top1
}

// QuantityNames lists the names.
func QuantityNames() []string {
	var names []string
	for _, q := range pointQuantities {
		names = append(names, q.name)
	}
	return names
}

func quantityOf(name string) (quantity, error) {
	i := slices.IndexFunc(pointQuantities, func(q quantity) bool { return q.name == name })
	if i < 0 {
		return quantity{}, fmt.Errorf("unknown quantity %q; expected one of %s", name, strings.Join(QuantityNames(), ", "))
	}
	return pointQuantities[i], nil
}

// Quantity is a point's number of that name in the unit that comes with it.
func Quantity(p front.Point, name string, c accuracy.Cut) (value float64, unit string, err error) {
	q, err := quantityOf(name)
	if err != nil {
		return 0, "", err
	}
	return q.of(p, c), q.unit, nil
}

// Condition asks for a quantity to be at most, at least or just a value.
type Condition struct {
	Quantity string
	Op       string // <=, >=, <, > or =
	Value    float64
}

// operators, the longer before those they begin with.
var operators = []string{"<=", ">=", "<", ">", "="}

// ParseConditions reads conditions between commas, such as "fps>=60, dsp<=800".
func ParseConditions(text string) ([]Condition, error) {
	var list []Condition
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		at, op := -1, ""
		for _, o := range operators {
			if i := strings.Index(part, o); i >= 0 && at < 0 {
				at, op = i, o
			}
		}
		if at < 0 {
			return nil, fmt.Errorf("condition %q has no comparison; expected a quantity, one of %s, and a number",
				part, strings.Join(operators, " "))
		}
		c := Condition{strings.TrimSpace(part[:at]), op, 0}
		if _, err := quantityOf(c.Quantity); err != nil {
			return nil, fmt.Errorf("condition %q: %w", part, err)
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(part[at+len(op):]), 64)
		if err != nil || v-v != 0 {
			return nil, fmt.Errorf("condition %q compares with %q; expected a number",
				part, strings.TrimSpace(part[at+len(op):]))
		}
		c.Value = v
		list = append(list, c)
	}
	return list, nil
}

// holds says whether a point meets the condition.
func (c Condition) holds(p front.Point, cut accuracy.Cut) bool {
	q, err := quantityOf(c.Quantity)
	if err != nil {
		return false
	}
	v := q.of(p, cut)
	switch c.Op {
	case "<=":
		return v <= c.Value
	case ">=":
		return v >= c.Value
	case "<":
		return v < c.Value
	case ">":
		return v > c.Value
	}
	return v == c.Value
}

// key is what to sort by: the quantity, the best first.
func (q quantity) key(c accuracy.Cut) func(front.Point) float64 {
	return func(p front.Point) float64 {
		if q.falling {
			return -q.of(p, c)
		}
		return q.of(p, c)
	}
}

// Coverage compares two sets of points by latency, share of the part and noise, part by part.
type Coverage struct {
	A, B         int // points
	ABeaten      int // points of A that a point of B is at least as good as in everything, better in something
	BBeaten      int
	Equal        int // points of A with the same costs as one of B
	OnlyA, OnlyB int // points of A, of B, that the joint front keeps and the other has not
}

// Compare says which of two sets of points dominate which.
func Compare(a, b []front.Point, c accuracy.Cut) Coverage {
	costs := func(p front.Point) [3]float64 { return p.Compared(c) }
	beats := func(p, q [3]float64) bool { return p[0] <= q[0] && p[1] <= q[1] && p[2] <= q[2] && p != q }
	out := Coverage{A: len(a), B: len(b)}
	count := func(of, by []front.Point) (beaten, equal int) {
		for _, p := range of {
			x := costs(p)
			if slices.ContainsFunc(by, func(q front.Point) bool { return q.Part == p.Part && beats(costs(q), x) }) {
				beaten++
			} else if slices.ContainsFunc(by, func(q front.Point) bool { return q.Part == p.Part && costs(q) == x }) {
				equal++
			}
		}
		return beaten, equal
	}
	var equalB int
	out.ABeaten, out.Equal = count(a, b)
	out.BBeaten, equalB = count(b, a)
	out.OnlyA, out.OnlyB = out.A-out.ABeaten-out.Equal, out.B-out.BBeaten-equalB
	return out
}
