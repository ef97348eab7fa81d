package timing

import (
	"fmt"
	"math"

	"vitdse/configs"
	"vitdse/hwmodel"
)

// Wire is a model of what a routed net takes in ns: its delay grows with the logarithm of its fan-out.
type Wire struct {
	Name       string
	base, slop float64 // at fan-out 1, and for each doubling
}

// Net is the delay of a net of the given fan-out.
func (w Wire) Net(fanOut int) float64 { return w.base + w.slop*math.Log2(float64(max(1, fanOut))) }

// delays are a family's, in ns, at its speed grade -1; other grades are a share of that.
type delays struct {
	wires []Wire // kind, middle, harsh

	clockToQ, setup, enable, reset float64 // flip-flop
	lut, mux7, mux8                float64

	// Four bits of a carry chain: from a bit's operands to the carry out, to a sum bit; the carry
	// through, and to a sum bit.
	operandCarry, operandSum, carryCarry, carrySum float64

	memClock, memAddress, memSetup  float64 // LUTs as memory
	shiftClock                      float64 // LUTs as shift registers
	blockClock, blockRegister       float64 // block RAM to its output, without and with the output register
	blockAddress, blockData         float64 // set-up of a block RAM
	ultraClock, ultraSetup          float64
	product, productAdd, add        float64 // DSP: A or B to M, to P, and C, M or PCIN to P
	dspClock, dspSetup              float64 // P's register to P, A or B to its register
	dspFull, dspNoM, dspNoRegister  float64 // shortest periods inside: all registers, without M, none but P
	addRegister, productRegister    float64 // C, PCIN to P's register; A or B through the multiplier to M's
	productAddRegister, mToP, abToP float64 // A or B to P's register; M's register to P; A's register to P
}

// Sources of the figures:
//   - 7-series -1: the DSP48E1 from the Project X-Ray database (CC0), slow corner, that of the Zynq-7000;
//     LUTs, carry chains, flip-flops and LUT RAM as Vivado prints them in public timing reports of designs on
//     XC7Z020-1 and XC7A200T-1 (Prop_lut6 0.124, Prop_fdre_C_Q 0.456 and 0.518, Prop_carry4 S to CO 0.40 to
//     0.55, CI to CO 0.114, CI to O 0.22 to 0.33, Setup_ramd32 0.258); block RAM and the DSP's
//     shortest periods from DS181 (TRCKO_DO, FMAX, FMAX_MULT_NOMREG), from memory.
//   - UltraScale+ -1: public Vivado reports of designs on an XCZU3EG-1 (FDRE 0.096, LUTs 0.035 to 0.179 by
//     input, CARRY8 S to CO7 0.238, CI to CO7 0.023, CI to O7 0.146; DSP48E2 0.195 + 0.092 + 0.737 +
//     0.059 + 0.699 + 0.141 from B to P); block RAM, URAM and the DSP's shortest periods from DS925, from memory.
//   - The share of a speed grade: hwmodel.SpeedGrade.
//   - Wires: quantiles (1, 2 and 4 fifths) of the routed nets in those reports; nets_test.go has them.
var families = map[configs.Fabric]delays{
	configs.XC7: {
		wires: []Wire{{"kind", 0.41, 0.03}, {"middle", 0.54, 0.065}, {"harsh", 0.88, 0.035}},

		clockToQ: 0.456, setup: 0.06, enable: 0.205, reset: 0.429,
		lut: 0.124, mux7: 0.217, mux8: 0.094,
		operandCarry: 0.532, operandSum: 0.58, carryCarry: 0.114, carrySum: 0.334,
		memClock: 1.314, memAddress: 0.124, memSetup: 0.258, shiftClock: 1.628,
		blockClock: 2.454, blockRegister: 0.882, blockAddress: 0.566, blockData: 0.737,
		product: 1.93, productAdd: 3.84, add: 1.52,
		dspClock: 0.434, dspSetup: 0.362,
		dspFull: 2.154, dspNoM: 3.884, dspNoRegister: 4.01,
		addRegister: 1.4, productRegister: 1.93, productAddRegister: 3.6, mToP: 2.31, abToP: 4.01,
	},
	configs.XCUP: {
		wires: []Wire{{"kind", 0.19, 0.015}, {"middle", 0.23, 0.035}, {"harsh", 0.28, 0.06}},

		clockToQ: 0.096, setup: 0.027, enable: 0.043, reset: 0.074,
		lut: 0.115, mux7: 0.082, mux8: 0.033,
		operandCarry: 0.206, operandSum: 0.25, carryCarry: 0.026, carrySum: 0.146,
		memClock: 0.6, memAddress: 0.115, memSetup: 0.08, shiftClock: 0.72,
		blockClock: 1.14, blockRegister: 0.286, blockAddress: 0.343, blockData: 0.28,
		ultraClock: 1.37, ultraSetup: 0.35,
		product: 1.08, productAdd: 1.92, add: 0.95,
		dspClock: 0.24, dspSetup: 0.2,
		dspFull: 1.55, dspNoM: 2.21, dspNoRegister: 2.94,
		addRegister: 0.82, productRegister: 1.08, productAddRegister: 1.79, mToP: 1.1, abToP: 2.0,
	},
}

// grade is a family's delays, the speed grade in a part's ordering code, and its share of the -1 delays.
func grade(part configs.Part) (delays, string, float64, error) {
	name, share, err := hwmodel.SpeedGrade(part)
	d, ok := families[part.Family]
	if err == nil && !ok {
		err = fmt.Errorf("part %s: there are no delays of family %s; its clock stays assumed", part.Name, part.Family)
	}
	return d, name, share, err
}

// Delays is the error of a part that cannot be timed: its family has no delays, or not for its speed grade.
func Delays(part configs.Part) error {
	_, _, _, err := grade(part)
	return err
}

// Known is the error of a part whose family has delays and whose speed grade is not one of theirs.
func Known(part configs.Part) error {
	if _, ok := families[part.Family]; !ok {
		return nil
	}
	return Delays(part)
}

// walk counts the ways in which Analyze has walked a netlist: what an older one gave is not taken from a cache.
const walk = 2

// Basis names all that a report of a part depends on beside its netlist; "" where there are no delays.
func Basis(part configs.Part) string {
	d, speed, share, err := grade(part)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("walk %d, %s -%s %g %+v", walk, part.Family, speed, share, d)
}
