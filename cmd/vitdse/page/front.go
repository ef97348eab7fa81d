package page

import (
	"fmt"
	"math"
	"slices"

	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/limits"
	"vitdse/emit/engines"
	"vitdse/hwmodel"
)

// Of makes the report of a front, thinned to at most so many points (0: MostPoints). What is
// not of the front alone, such as Inside and Verified, is for the caller to add.
func Of(f *front.Front, most int) (*Report, error) {
	if most <= 0 {
		most = MostPoints
	}
	m := f.Model
	r := &Report{Schema: Schema, Tool: f.Tool, Inputs: f.Inputs, Seed: f.Seed, Partial: f.Partial, Space: f.Space.Name,
		Model: Model{m.Name, string(m.Family), fmt.Sprintf("%dx%dx%d", m.Image.Height, m.Image.Width, m.Image.Channels),
			m.Tokens(), m.Dim, m.Depth, m.Heads, m.Classes},
		BestSQNRDB: Number(f.BestSQNRDB), Reference: f.Reference, Correction: f.Correction, Near: f.Near,
		Limits: limitsOf(f.Limits), Inside: []Inside{}, Budgets: []Budget{}, Verified: []Verdict{}}
	for _, o := range f.Objectives {
		r.Objectives = append(r.Objectives, string(o))
	}
	for _, o := range f.MeasuredObjectives {
		r.Measured = append(r.Measured, string(o))
	}
	for _, s := range f.Parts {
		r.Parts = append(r.Parts, partOf(s))
	}
	r.Accuracy = claims(f)
	return r, r.addPoints(f, thin(f.Points, most))
}

func partOf(s front.PartSummary) Part {
	p := s.Part
	return Part{Name: p.Name, Title: p.Title, Family: string(p.Family), Budget: budgetOf(p.Budget),
		Usable:       budgetOf(p.Usable()),
		BandwidthGBs: Number(p.BandwidthGBs), Clock: Clock{MHz: Number(p.ClockMHz), Evidence: p.Sources["clock_mhz"]},
		Bands: bandsOf(p), Legal: s.Legal, Fit: s.Fit, Feasible: s.Feasible, Short: s.Short, Front: s.Front, Recut: s.Recut,
		Certificate: s.Certificate}
}

// bandsOf says how far off the resource model may be on a part.
func bandsOf(p configs.Part) []Band {
	worst, ok := engines.Default().WorstErrors(p.Family)
	if !ok {
		why := fmt.Sprintf("derived from the model of %s; not held against synthesis", p.Family.Basis())
		none := Number(math.NaN())
		return []Band{{"lut", none, why}, {"ff", none, why}, {"dsp", none, why}, {"bram18", none, why}, {"uram", none, why},
			{"lutram", none, why}}
	}
	const by = "the worst of the designs that were mapped with Yosys, docs/RESOURCES.md"
	return []Band{{"lut", Number(worst.LUT), by}, {"ff", Number(worst.FF), by}, {"dsp", 0, by}, {"bram18", 0, by},
		{"uram", 0, by}, {"lutram", Number(math.NaN()),
			"counted from the shapes of the memories; not compared apart from the LUTs"}}
}

func limitsOf(l limits.Limits) []Limit {
	list := []Limit{}
	if l.MaxLossDB > 0 {
		list = append(list, Limit{"loss", Number(l.MaxLossDB), "dB", false})
	}
	if l.MinSQNRDB > 0 {
		list = append(list, Limit{"sqnr", Number(l.MinSQNRDB), "dB", true})
	}
	for _, b := range l.Bounds {
		m, err := b.Metric.Info()
		list = append(list, Limit{string(b.Metric), Number(b.Value), b.Metric.Unit(), err == nil && m.Higher})
	}
	return list
}

// pointColumns are the quantities of Points.Values.
var pointColumns = []struct {
	name string
	of   func(p *front.Point) float64
}{
	{"seconds", func(p *front.Point) float64 { return p.Seconds }},
	{"fps", func(p *front.Point) float64 { return p.FPS }},
	{"use", func(p *front.Point) float64 { return p.Use }},
	{"cycles", func(p *front.Point) float64 { return float64(p.Estimate.Cycles) }},
	{"array_use", func(p *front.Point) float64 { return p.Estimate.ArrayUse }},
	{"bytes_read", func(p *front.Point) float64 { return float64(p.Estimate.BytesRead) }},
	{"bytes_written", func(p *front.Point) float64 { return float64(p.Estimate.BytesWritten) }},
	{"lut", func(p *front.Point) float64 { return float64(p.Estimate.LUT) }},
	{"ff", func(p *front.Point) float64 { return float64(p.Estimate.FF) }},
	{"dsp", func(p *front.Point) float64 { return float64(p.Estimate.DSP) }},
	{"bram18", func(p *front.Point) float64 { return float64(p.Estimate.BRAM18) }},
	{"uram", func(p *front.Point) float64 { return float64(p.Estimate.URAM) }},
	{"lutram", func(p *front.Point) float64 { return float64(p.Estimate.LUTRAM) }},
	{"clock_low_mhz", ofModel(func(c *hwmodel.Clock) float64 { return c.Harsh })},
	{"clock_high_mhz", ofModel(func(c *hwmodel.Clock) float64 { return c.Kind })},
}

// ofModel is a value of the clock that the model gives a point, null where the clock is assumed.
func ofModel(of func(*hwmodel.Clock) float64) func(*front.Point) float64 {
	return func(p *front.Point) float64 {
		if p.Clock == nil {
			return math.NaN()
		}
		return of(p.Clock)
	}
}

