package measured

import (
	"context"
	"maps"
	"slices"

	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/pareto"
	"vitdse/dse/search"
	"vitdse/dse/space"
	"vitdse/hwmodel"
)

// nearSeeds is the most points of a part's front whose neighbours are priced, evenly spaced.
const nearSeeds = 256

// nearSearch looks for points near one part's front.
type nearSearch struct {
	front    *front.Front
	part     configs.Part
	grid     *configs.Grid
	engine   hwmodel.Clocked
	pricer   hwmodel.PointPricer
	noise    noise.Func
	band     float64       // dB
	most     float64       // noise, within the band of what the limits allow
	split    int           // axes of the numerics
	own      []front.Point // of the predicted front
	seeds    [][]int       // indexes of some of them
	numerics map[string]nearNumerics
}

// nearNumerics is a choice of the numerics' axes, and by how much its nearest point is short.
type nearNumerics struct {
	choice []int
	short  float64 // dB
}

func newNearSearch(f *front.Front, in search.Input, part configs.Part, band float64) (*nearSearch, error) {
	g, err := space.On(in.Engine, f.Space, f.Model, part)
	if err != nil {
		return nil, err
	}
	n := &nearSearch{front: f, part: part, grid: g, engine: in.Engine, noise: in.Noise, band: band,
		split: space.Split(g.Axes()), numerics: map[string]nearNumerics{}}
	if n.pricer, err = in.Engine.NewPricer(g.Network(), part); err != nil {
		return nil, err
	}
	best := noise.Ratio(f.BestSQNRDB)
	n.most = f.Limits.Noise(best)
	for _, b := range f.Limits.Bounds {
		if b.Metric == metric.Loss {
			n.most = min(n.most, b.Ceiling(best))
		}
	}
	n.most *= noise.Ratio(-band)
	for _, p := range f.Points {
		if p.Part == part.Name && !p.Near {
			n.own = append(n.own, p)
		}
	}
	seeds := min(nearSeeds, len(n.own))
	for k := range seeds {
		index, err := f.Index(g, n.own[k*len(n.own)/seeds])
		if err != nil {
			return nil, err
		}
		n.seeds = append(n.seeds, index)
	}
	return n, nil
}

// neighbours prices what differs from a seed in one axis of the numerics, and notes those within the band.
func (n *nearSearch) neighbours(ctx context.Context) error {
	for _, seed := range n.seeds {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := n.note(seed); err != nil {
			return err
		}
		index := slices.Clone(seed)
		for a, axis := range n.grid.Axes()[:n.split] {
			for index[a] = range axis.Len {
				if err := n.note(index); err != nil {
					return err
				}
			}
			index[a] = seed[a]
		}
	}
	return nil
}

// note prices a point and keeps its numerics if it is within the band.
func (n *nearSearch) note(index []int) error {
	p, ok, err := n.point(index)
	if err != nil || !ok {
		return err
	}
	short := shortfall(n.front, n.own, p)
	if have, seen := n.numerics[p.Numerics]; short <= n.band && (!seen || short < have.short) {
		n.numerics[p.Numerics] = nearNumerics{slices.Clone(index[:n.split]), short}
	}
	return nil
}

// point prices a point; false if it is illegal, does not fit, or breaks a limit.
func (n *nearSearch) point(index []int) (front.Point, bool, error) {
	d, err := n.grid.Design(index)
	if err != nil {
		return front.Point{}, false, nil //nolint:nilerr // illegal is no error here
	}
	noise, err := n.noise(d.Numerics)
	if err != nil || noise > n.most {
		return front.Point{}, false, err
	}
	e, err := n.pricer.Price(&d)
	if err != nil {
		return front.Point{}, false, err
	}
	q := metric.Of(d, n.part, e, noise)
	if _, use := e.Use.Largest(); use > 1 || beyond(n.front, &q) {
		return front.Point{}, false, nil
	}
	p, err := n.front.Point(n.engine, n.grid, index, d, &q)
	p.Near = true
	return p, err == nil, err
}

// points are the part's points of some numerics on the engines of its front that are within the band and not on the
// predicted front; of equal numerics those that no other beats.
func (n *nearSearch) points(ctx context.Context, wanted map[string]bool) ([]front.Point, error) {
	var list []front.Point
	names := map[string]bool{}
	for _, p := range n.own {
		names[p.Name] = true
	}
	for _, hash := range slices.Sorted(maps.Keys(n.numerics)) {
		if !wanted[hash] {
			continue
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var left pareto.Archive[front.Point]
		for _, seed := range n.seeds {
			p, ok, err := n.point(slices.Concat(n.numerics[hash].choice, seed[n.split:]))
			if err != nil {
				return nil, err
			}
			if ok && shortfall(n.front, n.own, p) <= n.band {
				left.Add(costsWithout(n.front, p, metric.Loss), p)
			}
		}
		for _, e := range left.Entries {
			if !names[e.What.Name] {
				list = append(list, e.What)
			}
		}
	}
	return list, nil
}

// costsWithout are a point's costs with 0 for one metric.
func costsWithout(f *front.Front, p front.Point, m metric.Metric) pareto.Costs {
	var c pareto.Costs
	for k, o := range f.Objectives {
		if o != m {
			c[k] = p.Costs[k]
		}
	}
	return c
}
