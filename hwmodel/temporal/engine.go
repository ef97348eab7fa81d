// Package temporal models the engine that runs a network layer by layer on one PE array: its schedule, cycles, bytes,
// resources and roofline, as pure functions of the design point, the network and the part. docs/ENGINE.md describes the
// engine; what is claimed here is tested against Verilator and Yosys.
package temporal

import (
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// Engine is the engine's door.
type Engine struct{}

var _ hwmodel.Engine = Engine{}

// Name is "temporal".
func (Engine) Name() string { return "temporal" }

// Accepts refuses networks with what the engine lacks a unit for.
func (Engine) Accepts(net *network.Network) error { return configs.OnEngine(net) }

// Runs refuses what only the golden model computes.
func (Engine) Runs(net *network.Network, n configs.Numerics) error { return n.OnEngine(net) }

// Legal checks ranges, what goes together, and the part.
func (Engine) Legal(m configs.Model, d configs.Design, part configs.Part) error {
	if err := d.Validate(m, part); err != nil {
		return err
	}
	if d.Engine.AccumulatorBits == 0 && !dynamic(d.Numerics.Quantizer) { // what the layers ask for is never too wide
		return nil
	}
	net, err := network.Compile(m)
	if err != nil {
		return err
	}
	s := emptyShape(net)
	s.Design = d
	s.setWidths(Engine{}.NumericsWidths(net, d.Numerics))
	return s.Multiplied(part)
}

// Machine is the engine's geometry for a network.
func (Engine) Machine(net *network.Network, d configs.Design) (hwmodel.Machine, error) {
	s, err := NewShape(net, d)
	if err != nil {
		return nil, err
	}
	return s, nil
}
