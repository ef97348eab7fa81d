package hwmodel

import (
	"vitdse/configs"
	"vitdse/configs/network"
)

// Engine is a kind of accelerator: what it runs, what a design point of it costs, and how long each op takes. dse and
// cmd reach an engine through this interface only, and emit/engines lists the engines there are; emit/enginetest is
// the suite that every one of them passes. Methods are pure functions of their arguments, and goroutines may share an
// engine.
type Engine interface {
	// Name is the engine's name, a word.
	Name() string

	// Accepts says why the engine does not run a network, nil if it does.
	Accepts(net *network.Network) error
	// Runs says why the engine does not run a network that it accepts with some numerics, nil if it does.
	Runs(net *network.Network, n configs.Numerics) error
	// Legal says what makes a design point illegal, by its keys; nil if it can be built on the part.
	Legal(m configs.Model, d configs.Design, part configs.Part) error

	// Price estimates a legal design point.
	Price(net *network.Network, d configs.Design, part configs.Part) (Estimate, error)
	// NewPricer gives what prices many points of one network and part, as Price does but for Estimate.Short. One
	// goroutine may use it at a time.
	NewPricer(net *network.Network, part configs.Part) (PointPricer, error)
	// Machine is a legal design point taken apart: modules, program, units, and when each op ends.
	Machine(net *network.Network, d configs.Design) (*Shape, error)
	// Roofline lists the matmuls and their sum under the roof of the design's peak and the part's memory.
	Roofline(net *network.Network, d configs.Design, part configs.Part, policy Traffic, batch int) (
		[]OpRoofline, OpRoofline, error)

	Searchable
}

// PointPricer prices design points.
type PointPricer interface {
	Price(d *configs.Design) (Estimate, error)
}

// Searchable is what the searches of dse ask of an engine: on what of a point its time and its resources depend, so
// that the factors of a space are priced and not its points.
type Searchable interface {
	// UnitWidths are the widths that the non-linear units ask of the engine, LayerWidths those of a layer, and
	// NumericsWidths those of a whole choice of numerics, which joins them: what resources depend on, beside the engine.
	UnitWidths(softmaxBits, geluBits int) Widths
	LayerWidths(of network.Layer, l configs.LayerBits) Widths
	NumericsWidths(net *network.Network, n configs.Numerics) Widths
	// TimingOf is all of a choice of numerics that cycles depend on.
	TimingOf(net *network.Network, n configs.Numerics) Timing
	// Schedule is a design's engine without what its cycles do not depend on.
	Schedule(e configs.Engine) configs.Engine
	// Walkable says whether the time of a design comes apart into its layers, as NewWalk has them.
	Walkable(e configs.Engine, clockMHz float64, part configs.Part) bool
	// NewWalk is the time of a schedule with numerics of some widths, layer by layer.
	NewWalk(net *network.Network, e configs.Engine, w Widths) *Walk
	// NewSizer counts the resources of many engines with numerics of some widths.
	NewSizer(net *network.Network, part configs.Part, sizes []Widths) *Sizer
}

// Temporal is the engine that runs a network layer by layer on one PE array; docs/ENGINE.md describes it.
type Temporal struct{}

var _ Engine = Temporal{}

// Name is "temporal".
func (Temporal) Name() string { return "temporal" }

// Accepts refuses networks with what the engine lacks a unit for.
func (Temporal) Accepts(net *network.Network) error { return configs.OnEngine(net) }

// Runs refuses what only the golden model computes.
func (Temporal) Runs(net *network.Network, n configs.Numerics) error { return n.OnEngine(net) }

// Legal checks ranges, what goes together, and the part.
func (Temporal) Legal(m configs.Model, d configs.Design, part configs.Part) error {
	return d.Validate(m, part)
}

// Price is hwmodel.Price.
func (Temporal) Price(net *network.Network, d configs.Design, part configs.Part) (Estimate, error) {
	return Price(net, d, part)
}

// NewPricer is hwmodel.NewPricer.
func (Temporal) NewPricer(net *network.Network, part configs.Part) (PointPricer, error) {
	return NewPricer(net, part)
}

// Machine is hwmodel.NewShape.
func (Temporal) Machine(net *network.Network, d configs.Design) (*Shape, error) {
	return NewShape(net, d)
}

// Roofline is hwmodel.Roofline.
func (Temporal) Roofline(net *network.Network, d configs.Design, part configs.Part, policy Traffic, batch int) (
	[]OpRoofline, OpRoofline, error) {
	return Roofline(net, d, part, policy, batch)
}

// UnitWidths is hwmodel.UnitWidths.
func (Temporal) UnitWidths(softmaxBits, geluBits int) Widths {
	return UnitWidths(softmaxBits, geluBits)
}

// LayerWidths is hwmodel.LayerWidths.
func (Temporal) LayerWidths(of network.Layer, l configs.LayerBits) Widths { return LayerWidths(of, l) }

// NumericsWidths is hwmodel.NumericsWidths.
func (Temporal) NumericsWidths(net *network.Network, n configs.Numerics) Widths {
	return NumericsWidths(net, n)
}

// TimingOf is hwmodel.TimingOf.
func (Temporal) TimingOf(net *network.Network, n configs.Numerics) Timing { return TimingOf(net, n) }

// Schedule is hwmodel.Schedule.
func (Temporal) Schedule(e configs.Engine) configs.Engine { return Schedule(e) }

// Walkable holds where the bus is no faster than the part's memory.
func (Temporal) Walkable(e configs.Engine, clockMHz float64, part configs.Part) bool {
	return Walkable(e, clockMHz, part.BandwidthGBs)
}

// NewWalk is hwmodel.NewWalk.
func (Temporal) NewWalk(net *network.Network, e configs.Engine, w Widths) *Walk {
	return NewWalk(net, e, w)
}

// NewSizer is hwmodel.NewSizer.
func (Temporal) NewSizer(net *network.Network, part configs.Part, sizes []Widths) *Sizer {
	return NewSizer(net, part, sizes)
}
