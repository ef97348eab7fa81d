package dse

import (
	"context"
	"maps"
	"slices"

	"vitdse/configs"
	"vitdse/dse/noise"
	"vitdse/hwmodel"
)

// nearSeeds is the most points of a part's front whose neighbours are priced, evenly spaced.
const nearSeeds = 256

// nearSearch looks for points near one part's front.
type nearSearch struct {
	front    *Front
	part     configs.Part
	grid     *configs.Grid
	pricer   hwmodel.PointPricer
	noise    noise.Func
	band     float64 // dB
	most     float64 // noise, within the band of what the limits allow
	split    int     // axes of the numerics
	own      []Point // of the predicted front
	seeds    [][]int // indexes of some of them
	numerics map[string]nearNumerics
}

// nearNumerics is a choice of the numerics' axes, and by how much its nearest point is short.
type nearNumerics struct {
	choice []int
	short  float64 // dB
}

func (f *Front) nearSearch(in Input, part configs.Part, band float64) (*nearSearch, error) {
	g, err := f.Space.On(f.Model, part)
	if err != nil {
		return nil, err
	}
	n := &nearSearch{front: f, part: part, grid: g, noise: in.Noise, band: band, split: split(g.Axes()),
		numerics: map[string]nearNumerics{}}
	if n.pricer, err = in.Engine.NewPricer(g.Network(), part); err != nil {
		return nil, err
	}
	best := noise.Ratio(f.BestSQNRDB)
	n.most = f.Limits.noise(best)
	for _, b := range f.Limits.Bounds {
		if b.Metric == Loss {
			n.most = min(n.most, b.ceiling(best))
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
		index, err := f.index(g, n.own[k*len(n.own)/seeds])
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
	short := n.front.shortfall(n.own, p)
	if have, seen := n.numerics[p.Numerics]; short <= n.band && (!seen || short < have.short) {
		n.numerics[p.Numerics] = nearNumerics{slices.Clone(index[:n.split]), short}
	}
	return nil
}

// point prices a point; false if it is illegal, does not fit, or breaks a limit.
func (n *nearSearch) point(index []int) (Point, bool, error) {
	d, err := n.grid.Design(index)
	if err != nil {
		return Point{}, false, nil //nolint:nilerr // illegal is no error here
	}
	noise, err := n.noise(d.Numerics)
	if err != nil || noise > n.most {
		return Point{}, false, err
	}
	e, err := n.pricer.Price(&d)
	if err != nil {
		return Point{}, false, err
	}
	q := quantities(d, n.part, e, noise)
	if _, use := e.Use.Largest(); use > 1 || n.front.beyond(&q) {
		return Point{}, false, nil
	}
	p, err := n.front.point(n.grid, index, d, &q)
	p.Near = true
	return p, err == nil, err
}

// points are the part's points of some numerics on the engines of its front that are within the band and not on the
// predicted front; of equal numerics those that no other beats.
func (n *nearSearch) points(ctx context.Context, wanted map[string]bool) ([]Point, error) {
	var list []Point
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
		var left archive[Point]
		for _, seed := range n.seeds {
			p, ok, err := n.point(slices.Concat(n.numerics[hash].choice, seed[n.split:]))
			if err != nil {
				return nil, err
			}
			if ok && n.front.shortfall(n.own, p) <= n.band {
				left.add(n.front.costsWithout(p, Loss), p)
			}
		}
		for _, e := range left.entries {
			if !names[e.what.Name] {
				list = append(list, e.what)
			}
		}
	}
	return list, nil
}

// costsWithout are a point's costs with 0 for one metric.
func (f *Front) costsWithout(p Point, m Metric) costs {
	var c costs
	for k, o := range f.Objectives {
		if o != m {
			c[k] = p.Costs[k]
		}
	}
	return c
}