// addPoints enters the kept points, by their indexes in the front.
func (r *Report) addPoints(f *front.Front, kept []int) error {
	pts := &r.Points
	*pts = Points{Of: len(f.Points), Number: []int{}, Name: []string{}, Part: []int{}, Numerics: []int{},
		UseOf:    []string{},
		Feasible: []int{}, OnFront: []int{}, Near: []int{}, Choice: make([][]int, len(f.Axes))}
	columns := make([][]Number, len(pointColumns)+3)
	numerics, parts := map[string]int{}, map[string]int{}
	for i, p := range f.Parts {
		parts[p.Part.Name] = i
	}
	r.Axes, r.Numerics = []Axis{}, []Numerics{}
	index := make([]map[string]int, len(f.Axes))
	for a, name := range f.Axes {
		r.Axes, index[a], pts.Choice[a] = append(r.Axes, Axis{Name: name}), map[string]int{}, []int{}
	}
	for _, i := range kept {
		p := &f.Points[i]
		part, ok := parts[p.Part]
		if !ok {
			return fmt.Errorf("point %s is for part %s, which the front does not have; the file is damaged", p.Name, p.Part)
		}
		pts.Number, pts.Name, pts.Part, pts.UseOf = append(pts.Number, i+1), append(pts.Name, p.Name), append(pts.Part, part),
			append(pts.UseOf, p.UseOf)
		n, seen := numerics[p.Numerics]
		if !seen {
			n = len(r.Numerics)
			numerics[p.Numerics] = n
			r.Numerics = append(r.Numerics, numericsOf(p))
		}
		pts.Numerics = append(pts.Numerics, n)
		pts.Feasible = append(pts.Feasible, flag(p.Measured != nil && p.Measured.Feasible))
		pts.OnFront = append(pts.OnFront, flag(p.Measured != nil && p.Measured.OnFront))
		pts.Near = append(pts.Near, flag(p.Near))
		for k, c := range pointColumns {
			columns[k] = append(columns[k], Number(c.of(p)))
		}
		if c := p.Clock; c != nil && r.Parts[part].ClockModel == "" {
			r.Parts[part].ClockModel = fmt.Sprintf("Speed grade %s, %s", c.SpeedGrade, c.Evidence)
		}
		mhz, power := powerOf(p, f.Parts[part].Part)
		for k, v := range []float64{mhz, power, power * p.Seconds} {
			columns[len(pointColumns)+k] = append(columns[len(pointColumns)+k], Number(v))
		}
		for a, v := range p.Choice {
			at, seen := index[a][v]
			if !seen {
				at = len(r.Axes[a].Values)
				index[a][v] = at
				r.Axes[a].Values = append(r.Axes[a].Values, v)
			}
			pts.Choice[a] = append(pts.Choice[a], at)
		}
	}
	for k, name := range append(columnNames(), "clock_mhz", "watts", "joules") {
		if columns[k] == nil {
			columns[k] = []Number{}
		}
		pts.Values = append(pts.Values, PointsColumn{name, columns[k]})
	}
	return nil
}

func columnNames() []string {
	var names []string
	for _, c := range pointColumns {
		names = append(names, c.name)
	}
	return names
}

// powerOf is a point's clock in MHz, and its estimated power in W while image follows image.
func powerOf(p *front.Point, part configs.Part) (mhz, watts float64) {
	e := p.Estimate
	mhz = float64(e.Cycles) / p.Seconds / 1e6
	r := hwmodel.Resources{LUT: e.LUT, FF: e.FF, DSP: e.DSP, BRAM18: e.BRAM18, URAM: e.URAM, LUTRAM: e.LUTRAM}
	return mhz, hwmodel.PowerOf(r, part, mhz, float64(e.BytesRead+e.BytesWritten)/p.Seconds).Total()
}

func numericsOf(p *front.Point) Numerics {
	n := Numerics{Hash: p.Numerics, Predicted: Accuracy{Number(p.SQNRDB), Number(p.LossDB)}}
	if m := p.Measured; m != nil {
		n.Measured = &Measured{Accuracy{Number(m.SQNRDB), Number(m.LossDB)}, Number(m.Top1), Number(m.Top1SE),
			Number(m.Agree), m.Images}
	}
	return n
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// thin gives the indexes of at most so many points, in the order of the front. The fastest, the
// smallest and the most accurate of every part stay; the others are taken evenly.
func thin(points []front.Point, most int) []int {
	keep := make([]bool, len(points))
	if len(points) <= most {
		for i := range keep {
			keep[i] = true
		}
	} else {
		left := most - extremes(points, keep)
		var rest []int
		for i := range points {
			if !keep[i] {
				rest = append(rest, i)
			}
		}
		for k := range max(0, left) {
			keep[rest[k*len(rest)/left]] = true
		}
	}
	var kept []int
	for i, k := range keep {
		if k {
			kept = append(kept, i)
		}
	}
	return slices.Clip(kept)
}

// extremes marks each part's best points by every objective and counts them.
func extremes(points []front.Point, keep []bool) (n int) {
	type key struct {
		part      string
		objective int
	}
	best := map[key]int{}
	for i := range points {
		for k, c := range points[i].Costs {
			at := key{points[i].Part, k}
			if j, seen := best[at]; !seen || c < points[j].Costs[k] {
				best[at] = i
			}
		}
	}
	for _, i := range best {
		if !keep[i] {
			keep[i] = true
			n++
		}
	}
	return n
}
