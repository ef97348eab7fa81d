// Package engines is the list of the engines that a design point can be built as. An engine is added by a line here,
// and by what the line names: its prices, which implement hwmodel.Engine, and its plan of files.
package engines

import (
	"vitdse/configs"
	"vitdse/emit"
	plans "vitdse/emit/temporal"
	"vitdse/golden/intnet"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// Engine is an engine with both of its rooms.
type Engine struct {
	hwmodel.Engine

	// Plan works out all that is emitted for a design point. The network must have been quantized for it.
	Plan func(d configs.Design, net *intnet.Network, part configs.Part) (emit.Plan, error)
}

// All lists the engines; the first is the one that designs are of where nothing else is said.
var All = []Engine{
	{temporal.Engine{}, plans.NewPlan},
}

// Default is the engine that designs are of where nothing else is said.
func Default() Engine { return All[0] }
