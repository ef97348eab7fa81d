package main

import (
	"vitdse/configs/network"
	"vitdse/emit"
	"vitdse/emit/engines"
)

// engine is the engine that designs are of.
var engine = engines.Default()

// designSize is the LUTs of an emitted design, as estimated; 0 where that is not known.
func designSize(man emit.Manifest) float64 {
	net, err := network.Compile(man.Model)
	if err != nil {
		return 0
	}
	shape, err := engine.Machine(net, man.Design)
	if err != nil {
		return 0
	}
	return float64(shape.Resources(man.Part).LUT)
}
