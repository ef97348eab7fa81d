package hwmodel

import (
	"vitdse/configs"
	"vitdse/configs/network"
)

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

// Price estimates a design point. It does what a sweep needs a million times, and no more.
func Price(net *network.Network, d configs.Design, part configs.Part) (Estimate, error) {
	s, err := NewShape(net, d)
	if err != nil {
		return Estimate{}, err
	}
	return s.Estimate(part), nil
}

// Estimate prices the shape on a part.
func (s *Shape) Estimate(part configs.Part) Estimate {
	e := Estimate{Cycles: s.cyclesOn(part), MACs: s.Net.MACs(), Resources: s.Resources(part)}
	e.BytesRead, e.BytesWritten = s.bytes()
	usable := part.Usable()
	e.derive(&s.Design, powerFor(&part), &usable)
	e.Short = e.Resources.over(usable)
	return e
}

// bytes is what an image reads and writes over AXI.
func (s *Shape) bytes() (read, written int64) {
	bus := int64(s.Design.Engine.BusBits)
	return int64(s.ImageBeats+s.StreamBeats) * bus / 8, int64(s.ResultBeats) * bus / 8
}

// derive fills in what follows from cycles, bytes and resources, but for Short.
func (e *Estimate) derive(d *configs.Design, power partPower, usable *configs.Budget) {
	e.Seconds = float64(e.Cycles) / (d.ClockMHz * 1e6)
	e.FPS = 1 / e.Seconds
	e.ArrayUse = float64(e.MACs) / (float64(d.Engine.MACs()) * float64(e.Cycles))
	e.Power = power.of(e.Resources, d.ClockMHz, float64(e.BytesRead+e.BytesWritten)*e.FPS)
	e.Use = e.Resources.of(*usable)
	_, most := e.Use.Largest()
	e.Fits = most <= 1
}

// MemoryOf is the off-chip memory that an engine at a clock sees on a part: one that answers at once
// and delivers what the part's can, so that a faster bus waits for it.
func MemoryOf(e configs.Engine, clockMHz float64, part configs.Part) MemoryTiming {
	demand := float64(e.BusBits) / 8 * clockMHz * 1e6 // bytes a second
	if supply := part.BandwidthGBs * 1e9; supply < demand {
		return MemoryTiming{Latency: IdealMemory.Latency, Stall: 1 - supply/demand}
	}
	return IdealMemory
}

// FirstImage is the cycles of the first image of a run: Cycles, and faster for IdealMemory.
func (s *Shape) FirstImage(mem MemoryTiming) int64 {
	if mem == IdealMemory {
		return s.idealCycles()
	}
	return s.Cycles(mem)
}

// cyclesOn is the first image's cycles with the part's memory.
func (s *Shape) cyclesOn(part configs.Part) int64 {
	return s.FirstImage(MemoryOf(s.Design.Engine, s.Design.ClockMHz, part))
}

// EnergyJ is the estimated energy of one image, J.
func (e *Estimate) EnergyJ() float64 { return e.Power.Total() * e.Seconds }
