package temporal

import (
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// Price estimates a design point. It does what a sweep needs a million times, and no more.
func (Engine) Price(net *network.Network, d configs.Design, part configs.Part) (hwmodel.Estimate, error) {
	s, err := NewShape(net, d)
	if err != nil {
		return hwmodel.Estimate{}, err
	}
	return s.Estimate(part), nil
}

// Estimate prices the shape on a part.
func (s *Shape) Estimate(part configs.Part) hwmodel.Estimate {
	e := hwmodel.Estimate{Cycles: s.cyclesOn(part), MACs: s.Net.MACs(), Resources: s.Resources(part)}
	e.BytesRead, e.BytesWritten = s.Bytes()
	usable := part.Usable()
	e.Derive(&s.Design, hwmodel.NewPowerModel(&part), &usable)
	e.Short = e.Resources.Over(usable)
	return e
}

// Bytes is what an image reads and writes over AXI.
func (s *Shape) Bytes() (read, written int64) {
	bus := int64(s.Design.Engine.BusBits)
	return int64(s.ImageBeats+s.StreamBeats) * bus / 8, int64(s.ResultBeats) * bus / 8
}

// FirstImage is the cycles of the first image of a run: Cycles, and faster for IdealMemory.
func (s *Shape) FirstImage(mem hwmodel.MemoryTiming) int64 {
	if mem == hwmodel.IdealMemory {
		return s.idealCycles()
	}
	return s.Cycles(mem)
}

// cyclesOn is the first image's cycles with the part's memory.
func (s *Shape) cyclesOn(part configs.Part) int64 {
	return s.FirstImage(hwmodel.MemoryOf(s.Design.Engine, s.Design.ClockMHz, part))
}
