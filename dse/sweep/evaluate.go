package sweep

import (
	"fmt"
	"slices"

	"vitdse/configs"
	"vitdse/dse/pareto"
	"vitdse/hwmodel"
)

// evaluator covers the points of shards. It belongs to one goroutine.
type evaluator struct {
	engine  hwmodel.Engine
	engines *enginesByGeometry
	table   *numericsTable
	sizers  []hwmodel.Sizer // by part, of the shard's sizes
	cycles  []int64         // by timing; those of the geometry in hand, 0 for not yet known
	at      int             // the geometry in hand
	priced  int64           // cycle counts and resource counts computed
}

func newEvaluator(e hwmodel.Engine, f *enginesByGeometry, t *numericsTable) *evaluator {
	return &evaluator{engine: e, engines: f, table: t, at: -1}
}

// outcome is what a shard found, by part.
type outcome struct {
	parts  []tally
	priced int64
}

// run covers one shard. The classes that share a size are taken together: their
// resources are counted once for every engine, and of the engines of one part and clock,
// which are equally fast, only the one that takes least can be on a front.
func (v *evaluator) run(s shard) (outcome, error) {
	out := outcome{parts: make([]tally, len(v.engines.parts))}
	before := v.priced
	if v.at != s.geometry {
		v.at, v.cycles = s.geometry, make([]int64, len(v.table.times))
	}
	classes := v.table.classes[s.from:s.to]
	v.size(classes)
	for size := 0; len(classes) > 0; size++ {
		area := classes[0].area
		n := slices.IndexFunc(classes, func(c class) bool { return c.area != area })
		if n < 0 {
			n = len(classes)
		}
		if err := v.group(out.parts, classes[:n], size); err != nil {
			return out, err
		}
		classes = classes[n:]
	}
	for i := range out.parts {
		out.parts[i].front = pareto.Skyline(out.parts[i].front)
	}
	out.priced = v.priced - before
	return out, nil
}

// size makes the sizers of a shard's classes: their sizes are numbered in the order of the classes.
func (v *evaluator) size(classes []class) {
	var sizes []hwmodel.Widths
	for i, c := range classes {
		if i == 0 || c.area != classes[i-1].area {
			sizes = append(sizes, v.table.areas[c.area])
		}
	}
	v.sizers = v.sizers[:0]
	for i := range v.engines.parts {
		on := &v.engines.parts[i]
		v.sizers = append(v.sizers, v.engine.NewSizer(on.grid.Network(), on.part, sizes))
	}
}

// group covers classes of one size, the sizers' number of it, on the geometry in hand.
func (v *evaluator) group(parts []tally, classes []class, size int) error {
	sum := total(classes)
	for i := range v.engines.parts {
		on, t := &v.engines.parts[i], &parts[i]
		var least variant // of the engines of one clock that fit
		use := -1.0
		last := func() error {
			if use < 0 || sum.legal == 0 {
				return nil
			}
			return v.candidates(t, classes, least.clock, use, least.rank)
		}
		for _, e := range on.byGeo[v.at] {
			if use >= 0 && e.clock != least.clock {
				if err := last(); err != nil {
					return err
				}
				use = -1
			}
			v.sizers[i].Engine(e.engine)
			place, need, have, share := binding(v.sizers[i].Resources(size), on.usable)
			v.priced++
			t.Legal += sum.count
			if share > 1 {
				t.Short[place] += sum.count
				if sum.first >= 0 {
					t.Near = first(t.Near, &near{share, v.rank(sum.first, e.rank), hwmodel.ResourceNames[place], need, have})
				}
				continue
			}
			t.Fit += sum.count
			t.Feasible += sum.legal
			t.Best = first(t.Best, &able{sum.noise, v.rank(sum.best, e.rank)})
			if use < 0 || share < use {
				least, use = e, share
			}
		}
		if err := last(); err != nil {
			return err
		}
	}
	return nil
}

// candidates adds each class' most accurate point on one engine to the tally's front.
func (v *evaluator) candidates(t *tally, classes []class, clock, use float64, engine int64) error {
	for i := range classes {
		c := &classes[i]
		if c.legal == 0 {
			continue
		}
		cycles, err := v.time(c.time)
		if err != nil {
			return err
		}
		t.front = append(t.front, pareto.Ranked{Objectives: pareto.Objectives{Seconds: float64(cycles) / clock, Use: use,
			Noise: c.noise}, Rank: v.rank(c.best, engine)})
	}
	return nil
}

// total is the sum of classes.
func total(classes []class) class {
	sum := classes[0]
	for _, c := range classes[1:] {
		sum.count += c.count
		sum.legal += c.legal
		if c.noise < sum.noise || c.noise == sum.noise && c.best < sum.best {
			sum.noise, sum.best = c.noise, c.best
		}
		if sum.first < 0 || c.first >= 0 && c.first < sum.first {
			sum.first = c.first
		}
	}
	return sum
}

// time is the cycle count of a timing on the geometry in hand.
func (v *evaluator) time(key int) (int64, error) {
	if v.cycles[key] == 0 {
		s, err := v.machine(v.table.times[key])
		if err != nil {
			return 0, err
		}
		v.cycles[key] = s.FirstImage(v.engines.geometries[v.at].memory)
		v.priced++
	}
	return v.cycles[key], nil
}

// machine is the geometry in hand with the given numerics, on some engine.
func (v *evaluator) machine(n configs.Numerics) (hwmodel.Machine, error) {
	for i := range v.engines.parts {
		if list := v.engines.parts[i].byGeo[v.at]; len(list) > 0 {
			return v.engine.Machine(v.engines.parts[i].grid.Network(), configs.Design{Numerics: n, Engine: list[0].engine})
		}
	}
	return nil, fmt.Errorf("geometry %v is no part's", v.engines.geometries[v.at])
}

func (v *evaluator) rank(numerics, engine int64) int64 { return numerics*v.engines.engines + engine }
