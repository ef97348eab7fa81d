package page

import (
	"context"
	"fmt"
	"math"
	"strings"

	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/space"
	"vitdse/emit/engines"
	"vitdse/hwmodel"
)

// Why answers why points of the space are not on the front of a part.
type Why struct {
	front *front.Front
	on    front.PartSummary
	grid  *configs.Grid
	noise noise.Func // of any numerics; nil where only those of the front are known
	known func(configs.Numerics) (float64, bool)

	// Of the part's points: their numbers, by name, and what they are judged by.
	numbers []int
	named   map[string]int
	against [][3]float64 // seconds, largest use, predicted noise
}

// NewWhy gathers what a part's points of a front are judged by. noise predicts that of any numerics; where it is nil,
// only those of the front are known.
func NewWhy(f *front.Front, part string, noise noise.Func) (*Why, error) {
	w := &Why{front: f, noise: noise, known: f.KnownNoise(), named: map[string]int{}}
	var err error
	if w.on, err = f.Summary(part); err != nil {
		return nil, err
	}
	if w.grid, err = space.On(engines.Default(), f.Space, f.Model, w.on.Part); err != nil {
		return nil, err
	}
	for i := range f.Points {
		if p := &f.Points[i]; p.Part == part {
			w.numbers = append(w.numbers, i+1)
			w.against = append(w.against, [3]float64{p.Seconds, p.Use, p.Noise})
			w.named[p.Name] = i + 1
		}
	}
	return w, nil
}

// mostVariants bounds how many single changes a page holds.
const mostVariants = 400

// Variants tries every other value of every axis of a point's choice, one at a time. progress may be nil; if ctx ends
// first, the error is its cause.
func (w *Why) Variants(ctx context.Context, p front.Point, progress func(done, total int)) ([]Variant, error) {
	var changes []Change
	for i, axis := range w.grid.Axes() {
		for _, v := range axis.Values {
			if v != p.Choice[i] && len(changes) < mostVariants {
				changes = append(changes, Change{axis.Name, v})
			}
		}
	}
	list := []Variant{}
	for i, c := range changes {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		x, err := w.Not(p, []Change{c})
		if err != nil {
			return nil, err
		}
		if list = append(list, x); progress != nil {
			progress(i+1, len(changes))
		}
	}
	return list, nil
}

// Not prices the point that differs from p in some choices, and says what keeps it off the front.
func (w *Why) Not(p front.Point, changes []Change) (Variant, error) {
	index, err := indexOf(w.grid, p.Choice, changes)
	if err != nil {
		return Variant{}, err
	}
	nan := Number(math.NaN())
	v := Variant{Changes: changes, Beaten: []int{}, Seconds: nan, FPS: nan, Use: nan, LossDB: nan}
	d, err := w.grid.Design(index)
	if err != nil {
		v.Fate, v.Why = "illegal", strings.ReplaceAll(err.Error(), "\n", "; ")
		return v, nil
	}
	e, err := engines.Default().Price(w.grid.Network(), d, w.on.Part)
	if err != nil {
		return Variant{}, err
	}
	name, use := e.Use.Largest()
	r := e.Resources
	v.Seconds, v.FPS, v.Use, v.UseOf = Number(e.Seconds), Number(e.FPS), Number(use), name
	v.Resource = map[string]int{"lut": r.LUT, "ff": r.FF, "dsp": r.DSP, "bram18": r.BRAM18, "uram": r.URAM,
		"lutram": r.LUTRAM}
	level, known := w.noiseOf(d.Numerics)
	if known {
		v.LossDB = Number(w.front.BestSQNRDB - noise.Decibels(level))
	}
	w.judge(&v, d, e, level, known)
	return v, nil
}

// noiseOf is the predicted noise of numerics, from a prediction or from a point of the front that has them.
func (w *Why) noiseOf(n configs.Numerics) (float64, bool) {
	if w.noise != nil {
		if v, err := w.noise(n); err == nil {
			return v, true
		}
	}
	return w.known(n)
}

// mostBeaten bounds how many points that beat a variant a page names.
const mostBeaten = 100

