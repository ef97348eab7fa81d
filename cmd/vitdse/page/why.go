package page

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/dse"
	"vitdse/emit/engines"
	"vitdse/hwmodel"
)

// Variant is a point of the space that differs from a point of the front in some choices, and why it
// is, or is not, on the front.
type Variant struct {
	Changes  []Change       `json:"changes"`
	Fate     string         `json:"fate"` // illegal, budget, limit, beaten, front, or open where the noise is not known
	Why      string         `json:"why"`  // in words
	Beaten   []int          `json:"beaten"`
	Seconds  Number         `json:"seconds"`
	FPS      Number         `json:"fps"`
	Use      Number         `json:"use"`
	UseOf    string         `json:"use_of"`
	LossDB   Number         `json:"loss_db"` // predicted
	Resource map[string]int `json:"resources,omitempty"`
}

// Change is one choice and the value that it gets.
type Change struct {
	Axis  string `json:"axis"`
	Value string `json:"value"`
}

// mostVariants bounds how many single changes a page holds.
const mostVariants = 400

// Variants tries every other value of every axis of a point's choice, one at a time.
func Variants(f *dse.Front, p dse.Point, noise dse.Noise) ([]Variant, error) {
	g, err := gridOf(f, p.Part)
	if err != nil {
		return nil, err
	}
	list := []Variant{}
	for i, axis := range g.Axes() {
		for _, v := range axis.Values {
			if v == p.Choice[i] || len(list) == mostVariants {
				continue
			}
			x, err := WhyNot(f, p, []Change{{axis.Name, v}}, noise)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
	}
	return list, nil
}

// ParseChanges reads choices between commas, such as "tm=8,multiplier=lut".
func ParseChanges(text string) ([]Change, error) {
	var list []Change
	for _, part := range strings.Split(text, ",") {
		axis, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("%q is no choice; expected axis=value, such as tm=8,multiplier=lut", strings.TrimSpace(part))
		}
		list = append(list, Change{strings.TrimSpace(axis), strings.TrimSpace(value)})
	}
	return list, nil
}

func gridOf(f *dse.Front, part string) (*configs.Grid, error) {
	s, err := f.Summary(part)
	if err != nil {
		return nil, err
	}
	return dse.GridOn(f.Space, f.Model, s.Part)
}

// WhyNot prices the point that differs from p in some choices, and says what keeps it off the
// front. noise predicts that of any numerics; where it is nil, only those of the front are known.
func WhyNot(f *dse.Front, p dse.Point, changes []Change, noise dse.Noise) (Variant, error) {
	s, err := f.Summary(p.Part)
	if err != nil {
		return Variant{}, err
	}
	g, err := gridOf(f, p.Part)
	if err != nil {
		return Variant{}, err
	}
	index, err := indexOf(g, p.Choice, changes)
	if err != nil {
		return Variant{}, err
	}
	nan := Number(math.NaN())
	v := Variant{Changes: changes, Beaten: []int{}, Seconds: nan, FPS: nan, Use: nan, LossDB: nan}
	d, err := g.Design(index)
	if err != nil {
		v.Fate, v.Why = "illegal", strings.ReplaceAll(err.Error(), "\n", "; ")
		return v, nil
	}
	e, err := engines.Default().Price(g.Network(), d, s.Part)
	if err != nil {
		return Variant{}, err
	}
	name, use := e.Use.Largest()
	r := e.Resources
	v.Seconds, v.FPS, v.Use, v.UseOf = Number(e.Seconds), Number(e.FPS), Number(use), name
	v.Resource = map[string]int{"lut": r.LUT, "ff": r.FF, "dsp": r.DSP, "bram18": r.BRAM18, "uram": r.URAM, "lutram": r.LUTRAM}
	level, known := noiseOf(f, d, noise)
	if known {
		v.LossDB = Number(f.BestSQNRDB - dse.Decibels(level))
	}
	v.judge(f, p.Part, d, e, level, known)
	return v, nil
}

// indexOf is the index of a choice with some changes.
func indexOf(g *configs.Grid, choice []string, changes []Change) ([]int, error) {
	var names []string
	index := make([]int, len(g.Axes()))
	for i, a := range g.Axes() {
		names = append(names, a.Name)
		value := choice[i]
		for _, c := range changes {
			if c.Axis == a.Name {
				value = c.Value
			}
		}
		if index[i] = slices.Index(a.Values, value); index[i] < 0 {
			return nil, fmt.Errorf("%s=%s: the space has %s", a.Name, value, strings.Join(a.Values, ", "))
		}
	}
	for _, c := range changes {
		if !slices.Contains(names, c.Axis) {
			return nil, fmt.Errorf("%s=%s: the space has no such choice, but %s", c.Axis, c.Value, strings.Join(names, ", "))
		}
	}
	return index, nil
}

