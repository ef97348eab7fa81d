package hwmodel

import "vitdse/configs"

// Memory is one buffer of the engine: Copies memories of Depth words of Width bits, each
// with one write and one read port.
type Memory struct {
	Name       string
	StyleParam string // parameter of the emitted core that holds its ram_style, "" if fixed
	Copies     int
	Depth      int
	Width      int
	Kind       configs.MemoryKind // what the design point asks for
	Latency    int                // cycles of a read: 1, or 0 for the two of a buffer with an output register
}

// Style is the ram_style attribute the buffer is emitted with.
func (m Memory) Style() string {
	switch m.Resolve() {
	case configs.MemBlock:
		return "block"
	case configs.MemUltra:
		return "ultra"
	}
	return "distributed"
}

// AutoLUTRAMDepth is the depth up to which an auto buffer is built from LUTs: up to there
// a block RAM would be mostly empty.
const AutoLUTRAMDepth = 64

// Resolve is the kind the buffer is really built from.
func (m Memory) Resolve() configs.MemoryKind {
	if m.Kind != configs.MemAuto {
		return m.Kind
	}
	if m.Depth <= AutoLUTRAMDepth {
		return configs.MemLUT
	}
	return configs.MemBlock
}

// MemoryTiming is a behaviour of the off-chip memory that a cycle model is asked for.
type MemoryTiming struct {
	Latency int     // cycles from a read request to its first beat, at least 1
	Stall   float64 // chance of a pause on a channel in a cycle, 0 .. 1
}

// IdealMemory answers in the next cycle and never pauses.
var IdealMemory = MemoryTiming{Latency: 1}

// MemoryOf is the off-chip memory that an engine at a clock sees on a part: one that answers at once
// and delivers what the part's can, so that a faster bus waits for it.
func MemoryOf(e configs.Engine, clockMHz float64, part configs.Part) MemoryTiming {
	demand := float64(e.BusBits) / 8 * clockMHz * 1e6 // bytes a second
	if supply := part.BandwidthGBs * 1e9; supply < demand {
		return MemoryTiming{Latency: IdealMemory.Latency, Stall: 1 - supply/demand}
	}
	return IdealMemory
}
