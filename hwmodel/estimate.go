package hwmodel

import "vitdse/configs"

// Estimate is what a design point costs and what it gives, for one part.
type Estimate struct {
	Cycles       int64   // of one image, the first of a run, no faster than the part's memory bandwidth
	Seconds, FPS float64 // at the design's clock, which is assumed, not measured

	BytesRead, BytesWritten int64 // over AXI, an image

	MACs     int64   // products the network needs, padding not counted
	ArrayUse float64 // MACs / (MACs the array can do in Cycles)

	Power Power // estimated, to within ExpectedPowerError

	Resources Resources
	Use       Utilisation
	Fits      bool
	Short     []Shortage // empty if it fits
}

// Shortage is a resource of which the design needs more than the part lets it plan with.
type Shortage struct {
	Resource   string // as Utilisation.Largest names it
	Need, Have int
}

// Derive fills in what follows from cycles, bytes and resources, but for Short.
func (e *Estimate) Derive(d *configs.Design, power PowerModel, usable *configs.Budget) {
	e.Seconds = float64(e.Cycles) / (d.ClockMHz * 1e6)
	e.FPS = 1 / e.Seconds
	e.ArrayUse = float64(e.MACs) / (float64(d.Engine.MACs()) * float64(e.Cycles))
	e.Power = power.Of(e.Resources, d.ClockMHz, float64(e.BytesRead+e.BytesWritten)*e.FPS)
	e.Use = e.Resources.Use(*usable)
	_, most := e.Use.Largest()
	e.Fits = most <= 1
}

// EnergyJ is the estimated energy of one image, J.
func (e *Estimate) EnergyJ() float64 { return e.Power.Total() * e.Seconds }
