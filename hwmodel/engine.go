// Package hwmodel is what all engines share: the interface through which an engine is known, and the vocabulary of its
// answers, which are estimates, resources, power, clocks, memories and the roofline. It prices nothing by itself and
// knows nothing of numerics; an engine's own model is in a room of its own below this one.
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
	// Machine is a legal design point taken apart.
	Machine(net *network.Network, d configs.Design) (Machine, error)
	// Roofline lists the matmuls in network order and their sum under the roof of the design's peak and the part's
	// memory, for a batch of images that use the weights together, by a policy of what stays on the chip.
	Roofline(net *network.Network, d configs.Design, part configs.Part, policy Traffic, batch int) (
		[]OpRoofline, OpRoofline, error)

	Searchable
	Clocked
	Synthesized
}

// PointPricer prices design points.
type PointPricer interface {
	Price(d *configs.Design) (Estimate, error)
}

// Machine is a design point taken apart: of what it consists, and when each op ends. The write of the result counts as
// an op behind the network's last, StoreName.
type Machine interface {
	// Modules lists what every module and buffer takes on the part, Resources is the sum of the list, and Explain takes
	// the LUTs of the modules that have fitted terms apart.
	Modules(part configs.Part) []Module
	Resources(part configs.Part) Resources
	Explain(part configs.Part) []Fitted
	// Memories lists the buffers.
	Memories() []Memory

	// Timeline predicts the cycles of every op, image by image, for a run of images one after the other:
	// result[image][op]. Ops overlap: a cycle counts for the op that ends next, so that the ops' cycles add up to the
	// run's. FirstImage is the sum for a run of one image, which may take less to compute.
	Timeline(mem MemoryTiming, images int) [][]int64
	FirstImage(mem MemoryTiming) int64
	// Units names the units that work side by side, and Spans is what each of them does when.
	Units() []string
	Spans(mem MemoryTiming, images int) []Span
	// Bytes is what an image reads and writes off the chip, padding of beats included.
	Bytes() (read, written int64)
}

// StoreName is the name of the pseudo op behind the last: the write of the result.
const StoreName = "store"

// Span is a stretch of cycles in which a unit works on an op: it begins when From cycles have passed since the start
// and ends when To have.
type Span struct {
	Unit     int // index of Machine.Units
	Op       int // index of network.Network.Ops, the number of ops for the store of the result
	From, To int64
}

// Searchable is what the searches of dse ask of an engine: on what of a point its time and its resources depend, so
// that the factors of a space are priced and not its points.
type Searchable interface {
	// UnitWidths are the widths that numerics ask of the engine whatever their layers' are, LayerWidths those of a layer,
	// and NumericsWidths those of a whole choice of numerics, which joins them: what resources depend on, beside the
	// engine.
	UnitWidths(n configs.Numerics) Widths
	LayerWidths(of network.Layer, l configs.LayerBits) Widths
	NumericsWidths(net *network.Network, n configs.Numerics) Widths
	// Size is one of the widths that take the same resources, the same one for all of them.
	Size(w Widths) Widths
	// Timed is what of the widths cycles depend on, and TimingOf all of a choice of numerics that they depend on.
	Timed(net *network.Network, w Widths) Timed
	TimingOf(net *network.Network, n configs.Numerics) Timing
	// Schedule is a design's engine without what its cycles do not depend on.
	Schedule(e configs.Engine) configs.Engine
	// Walkable says whether the time of a design comes apart into its layers, as NewWalk has them.
	Walkable(e configs.Engine, clockMHz float64, part configs.Part) bool
	// NewWalk is the time of a schedule with numerics of some widths, layer by layer.
	NewWalk(net *network.Network, e configs.Engine, w Widths) Walk
	// NewSizer counts the resources of many engines with numerics of some widths.
	NewSizer(net *network.Network, part configs.Part, sizes []Widths) Sizer
}

// Walk is the schedule of one engine for one model as a machine that is advanced layer by layer. It is read-only.
type Walk interface {
	// Start is the clocks behind the first layer, of FirstKind, with weights so stored.
	Start(w Stored) Clocks
	// Advance runs one layer behind the first with weights so stored.
	Advance(c Clocks, kind LayerKind, w Stored) Clocks
	// Bytes is what a layer with weights so stored reads from off-chip memory, and FixedBytes what an image reads and
	// writes besides its layers' Bytes.
	Bytes(kind LayerKind, w Stored) int64
	FixedBytes() int64
}

// Sizer counts the resources of engines for one model on one part with numerics of given widths: what a search asks for
// millions of times. It belongs to one goroutine.
type Sizer interface {
	// Engine sets the engine, which must be legal for the model.
	Engine(e configs.Engine)
	// Resources is what that takes with numerics of the widths of an index.
	Resources(size int) Resources
}

// Clocked is what the model of an engine's clock (ClockModel) is made of.
type Clocked interface {
	// ClockTerms lists the fitted terms of the period, at most as many as ClockAmounts has.
	ClockTerms() []string
	// ClockFeatures is how much of each term an engine has on a family, in two ways of which the longer is its period:
	// the control's terms and the array's.
	ClockFeatures(e configs.Engine, family configs.Fabric) (control, array ClockAmounts)
	// InArray says whether a way that ends in a module is the array's, and not of the control.
	InArray(module string) bool
}

// Synthesized is what ties an engine's estimates to what synthesis made of its modules.
type Synthesized interface {
	// RTL numbers what modules are like, for records of what synthesis made of them. Counts of another number are
	// refused, not corrected.
	RTL() int
	// CountedAs is the name under which the resource model counts an emitted module.
	CountedAs(module string) string
	// WithCoefficients is the part, priced with the coefficients of a file instead of those that come with the tool.
	// They must be of the part's family, one for every term.
	WithCoefficients(p configs.Part, c configs.Coefficients) (configs.Part, error)
	// WorstErrors is what the resource estimates of a family's designs may be off by: false for a family whose model is
	// derived from another's and was not held against synthesis.
	WorstErrors(family configs.Fabric) (Errors, bool)
}

// Errors are how far an estimate was off what Yosys made of the emitted design, at worst, as shares of Yosys's count.
type Errors struct{ MeanLUT, LUT, FF float64 }
