package dse

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"vitdse/configs"
	"vitdse/hwmodel"
)

// maxNumerics bounds the choices of numerics that are enumerated, each about 20 us of
// one core and 100 bytes.
const maxNumerics = 1 << 22

// timeKey is all of the numerics that an engine's cycle count depends on.
type timeKey struct {
	imageBits, accBits, geluBits int
	weights                      string // a byte a layer
}

// areaKey is all of the numerics that an engine's resources depend on.
type areaKey struct {
	imageBits, actBits, normBits, qkvBits, numBits, wBits, accBits, scoreBits, geluBits int
	formats                                                                             string // a byte a format
}

func timeKeyOf(s *hwmodel.Shape) timeKey {
	k := timeKey{imageBits: s.ImageBits, accBits: s.AccBits, geluBits: s.GELUBits}
	weights := make([]byte, 0, 64)
	for _, l := range s.Design.Numerics.Layers {
		weights = append(weights, byte(l.Weights))
	}
	k.weights = string(weights)
	return k
}

func areaKeyOf(s *hwmodel.Shape) areaKey {
	k := areaKey{imageBits: s.ImageBits, actBits: s.ActBits, normBits: s.NormBits, qkvBits: s.QKVBits, numBits: s.NumBits,
		wBits: s.WBits, accBits: s.AccBits, scoreBits: s.ScoreBits, geluBits: s.GELUBits}
	formats := make([]byte, 0, 8)
	for _, w := range s.WeightFormats {
		formats = append(formats, byte(w))
	}
	k.formats = string(formats)
	return k
}

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
	areas, times []configs.Numerics // one for each areaKey and timeKey
	count        int64
	best         float64 // least noise of the space
	bestIndex    int64
	limit        float64 // noise up to which numerics are accurate enough; +Inf for no limit
	digest       string  // of every choice's noise
}

// split is the number of axes that are numerics; the engine's come after them.
func split(axes []configs.Axis) int {
	return 1 + slices.IndexFunc(axes, func(a configs.Axis) bool { return a.Name == "ln_fold" })
}

// combinations is the number of indices of the axes, -1 if it is more than limit.
func combinations(axes []configs.Axis, limit int64) int64 {
	n := int64(1)
	for _, a := range axes {
		if n *= int64(a.Len); n > limit {
			return -1
		}
	}
	return n
}

// advance moves an index over the axes to the next one, the last axis fastest.
func advance(index []int, axes []configs.Axis) bool {
	for i := len(axes) - 1; i >= 0; i-- {
		if index[i]++; index[i] < axes[i].Len {
			return true
		}
		index[i] = 0
	}
	return false
}

// readNumerics asks for the noise of every choice of numerics. engine is a choice of
// the engine's axes that is legal on the grid's part. each is called for every choice,
// in order of index; an error of it, as of noise, ends the reading.
func readNumerics(m configs.Model, g *configs.Grid, engine []int, noise Noise, each func(configs.Numerics, float64) error) ([]float64, []timeKey, []areaKey, error) {
	axes := g.Axes()
	n := split(axes)
	count := combinations(axes[:n], maxNumerics)
	if count < 0 {
		return nil, nil, nil, fmt.Errorf("the space has more than %d choices of numerics, too many to enumerate; give bits.symmetry attn-mlp or all, or fewer candidates of bits", maxNumerics)
	}
	noises := make([]float64, 0, count)
	times, areas := make([]timeKey, 0, count), make([]areaKey, 0, count)
	index := append(make([]int, n), engine...)
	for more := true; more; more = advance(index, axes[:n]) {
		d, err := g.Design(index)
		if err != nil {
			return nil, nil, nil, err
		}
		v, err := noise(d.Numerics)
		if err == nil && !(v >= 0 && v <= math.MaxFloat64) {
			err = fmt.Errorf("predicted noise is %g; expected a finite number of at least 0", v)
		}
		if err == nil {
			err = each(d.Numerics, v)
		}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("numerics %d: %w", len(noises), err)
		}
		s, err := hwmodel.NewShape(m, d)
		if err != nil {
			return nil, nil, nil, err
		}
		noises = append(noises, v)
		times, areas = append(times, timeKeyOf(s)), append(areas, areaKeyOf(s))
	}
	return noises, times, areas, nil
}

// classify makes the table of a list of numerics, given their keys and noise.
func classify(noises []float64, times []timeKey, areas []areaKey, limits Limits) *numericsTable {
	t := &numericsTable{count: int64(len(noises)), best: math.Inf(1)}
	for i, v := range noises {
		if v < t.best {
			t.best, t.bestIndex = v, int64(i)
		}
	}
	t.limit = limits.noise(t.best)
	type pair struct {
		timeKey
		areaKey
	}
	at := map[pair]int{}
	timeAt, areaAt := map[timeKey]int{}, map[areaKey]int{}
	for i, v := range noises {
		k := pair{times[i], areas[i]}
		c, known := at[k]
		if !known {
			c = len(t.classes)
			at[k] = c
			t.classes = append(t.classes, class{area: number(areaAt, areas[i]), time: number(timeAt, times[i]),
				noise: math.Inf(1), first: -1})
		}
		t.classes[c].add(int64(i), v, v <= t.limit)
	}
	slices.SortStableFunc(t.classes, func(a, b class) int {
		return cmp.Or(cmp.Compare(a.area, b.area), cmp.Compare(a.time, b.time))
	})
	return t
}

// number gives each key its place in the order of first appearance.
func number[K comparable](at map[K]int, k K) int {
	n, known := at[k]
	if !known {
		n = len(at)
		at[k] = n
	}
	return n
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
