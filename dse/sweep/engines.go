package sweep

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"vitdse/configs"
	"vitdse/dse/search"
	"vitdse/dse/space"
	"vitdse/hwmodel"
)

// geometry is all but the numerics that a cycle count depends on.
type geometry struct {
	schedule configs.Engine // as hwmodel.Engine.Schedule has it
	memory   hwmodel.MemoryTiming
}

func geometryOf(engine hwmodel.Engine, d configs.Design, part configs.Part) geometry {
	return geometry{engine.Schedule(d.Engine), hwmodel.MemoryOf(d.Engine, d.ClockMHz, part)}
}

// variant is one legal engine: its place among the engines of the space, legal or not.
type variant struct {
	rank   int64
	engine configs.Engine
	clock  float64 // Hz
}

// partEngines is one part with its engines.
type partEngines struct {
	part   configs.Part
	usable configs.Budget
	grid   *configs.Grid
	byGeo  [][]variant // the legal engines of each geometry of all parts, those of one clock together
	legal  int64       // engines
}

// enginesByGeometry is the engines of all parts, grouped by geometry.
type enginesByGeometry struct {
	parts      []partEngines
	geometries []geometry
	engines    int64 // of the space, legal or not: a rank is numerics*engines + engine
	first      []int // choices of the engine's axes that are legal on parts[anyLegal]
	anyLegal   int   // a part with a legal engine
}

// readEngines enumerates the engines of every part.
func readEngines(in search.Input) (*enginesByGeometry, error) {
	var f enginesByGeometry
	var geos space.Catalog[geometry, geometry]
	for i, p := range in.Parts {
		if slices.ContainsFunc(in.Parts[:i], func(q configs.Part) bool { return q.Name == p.Name }) {
			return nil, fmt.Errorf("part %s is given twice", p.Name)
		}
		g, err := space.On(in.Engine, in.Space, in.Model, p)
		if err != nil {
			return nil, err
		}
		axes := g.Axes()[space.Split(g.Axes()):]
		if f.engines = space.Combinations(axes, space.MaxEngines); f.engines < 0 {
			return nil, fmt.Errorf("the space has more than %d engines, too many to enumerate; give fewer candidates",
				space.MaxEngines)
		}
		s := partEngines{part: p, usable: p.Usable(), grid: g}
		f.read(in.Engine, &s, axes, &geos)
		f.parts = append(f.parts, s)
	}
	f.geometries = geos.List
	for i := range f.parts {
		f.parts[i].byGeo = slices.Grow(f.parts[i].byGeo, len(f.geometries))[:len(f.geometries)]
	}
	if f.first == nil {
		return nil, fmt.Errorf("space %s has no legal engine on any of its parts: %w", in.Space.Name, f.refusal())
	}
	return &f, nil
}

// read lists the legal engines of one part.
func (f *enginesByGeometry) read(engine hwmodel.Engine, s *partEngines, axes []configs.Axis,
	geos *space.Catalog[geometry, geometry]) {
	numerics := len(s.grid.Axes()) - len(axes)
	index := make([]int, numerics+len(axes))
	rank := int64(0)
	for more := true; more; more = space.Advance(index[numerics:], axes) {
		if d, err := s.grid.Design(index); err == nil {
			if f.first == nil {
				f.first, f.anyLegal = slices.Clone(index[numerics:]), len(f.parts)
			}
			at := geometryOf(engine, d, s.part)
			n := geos.Number(at, at)
			for len(s.byGeo) <= n {
				s.byGeo = append(s.byGeo, nil)
			}
			s.byGeo[n] = append(s.byGeo[n], variant{rank, d.Engine, d.ClockMHz * 1e6})
			s.legal++
		}
		rank++
	}
	for _, list := range s.byGeo {
		slices.SortStableFunc(list, func(a, b variant) int { return cmp.Compare(a.clock, b.clock) })
	}
}

// refusal is why the first engine of the first part is illegal.
func (f *enginesByGeometry) refusal() error {
	s := f.parts[0]
	_, err := s.grid.Design(make([]int, len(s.grid.Axes())))
	return err
}

// points is the number of legal points of all parts.
func (f *enginesByGeometry) points(numerics int64) int64 {
	var n int64
	for _, s := range f.parts {
		n += s.legal * numerics
	}
	return n
}

// tooMany says whether ranks would leave what JSON's readers hold exactly.
func (f *enginesByGeometry) tooMany(numerics int64) bool {
	return float64(numerics)*float64(f.engines) > math.Exp2(53)
}