// noiseOf is the predicted noise of a design, from a prediction or from a point of the front with
// the same numerics.
func noiseOf(f *dse.Front, d configs.Design, noise dse.Noise) (float64, bool) {
	if noise != nil {
		if v, err := noise(d.Numerics); err == nil {
			return v, true
		}
	}
	for _, q := range f.Points {
		if e, err := f.Design(q); err == nil && slices.Equal(e.Numerics.Layers, d.Numerics.Layers) &&
			e.Numerics.SoftmaxBits == d.Numerics.SoftmaxBits && e.Numerics.GELUBits == d.Numerics.GELUBits && e.Numerics.LNFold == d.Numerics.LNFold {
			return q.Noise, true
		}
	}
	return 0, false
}

// judge says what keeps a priced point off the front, looked for in the certificate's order.
func (v *Variant) judge(f *dse.Front, part string, d configs.Design, e hwmodel.Estimate, noise float64, known bool) {
	if len(e.Short) > 0 {
		var words []string
		for _, s := range e.Short {
			words = append(words, fmt.Sprintf("more %s than the part's budget allows: %d of %d", s.Resource, s.Need, s.Have))
		}
		v.Fate, v.Why = "budget", strings.Join(words, "; ")
		return
	}
	if broken := brokenLimits(f, e, dse.Decibels(noise), known); len(broken) > 0 {
		v.Fate, v.Why = "limit", strings.Join(broken, "; ")
		return
	}
	if !known {
		v.Fate, v.Why = "open", "its noise is not known here: write the page from the run file, with the checkpoint that it names"
		return
	}
	var best string
	for i, q := range f.Points {
		if q.Part != part {
			continue
		}
		if q.Name == d.Name {
			v.Fate, v.Why, v.Beaten = "front", fmt.Sprintf("it is point %d of the front", i+1), []int{i + 1}
			return
		}
		if q.Seconds <= e.Seconds && q.Use <= float64(v.Use) && q.Noise <= noise {
			v.Beaten = append(v.Beaten, i+1)
			if best == "" {
				best = advantage(q, e, float64(v.Use), noise, i+1)
			}
		}
	}
	if v.Fate, v.Why = "beaten", best; best == "" {
		v.Fate, v.Why = "open", "no point of the front is at least as good in latency, largest use and predicted noise together; the front is of "+objectiveNames(f)
	}
}

func objectiveNames(f *dse.Front) string {
	var names []string
	for _, o := range f.Objectives {
		names = append(names, string(o))
	}
	return strings.Join(names, ", ")
}

// advantage says in what a point of the front is better than a price.
func advantage(q dse.Point, e hwmodel.Estimate, use, noise float64, number int) string {
	var words []string
	if q.Seconds < e.Seconds {
		words = append(words, fmt.Sprintf("%.3g %% faster", 100*(e.Seconds/q.Seconds-1)))
	}
	if q.Use < use {
		words = append(words, fmt.Sprintf("takes %.3g %% of the %s and not %.3g %%", 100*q.Use, q.UseOf, 100*use))
	}
	if q.Noise < noise {
		words = append(words, fmt.Sprintf("%.2g dB more accurate", dse.Decibels(q.Noise)-dse.Decibels(noise)))
	}
	if words == nil {
		return fmt.Sprintf("point %d has the same latency, largest use and noise", number)
	}
	return fmt.Sprintf("point %d beats it: %s, and is no worse in the rest", number, strings.Join(words, ", "))
}

// brokenLimits lists the limits of the run that a price does not meet, those of the accuracy as
// predicted.
func brokenLimits(f *dse.Front, e hwmodel.Estimate, sqnr float64, known bool) []string {
	var list []string
	if loss := f.BestSQNRDB - sqnr; known && f.Limits.MaxLossDB > 0 && loss > f.Limits.MaxLossDB {
		list = append(list, fmt.Sprintf("less accurate than a limit allows: loses %.2f dB of at most %g", loss, f.Limits.MaxLossDB))
	}
	if known && f.Limits.MinSQNRDB > 0 && sqnr < f.Limits.MinSQNRDB {
		list = append(list, fmt.Sprintf("less accurate than a limit allows: %.2f dB of at least %g", sqnr, f.Limits.MinSQNRDB))
	}
	r := e.Resources
	value := map[dse.Metric]float64{dse.Latency: 1e3 * e.Seconds, dse.Throughput: e.FPS, dse.LUTs: float64(r.LUT), dse.FFs: float64(r.FF), dse.DSPs: float64(r.DSP),
		dse.BRAMs: float64(r.BRAM18), dse.URAMs: float64(r.URAM), dse.LUTRAMs: float64(r.LUTRAM), dse.Bytes: float64(e.BytesRead + e.BytesWritten), dse.Energy: 1e3 * e.EnergyJ()}
	_, use := e.Use.Largest()
	value[dse.LargestUse] = 100 * use
	for _, b := range f.Limits.Bounds {
		got, ok := value[b.Metric]
		if least := b.Metric == dse.Throughput; ok && (least && got < b.Value || !least && got > b.Value) {
			list = append(list, fmt.Sprintf("%s is %.4g %s; the limit is %g", b.Metric, got, b.Metric.Unit(), b.Value))
		}
	}
	return list
}
