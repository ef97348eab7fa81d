package hwmodel

import "vitdse/configs"

// Power is an analytic estimate, in watts. It is no measurement, and no vendor's tool made
// it: see powerOf for what it is worth.
type Power struct {
	Static  float64 // leakage of the fabric, and what the platform takes idle
	Dynamic float64 // of the design's primitives at its clock
	Memory  float64 // of moving the images' bytes off the chip
}

// Total is the sum, W.
func (p Power) Total() float64 { return p.Static + p.Dynamic + p.Memory }

// powerOf are the coefficients of a fabric.
//
// The dynamic ones are watts a primitive and MHz at the activity of a busy matmul engine.
// Those of UltraScale+ were set so that four designs whose resources, clock and power are
// published for one part come out within a third (CoQMoE, arXiv 2506.08496, and UbiMoE,
// arXiv 2502.05602, on ZCU102 and U280); the ratios between primitives are those of AMD's
// power spreadsheets, from memory. 28 nm and 40 nm parts are scaled by supply voltage
// squared and capacitance, 1.8 and 2.2 for LUT6 and DSP, and are worth less. Designs of the
// literature differ by a factor of 1.5 either way from any such formula, because what they
// report differs: a board, rails, or a tool's estimate. Take it for +-50 %.
type powerOf struct {
	leak          float64 // W a LUT of the part
	lut, ff       float64 // W a primitive and MHz
	dsp, bram18   float64
	uram          float64
	offChipPJ     float64 // pJ a bit moved: DDR3, DDR4 or LPDDR4 with its interface
	offChipHighPJ float64 // the same for HBM
	highGBs       float64 // bandwidth from which on the memory is HBM
}

// ExpectedPowerError is the relative error that an estimate of power should be taken with.
const ExpectedPowerError = 0.5

var power = map[configs.Fabric]powerOf{
	configs.XC7:    {2.5e-6, 0.10e-6, 0.022e-6, 6.3e-6, 7.2e-6, 0, 40, 40, 1e9},
	configs.XCUP:   {2.5e-6, 0.055e-6, 0.012e-6, 3.5e-6, 4e-6, 12e-6, 20, 7, 150},
	configs.Versal: {3.0e-6, 0.040e-6, 0.009e-6, 3.0e-6, 3e-6, 9e-6, 18, 7, 150},
	configs.ECP5:   {1.2e-6, 0.08e-6, 0.025e-6, 5e-6, 5e-6, 0, 40, 40, 1e9},
	configs.Gowin:  {2.0e-6, 0.10e-6, 0.030e-6, 6e-6, 6e-6, 0, 40, 40, 1e9},
	configs.ICE40:  {0.1e-6, 0.07e-6, 0.020e-6, 4e-6, 2e-6, 0, 40, 40, 1e9},
}

// PowerOf estimates what a design of the given resources takes on a part at a clock, moving
// so many bytes a second off the chip.
func PowerOf(r Resources, part configs.Part, clockMHz, bytesPerSecond float64) Power {
	p := NewPowerModel(&part)
	return p.Of(r, clockMHz, bytesPerSecond)
}

// PowerModel estimates power on one part.
type PowerModel struct {
	powerOf
	static float64 // W
	pj     float64 // pJ a bit moved
}

// NewPowerModel is that of a part.
func NewPowerModel(part *configs.Part) PowerModel {
	c := power[part.Family]
	p := PowerModel{c, part.IdleWatts + c.leak*float64(part.Budget.LUT), c.offChipPJ}
	if part.BandwidthGBs >= c.highGBs {
		p.pj = c.offChipHighPJ
	}
	return p
}

// Of is what a design of the given resources takes at a clock, moving so many bytes a second off the chip.
func (p *PowerModel) Of(r Resources, clockMHz, bytesPerSecond float64) Power {
	perMHz := p.lut*float64(r.LUT) + p.ff*float64(r.FF) + p.dsp*float64(r.DSP) + p.bram18*float64(r.BRAM18) +
		p.uram*float64(r.URAM)
	return Power{Static: p.static, Dynamic: perMHz * clockMHz, Memory: 8 * bytesPerSecond * p.pj * 1e-12}
}
