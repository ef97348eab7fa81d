package exact

import (
	"cmp"
	"slices"

	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/hwmodel"
)

// misses are the points that come nearest to the limits, which explain a front without
// points. Each is an engine's rank and a subproblem, whose numerics of least noise are meant.
type misses struct {
	Near *miss `json:"near,omitempty"` // exceeds the part's budget by least, and is accurate enough
	// within the budget, exceeds a limit of resources by least, and is accurate enough
	Over    *miss `json:"over,omitempty"`
	Able    *miss `json:"able,omitempty"`    // most accurate of those that fit
	Fastest *miss `json:"fastest,omitempty"` // of those that fit and are accurate enough, by the bound of its time
}

type miss struct {
	By     float64 `json:"by"` // the less, the nearer
	Engine int64   `json:"engine"`
	Sub    int     `json:"sub"`
}

// offer keeps the nearer of a miss and another; of equals that of the lower rank.
func (m *miss) offer(by float64, engine int64, sub int) *miss {
	if m == nil || by < m.By || by == m.By && cmp.Or(cmp.Compare(engine, m.Engine), cmp.Compare(sub, m.Sub)) < 0 {
		return &miss{by, engine, sub}
	}
	return m
}

// add takes in another's misses.
func (m *misses) add(o misses) {
	for _, x := range [...]struct {
		to   **miss
		from *miss
	}{{&m.Near, o.Near}, {&m.Over, o.Over}, {&m.Able, o.Able}, {&m.Fastest, o.Fastest}} {
		if x.from != nil {
			*x.to = (*x.to).offer(x.from.By, x.from.Engine, x.from.Sub)
		}
	}
}

// design is the point of a miss.
func (x *exact) design(i int, m *miss) (configs.Design, error) {
	s := &x.subs[m.Sub]
	refs := make([]int32, len(s.stages))
	for k, st := range s.stages {
		best := st.Options[0]
		for _, o := range st.Options[1:] {
			if o.Noise < best.Noise {
				best = o
			}
		}
		refs[k] = best.Ref
	}
	f := x.byPart[i]
	return f.grid.Design(f.index(x.numerics.index(&x.numerics.classes[s.class], refs), m.Engine))
}

// misses fills a part's summary with the points nearest to the limits. Each says whether it
// breaks nothing but the one limit that it is for.
func (x *exact) misses(i int, sum *front.PartSummary) error {
	m := x.missed[i]
	for _, k := range [...]struct {
		miss *miss
		fill func(configs.Design, hwmodel.Estimate, broken)
	}{
		{m.Near, func(d configs.Design, e hwmodel.Estimate, b broken) {
			name, _ := e.Use.Largest()
			if k := slices.IndexFunc(e.Short, func(s hwmodel.Shortage) bool { return s.Resource == name }); k >= 0 {
				sum.Nearest = &front.Nearest{Rank: -1, Name: d.Name, Design: d, Resource: name, Need: e.Short[k].Need,
					Have: e.Short[k].Have, Alone: len(e.Short) == 1 &&
						b == broken{budget: true}}
			}
		}},
		{m.Over, func(d configs.Design, e hwmodel.Estimate, b broken) {
			q := metric.Of(d, sum.Part, e, 0)
			if c := x.ceilings.Over(&q); c != nil {
				sum.Over = &front.Over{Name: d.Name, Bound: c.Bound, Value: c.Info.Show(c.Info.Cost(&q), 1),
					Alone: b == broken{static: 1}}
			}
		}},
		{m.Able, func(d configs.Design, _ hwmodel.Estimate, b broken) {
			sum.Best = &front.Reachable{Rank: -1, SQNRDB: noise.Decibels(m.Able.By), Alone: b == broken{noise: true}}
		}},
		{m.Fastest, func(d configs.Design, e hwmodel.Estimate, b broken) {
			sum.Fastest = &front.Fastest{Name: d.Name, Seconds: e.Seconds, Alone: b == broken{time: true}}
		}},
	} {
		if k.miss == nil {
			continue
		}
		d, err := x.design(i, k.miss)
		if err != nil {
			return err
		}
		e, err := x.in.Engine.Price(x.byPart[i].grid.Network(), d, sum.Part)
		if err != nil {
			return err
		}
		noise, err := x.in.Noise(d.Numerics)
		if err != nil {
			return err
		}
		k.fill(d, e, x.breaks(metric.Of(d, sum.Part, e, noise)))
	}
	return nil
}

// broken is the limits that a point breaks.
type broken struct {
	budget, time, bytes, noise bool
	static                     int
}

func (x *exact) breaks(q metric.Quantities) broken {
	e, noise := &q.Estimate, q.Noise
	c := &x.ceilings
	b := broken{budget: !e.Fits, time: e.Seconds > c.Seconds || e.EnergyJ() > c.Energy, bytes: c.Bytes > 0 &&
		e.BytesRead+e.BytesWritten > c.Bytes,
		noise: c.Noise > 0 && noise > c.Noise.Power()}
	for _, s := range c.Static {
		if s.Info.Cost(&q) > s.Cost {
			b.static++
		}
	}
	return b
}

// bestNumerics are the most accurate of the space.
func (x *exact) bestNumerics() (configs.Numerics, error) {
	for _, f := range x.byPart {
		if len(f.groups) > 0 {
			d, err := f.grid.Design(f.index(x.bestAt, f.groups[0].engines[0].rank))
			return d.Numerics, err
		}
	}
	return configs.Numerics{}, nil
}