// judge says what keeps a priced point off the front, looked for in the certificate's order.
func (w *Why) judge(v *Variant, d configs.Design, e hwmodel.Estimate, predicted float64, known bool) {
	f := w.front
	if len(e.Short) > 0 {
		var words []string
		for _, s := range e.Short {
			words = append(words, fmt.Sprintf("more %s than the part's budget allows: %d of %d", s.Resource, s.Need, s.Have))
		}
		v.Fate, v.Why = "budget", strings.Join(words, "; ")
		return
	}
	if broken := brokenLimits(f, metric.Of(d, w.on.Part, e, predicted), known); len(broken) > 0 {
		v.Fate, v.Why = "limit", strings.Join(broken, "; ")
		return
	}
	if !known {
		v.Fate, v.Why = "open", "its noise is not known here: write the page from the run file, "+
			"with the checkpoint that it names"
		return
	}
	if n, on := w.named[d.Name]; on {
		v.Fate, v.Why, v.Beaten = "front", fmt.Sprintf("it is point %d of the front", n), []int{n}
		return
	}
	for i, a := range w.against {
		if a[0] <= e.Seconds && a[1] <= float64(v.Use) && a[2] <= predicted && len(v.Beaten) < mostBeaten {
			v.Beaten = append(v.Beaten, w.numbers[i])
		}
	}
	if len(v.Beaten) == 0 {
		v.Fate, v.Why = "open", "no point of the front is at least as good in latency, "+
			"largest use and predicted noise together; the front is of "+objectiveNames(f)
		return
	}
	n := v.Beaten[0]
	v.Fate, v.Why = "beaten", advantage(f.Points[n-1], e, float64(v.Use), predicted, n)
}

func objectiveNames(f *front.Front) string {
	var names []string
	for _, o := range f.Objectives {
		names = append(names, string(o))
	}
	return strings.Join(names, ", ")
}

// advantage says in what a point of the front is better than a price.
func advantage(q front.Point, e hwmodel.Estimate, use, predicted float64, number int) string {
	var words []string
	if q.Seconds < e.Seconds {
		words = append(words, fmt.Sprintf("%.3g %% faster", 100*(e.Seconds/q.Seconds-1)))
	}
	if q.Use < use {
		words = append(words, fmt.Sprintf("takes %.3g %% of the %s and not %.3g %%", 100*q.Use, q.UseOf, 100*use))
	}
	if q.Noise < predicted {
		words = append(words, fmt.Sprintf("%.2g dB more accurate", noise.Decibels(q.Noise)-noise.Decibels(predicted)))
	}
	if words == nil {
		return fmt.Sprintf("point %d has the same latency, largest use and noise", number)
	}
	return fmt.Sprintf("point %d beats it: %s, and is no worse in the rest", number, strings.Join(words, ", "))
}

// brokenLimits lists the limits of the run that a price does not meet, those of the accuracy as
// predicted.
func brokenLimits(f *front.Front, q metric.Quantities, known bool) []string {
	var list []string
	sqnr := noise.Decibels(q.Noise)
	if loss := f.BestSQNRDB - sqnr; known && f.Limits.MaxLossDB > 0 && loss > f.Limits.MaxLossDB {
		list = append(list, fmt.Sprintf("less accurate than a limit allows: loses %.2f dB of at most %g",
			loss, f.Limits.MaxLossDB))
	}
	if known && f.Limits.MinSQNRDB > 0 && sqnr < f.Limits.MinSQNRDB {
		list = append(list, fmt.Sprintf("less accurate than a limit allows: %.2f dB of at least %g",
			sqnr, f.Limits.MinSQNRDB))
	}
	best := noise.Ratio(f.BestSQNRDB)
	for _, b := range f.Limits.Bounds {
		m, err := b.Metric.Info()
		if err != nil || b.Metric == metric.Loss && !known {
			continue
		}
		if c := m.Cost(&q); c > b.Ceiling(best) {
			list = append(list, fmt.Sprintf("%s is %.4g %s; the limit is %g", b.Metric, m.Show(c, best), m.Unit, b.Value))
		}
	}
	return list
}
