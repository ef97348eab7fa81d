package measured

import (
	"fmt"
	"slices"

	"vitdse/dse/front"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/pareto"
	"vitdse/hwmodel"
)

// Synthesized is a point with the resources that a synthesis counted in the place of the estimate's.
type Synthesized struct {
	Point    int               `json:"point"` // index in Front.Points
	Name     string            `json:"name"`
	Part     string            `json:"part"`
	Counts   hwmodel.Resources `json:"counts"`
	Use      float64           `json:"use"`    // largest share of the usable budget
	UseOf    string            `json:"use_of"` // the resource it is of
	Costs    []float64         `json:"costs"`  // of Front.Objectives
	Feasible bool              `json:"feasible"`
	Broken   string            `json:"broken,omitempty"` // what it breaks, of budget and limits
	OnFront  bool              `json:"on_front"`         // of the feasible points of its part that were synthesized
}

// Recount cuts the front again with what was counted of some of its points, by index, ascending: latency as it is,
// at the assumed clock; resources, power and energy as counted; noise as measured where it was. With top-1 among the
// objectives it is cut as Recut does, if all of these points were measured. A point that the
// estimate wrongly held to be dominated is on neither front.
func Recount(f *front.Front, counts map[int]hwmodel.Resources, engine hwmodel.Engine) ([]Synthesized, error) {
	var list []Synthesized
	left := map[string][]candidate{}
	top1 := byTop1(f, counts)
	for i, p := range f.Points {
		r, counted := counts[i]
		if !counted {
			continue
		}
		s, c, err := recount(f, p, r, engine)
		if err != nil {
			return nil, fmt.Errorf("point %d: %w", i+1, err)
		}
		s.Point = i
		if at := len(list); s.Feasible {
			for k, o := range f.Objectives {
				if top1 && o == metric.Loss && !slices.Contains(f.MeasuredObjectives, metric.Loss) {
					c[k] = 0 // it stands for top-1 in the search
				}
			}
			left[p.Part] = append(left[p.Part], candidate{c, p.Measured, func() { list[at].OnFront = true }})
		}
		list = append(list, s)
	}
	for _, points := range left {
		keep(points, top1)
	}
	return list, nil
}

// byTop1 says whether points of which resources were counted are told apart by top-1.
func byTop1(f *front.Front, counts map[int]hwmodel.Resources) bool {
	for i := range counts {
		if f.Points[i].Measured == nil {
			return false
		}
	}
	return slices.Contains(f.MeasuredObjectives, metric.Top1)
}

// recount is a point whose resources are others than was estimated.
func recount(f *front.Front, p front.Point, r hwmodel.Resources, engine hwmodel.Engine) (Synthesized, pareto.Costs,
	error) {
	s := Synthesized{Name: p.Name, Part: p.Part, Counts: r}
	var c pareto.Costs
	d, err := f.Design(engine, p)
	if err != nil {
		return s, c, err
	}
	on, err := f.Summary(p.Part)
	if err != nil {
		return s, c, err
	}
	g, err := f.Space.On(f.Model, on.Part)
	if err != nil {
		return s, c, err
	}
	e, err := engine.Price(g.Network(), d, on.Part)
	if err != nil {
		return s, c, err
	}
	noise, best := p.Noise, noise.Ratio(f.BestSQNRDB)
	if p.Measured != nil {
		noise, best = p.Measured.Noise, f.Reference.Noise
	}
	e.Resources, e.Use = r, r.Use(on.Part.Usable())
	e.Power = hwmodel.PowerOf(r, on.Part, d.ClockMHz, float64(e.BytesRead+e.BytesWritten)/e.Seconds)
	s.UseOf, s.Use = e.Use.Largest()
	q := metric.Of(d, on.Part, e, noise)
	for k, o := range f.Objectives {
		info, err := o.Info()
		if err != nil {
			return s, c, err
		}
		c[k] = info.Cost(&q)
		s.Costs = append(s.Costs, c[k])
	}
	if s.Broken = breaks(f, s, &q, best); s.Broken == "" && p.Measured != nil && !p.Measured.Feasible {
		s.Broken = "a limit of its accuracy, as measured"
	}
	s.Feasible = s.Broken == ""
	return s, c, nil
}

// breaks says which of budget and limits does not hold, "" if all do.
func breaks(f *front.Front, s Synthesized, q *metric.Quantities, best float64) string {
	if s.Use > 1 {
		return fmt.Sprintf("%.0f%% of the usable %s", 100*s.Use, s.UseOf)
	}
	if limit := f.Limits.Noise(best); q.Noise > limit {
		return "the limit of its noise"
	}
	for _, b := range f.Limits.Bounds {
		info, err := b.Metric.Info()
		if err == nil && info.Cost(q) > b.Ceiling(best) {
			return b.String()
		}
	}
	return ""
}
