package configs

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"vitdse/configs/network"
)

// Grid is a space on one model and one part: a box of points, each an index of one
// choice an axis, some of them illegal. It is read-only: goroutines may share it.
type Grid struct {
	space    Space
	net      *network.Network
	headDims []int // channels of an attention head
	model    Model
	part     Part
	axes     []Axis
	base     Design               // everything that does not vary, with every layer listed
	small    bool                 // whether ranks fit an int64
	clock    func(Engine) float64 // MHz, of a model; nil where the clock is base's

	constraints []Constraint
}

// On prepares the space for model m and part p, so that points are built quickly. It
// refuses a model that the engine does not run.
func (s Space) On(m Model, p Part) (*Grid, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("space %s: %w", s.Name, err)
	}
	net, err := network.Compile(m)
	if err != nil {
		return nil, err
	}
	if err := OnEngine(net); err != nil {
		return nil, err
	}
	if err := s.checkModel(net); err != nil {
		return nil, fmt.Errorf("space %s on model %s: %w", s.Name, m.Name, err)
	}
	g := &Grid{space: s, net: net, model: m, headDims: headDims(net.Layers), part: p, axes: s.axes(m)}
	g.small = g.Size().IsInt64()
	for _, text := range s.Constraints {
		c, err := ParseConstraint(text)
		if err != nil {
			return nil, fmt.Errorf("space %s: %w", s.Name, err)
		}
		g.constraints = append(g.constraints, c)
	}
	g.base = Design{Model: m.Name, Part: p.Name, ClockMHz: p.ClockMHz, Numerics: Uniform(m, 8, 8)}
	g.base.Numerics.CalibImages = s.CalibImages
	if mhz, ok := s.ClockMHz[p.Name]; ok {
		g.base.ClockMHz = mhz
	}
	return g, nil
}

// ModelsClock says whether the space leaves the clock on this part to a model.
func (g *Grid) ModelsClock() bool {
	_, fixed := g.space.ClockMHz[g.part.Name]
	return !fixed && g.space.Clock != ClockOfPart
}

// UseClock gives every point the clock of its engine, MHz, by a model. It must be called before the first point is
// built.
func (g *Grid) UseClock(mhz func(Engine) float64) { g.clock, g.base.ClockMHz = mhz, 1 }

// clocked sets the clock by the model, of which a share may have been chosen.
func (g *Grid) clocked(d *Design) {
	if g.clock != nil {
		d.ClockMHz *= g.clock(d.Engine)
	}
}

// Network is the model compiled.
func (g *Grid) Network() *network.Network { return g.net }

// Part is the part that the points are for.
func (g *Grid) Part() Part { return g.part }

// Axes lists what varies, numerics first; the last axis varies fastest in order of
// rank. The caller must not change it.
func (g *Grid) Axes() []Axis { return g.axes }

// Size is the number of points, legal or not.
func (g *Grid) Size() *big.Int { return product(g.axes) }

// Design builds and names the point of an index: one choice of every axis, each
// below the axis' Len. A point that the engine, the model's head dimension or the
// part rules out is refused with the constraints it breaks, as joined KeyErrors;
// every other point passes [Design.Validate].
func (g *Grid) Design(index []int) (Design, error) {
	if err := g.checkIndex(index); err != nil {
		return Design{}, err
	}
	d := g.base
	for i := range g.axes {
		if a := &g.axes[i]; a.law {
			a.set(&d, index[i])
		}
	}
	g.clocked(&d)
	if err := g.legal(d.Engine, d.ClockMHz); err != nil {
		return Design{}, err
	}
	d.Numerics.Layers = slices.Clone(g.base.Numerics.Layers)
	for i := range g.axes {
		if a := &g.axes[i]; !a.law {
			a.set(&d, index[i])
		}
	}
	d.Name = g.space.Name + "." + g.part.Name + "." + g.rankText(index)
	return d, nil
}

// rankText prints the rank, in machine words where they hold it.
func (g *Grid) rankText(index []int) string {
	if !g.small {
		return g.Rank(index).String()
	}
	rank := int64(0)
	for i := range g.axes {
		rank = rank*int64(g.axes[i].Len) + int64(index[i])
	}
	return strconv.FormatInt(rank, 10)
}

// legal checks what a single axis' candidates cannot: space.Validate did the rest.
func (g *Grid) legal(e Engine, clockMHz float64) error {
	var f faults
	e.checkTogether(&f, g.model, g.headDims)
	e.checkPart(&f, g.part)
	for _, c := range g.constraints {
		switch ok, err := c.Holds(e, clockMHz); {
		case err != nil:
			f.add("constraints", "%v", err)
		case !ok:
			f.add("constraints", "%q does not hold", c.text)
		}
	}
	return f.join()
}

func (g *Grid) checkIndex(index []int) error {
	if len(index) != len(g.axes) {
		return fmt.Errorf("index has %d choices; the space has %d axes", len(index), len(g.axes))
	}
	for i := range g.axes {
		a := &g.axes[i]
		if index[i] < 0 || index[i] >= a.Len {
			return fmt.Errorf("choice %d of axis %s; it has 0..%d", index[i], a.Name, a.Len-1)
		}
	}
	return nil
}

// Legal is the exact number of points that Design accepts. Only a few axes can make
// a point illegal; their combinations are tried, the others multiplied.
func (g *Grid) Legal() *big.Int {
	var law []Axis
	free := big.NewInt(1)
	for _, a := range g.axes {
		if a.law {
			law = append(law, a)
		} else {
			free.Mul(free, big.NewInt(int64(a.Len)))
		}
	}
	count := int64(0)
	index := make([]int, len(law))
	for more := true; more; more = advance(index, law) {
		d := Design{ClockMHz: g.base.ClockMHz}
		for i, a := range law {
			a.set(&d, index[i])
		}
		g.clocked(&d)
		if g.legal(d.Engine, d.ClockMHz) == nil {
			count++
		}
	}
	return free.Mul(free, big.NewInt(count))
}

// Next moves an index to the one of the next rank, in place, and says whether there
// is one; after the last it is all zeros again.
func (g *Grid) Next(index []int) bool { return advance(index, g.axes) }

func advance(index []int, axes []Axis) bool {
	for i := len(index) - 1; i >= 0; i-- {
		if index[i]++; index[i] < axes[i].Len {
			return true
		}
		index[i] = 0
	}
	return false
}

// Rank is the place of an index in the enumeration, 0 for all zeros.
func (g *Grid) Rank(index []int) *big.Int {
	rank := new(big.Int)
	for i, a := range g.axes {
		rank.Mul(rank, big.NewInt(int64(a.Len)))
		rank.Add(rank, big.NewInt(int64(index[i])))
	}
	return rank
}

// Index is the inverse of Rank; it refuses a rank outside 0..Size-1.
func (g *Grid) Index(rank *big.Int) ([]int, error) {
	if rank.Sign() < 0 || rank.Cmp(g.Size()) >= 0 {
		return nil, fmt.Errorf("rank %s; the space has %s points", rank, g.Size())
	}
	rest, digit := new(big.Int).Set(rank), new(big.Int)
	index := make([]int, len(g.axes))
	for i := len(index) - 1; i >= 0; i-- {
		rest.DivMod(rest, big.NewInt(int64(g.axes[i].Len)), digit)
		index[i] = int(digit.Int64())
	}
	return index, nil
}
