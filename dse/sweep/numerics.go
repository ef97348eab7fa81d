package sweep

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/limits"
	"vitdse/dse/noise"
	"vitdse/dse/space"
	"vitdse/hwmodel"
)

// class is the numerics that cost the same on every engine: only the most accurate of
// them can be on a front.
type class struct {
	area, time int     // indices into numericsTable
	noise      float64 // the least of the class
	best       int64   // index of the numerics that has it, the lowest of equals
	count      int64   // numerics in the class
	legal      int64   // those that meet the accuracy limit
	first      int64   // the lowest index of those, -1 if there is none
}

// numericsTable is every choice of numerics of a space, reduced to classes, which are
// sorted by area, then time.
type numericsTable struct {
	classes      []class
	areas        []hwmodel.Widths   // distinct sizes
	times        []configs.Numerics // an example of each timing
	count        int64
	best         float64          // least noise of the space
	bestNumerics configs.Numerics // that have it, the first of equals
	limit        float64          // noise up to which numerics are accurate enough
	digest       string           // of every choice's noise
}

// readings is what is known of each choice of numerics, by its index.
type readings struct {
	noise      []float64
	least      float64 // of noise
	best       configs.Numerics
	area, time []int32
	areas      space.Catalog[hwmodel.Widths, hwmodel.Widths] // by size
	times      space.Catalog[hwmodel.Timing, configs.Numerics]
}

// tabulate enumerates the numerics. engine is a choice of the engine's axes that is
// legal on the grid's part.
func tabulate(e hwmodel.Engine, g *configs.Grid, engine []int, noise noise.Func,
	limits limits.Limits) (*numericsTable, error) {
	axes := g.Axes()[:space.Split(g.Axes())]
	if space.Combinations(axes, space.MaxNumerics) < 0 {
		return nil, fmt.Errorf("the space has more than %d choices of numerics, too many to enumerate; "+
			"set bits.symmetry to attn-mlp or all, or give fewer candidates of bits", space.MaxNumerics)
	}
	var r readings
	index := append(make([]int, len(axes)), engine...)
	for more := true; more; more = space.Advance(index, axes) {
		d, err := g.Design(index)
		if err == nil {
			err = r.read(e, g.Network(), d, noise)
		}
		if err != nil {
			return nil, fmt.Errorf("numerics %d of the space: %w", len(r.noise), err)
		}
	}
	return r.classify(limits), nil
}

func (r *readings) read(e hwmodel.Engine, net *network.Network, d configs.Design, noise noise.Func) error {
	v, err := noise(d.Numerics)
	if err != nil {
		return err
	}
	if !(v > 0 && v <= math.MaxFloat64) {
		return fmt.Errorf("predicted noise is %g; expected a finite number above 0", v)
	}
	if err := e.Runs(net, d.Numerics); err != nil {
		return err
	}
	if len(r.noise) == 0 || v < r.least {
		r.least, r.best = v, d.Numerics
	}
	r.noise = append(r.noise, v)
	size := e.Size(e.NumericsWidths(net, d.Numerics))
	r.area = append(r.area, int32(r.areas.Number(size, size)))
	r.time = append(r.time, int32(r.times.Number(e.TimingOf(net, d.Numerics), d.Numerics)))
	return nil
}

func (r *readings) classify(limits limits.Limits) *numericsTable {
	t := &numericsTable{areas: r.areas.List, times: r.times.List, count: int64(len(r.noise)),
		best: r.least, bestNumerics: r.best}
	t.limit = limits.Noise(t.best)
	var classes space.Catalog[[2]int32, class]
	sum := sha256.New()
	for i, v := range r.noise {
		n := classes.Number([2]int32{r.area[i], r.time[i]},
			class{area: int(r.area[i]), time: int(r.time[i]), noise: math.Inf(1), first: -1})
		classes.List[n].add(int64(i), v, v <= t.limit)
		binary.Write(sum, binary.LittleEndian, v) // a hash takes everything
	}
	t.classes, t.digest = classes.List, hex.EncodeToString(sum.Sum(nil))
	slices.SortStableFunc(t.classes, func(a, b class) int {
		return cmp.Or(cmp.Compare(a.area, b.area), cmp.Compare(a.time, b.time))
	})
	return t
}

func (c *class) add(index int64, noise float64, legal bool) {
	c.count++
	if noise < c.noise {
		c.noise, c.best = noise, index
	}
	if legal {
		c.legal++
		if c.first < 0 {
			c.first = index
		}
	}
}
