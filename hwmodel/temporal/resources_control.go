package temporal

import (
	"slices"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// core is the glue: operand multiplexers, residual add, buffer write data and addresses, and what travels with
// a group of columns to the buffers, in shift registers where LUTs can be such.
func (s *Shape) core(f fabric) hwmodel.Resources {
	lane := 2*configs.ResidualBits + 1 + s.OutBits + s.ActBits
	muxes := s.lanes()*lane + s.TK*s.TM*(s.ABits+2*s.ActBits) + s.TK*s.TN*s.BBits
	r := hwmodel.Resources{LUT: whole(f.luts(coreBase, 1) + f.luts(coreMux, float64(muxes))),
		FF: s.lanes()*(2*s.OutBits+configs.ResidualBits+1) + 17*s.TM + 246}
	if s.GroupBits > 0 { // where a multiplied word goes
		r.FF += 1 + hwmodel.CeilLog2(s.Design.Engine.WeightBuffers) + hwmodel.CeilLog2(s.WeightDepth)
	}
	if row := s.rowBits(); f.lut6() {
		r.LUTRAM = 93 + row
	} else {
		r.FF += 778 + (drainLatency-1)*(row-3)
	}
	return r.Add(s.tokenShifts(f))
}

// coreModules are the emitted modules that core counts as vit_accel_core: what is around the units, cut by what it
// does. A list of names and no more: their multiplexers and shift registers are fitted together.
var coreModules = []string{
	"vit_unit_control", "vit_operand_feed", "vit_activation_buffers", "vit_weight_buffer", "vit_key_value_buffers",
	"vit_operand_select", "vit_output_stages", "vit_channel_params", "vit_output_lanes", "vit_output_words",
	"vit_residual_stream", "vit_norm_rows", "vit_pool_rows", "vit_patch_rows", "vit_score_path",
}

// CountedAs is the name under which the resource model counts an emitted module: vit_accel_core for those that it
// consists of, for others their own.
func (Engine) CountedAs(module string) string {
	if slices.Contains(coreModules, module) {
		return "vit_accel_core"
	}
	return module
}

// rowBits is the bits of a row tile's number.
func (s *Shape) rowBits() int { return max(1, hwmodel.CeilLog2(s.RowTiles)) }

// RTL is 2: the engine that was pipelined for its clock.
func (Engine) RTL() int { return 2 }

// descriptorBits is the width of a matmul in the queue: its descriptor and its row offset.
const descriptorBits = 441

// codeBitsBits are the bits of the field that scales of tokens add to it.
const codeBitsBits = 4

// opQueue is descriptors in LUT RAM with two read ports, and those of the feeder, of the drain and the one behind it
// in registers: the same for every design, but for scales of tokens.
func (s *Shape) opQueue(f fabric) hwmodel.Resources {
	bits := descriptorBits
	if s.Dynamic {
		bits += codeBitsBits
	}
	r := hwmodel.Resources{LUT: whole(f.luts(opQueueBase, 1)), FF: 3*bits + 28}
	if f.noLUTRAM {
		r.FF += QueueDepth * bits
	} else {
		r.LUTRAM = 2 * f.lutram(QueueDepth, bits).LUTRAM // a copy for each of two read ports
	}
	return r
}

// feeder walks the tiles. Its registers depend on the weights' banks and on how many tile columns a word of keys holds.
func (s *Shape) feeder(f fabric) hwmodel.Resources {
	banks := [...]int{1: -1, 2: 0, 4: 2}[s.Design.Engine.WeightBuffers]
	return hwmodel.Resources{LUT: whole(f.luts(feederBase, 1)), FF: 193 + banks + 3*hwmodel.CeilLog2(s.KeySegments)}
}

// drain walks the finished tiles; it counts passes where a group of columns has more than one.
func (s *Shape) drain(f fabric) hwmodel.Resources {
	if s.VC > 1 || s.TM > s.TK {
		return hwmodel.Resources{LUT: whole(f.luts(drainBase, 1) + f.luts(drainPasses, 1)), FF: 286}
	}
	return hwmodel.Resources{LUT: whole(f.luts(drainBase, 1)), FF: 258}
}

// unpack chooses among the weight formats of the network, a weight at a time.
func (s *Shape) unpack(f fabric) hwmodel.Resources {
	bits := s.TK * s.TN * s.StoredBits
	return hwmodel.Resources{LUT: whole(f.luts(unpackBit, float64(bits)) + f.luts(unpackFormat,
		float64(bits*max(0, len(s.WeightFormats)-2))))}
}

// groupScale is the multipliers of groups, their AND with the segment's kind, and for each
// weight of a word three times it, two choices of four in registers and an addition. The numbers are Yosys
// 0.23's of the module alone, at 2 to 8 bits.
func (s *Shape) groupScale(f fabric) hwmodel.Resources {
	g, other := float64(s.GroupBits), float64(s.StoredBits-s.GroupBits)
	lane := 5*g + 2 + 0.75*other + 1.7*float64(s.WBits-s.GroupBits-configs.GroupMultBits)
	switch {
	case f.lut6():
	case s.GroupBits < 4:
		lane = 13 * g
	default:
		lane = 14*g - 2 + 3.3*other
	}
	mult, low, high := configs.GroupMultBits*s.TN, max(s.StoredBits, s.GroupBits+2), s.GroupBits+2
	return hwmodel.Resources{LUT: mult + whole(float64(s.TK*s.TN)*lane), FF: mult + s.TK*s.TN*(low+high)}
}

// sequencer holds the program, as logic or in blocks.
func (s *Shape) sequencer(f fabric) hwmodel.Resources {
	steps, base := s.steps(), f.luts(sequencerBase, 1)
	logic := whole(base + f.luts(sequencerStep, float64(steps)))
	blocks := s.programBlocks(f)
	switch {
	case f.lut6() && blocks > 0:
		return hwmodel.Resources{LUT: whole(base), FF: 366 + hwmodel.CeilLog2(steps), BRAM18: blocks}
	case f.lut6():
		return hwmodel.Resources{LUT: logic, FF: 366 + hwmodel.CeilLog2(steps)}
	case blocks > 0:
		return hwmodel.Resources{LUT: logic, FF: 325 + hwmodel.CeilLog2(steps), BRAM18: blocks}
	}
	return hwmodel.Resources{LUT: logic, FF: 282 + hwmodel.CeilLog2(steps)}
}

// programBlocks is the blocks that the program takes, 0 where it is logic: Yosys' memory_libmap compares what both
// cost, a bit in logic 1/16, a block 128 on ECP5 and in effect 516 on Xilinx' parts. The latter was found by mapping
// memories of 36 to 200 bits; docs/RESOURCES.md.
func (s *Shape) programBlocks(f fabric) int {
	steps, bits := s.steps(), 165 // of a descriptor that differ between steps, about
	if len(s.WeightFormats) > 2 || steps > 256 {
		bits += 35 // those of layers' bits, or of the addresses of larger networks
	}
	cost := 128
	if f.lut6() {
		cost = 516
	}
	blocks, _ := f.blocks(steps, bits)
	if steps*bits <= 16*cost*blocks {
		return 0
	}
	return blocks
}

// steps is the length of Program.
func (s *Shape) steps() int {
	n := 1 // the store
	for i := range s.Net.Ops {
		switch op := &s.Net.Ops[i]; op.Kind {
		case network.OpSoftmax, network.OpAttnValue: // with the scores
		case network.OpScores:
			n += 2 * op.Heads * min(s.Layout(*op).RowTiles(), s.ahead()+1) // all behind the first ones are a loop
		default:
			n++
			if s.moved(op) {
				n++
			}
		}
	}
	return n
}

func (s *Shape) loader(f fabric) hwmodel.Resources {
	bus := s.Design.Engine.BusBits
	luts := f.luts(loaderBase, 1) + f.luts(loaderBus, float64(bus))
	r := hwmodel.Resources{FF: s.AsmBeats*bus + 157 + hwmodel.CeilLog2(bus/8)}
	if s.GroupBits > 0 {
		luts += f.luts(loaderGroups, 1)
		r.FF += 20
	}
	r.LUT = whole(luts)
	return r
}

// busAddress is the bits of a 40-bit address in beats.
func (s *Shape) busAddress() int { return 40 - hwmodel.CeilLog2(s.Design.Engine.BusBits/8) }

func (s *Shape) axiRead(f fabric) hwmodel.Resources {
	e := s.Design.Engine
	r := f.lutram(e.ReadFIFO, e.BusBits)
	r.LUT += whole(f.luts(axiReadBase, 1))
	const part = 15 // bits of the stream's beats, which nobody knows who knows only the widths: within six
	r.FF += 64 + 3*s.busAddress() + 4*hwmodel.CeilLog2(e.ReadFIFO) + part
	return r
}

func (s *Shape) axiWrite(f fabric) hwmodel.Resources {
	bus := s.Design.Engine.BusBits
	r := f.lutram(s.ResultBeats, 32).Times(bus / 32)
	banks := hwmodel.CeilDiv(s.ResultBeats, f.cells[0].Depth)
	r.LUT = r.LUTRAM + whole(f.luts(axiWriteBase, 1)+f.luts(axiWriteBus, float64(bus))+f.luts(axiWriteBank,
		float64(bus*(banks-1))))
	r.FF += 50 + 2*s.busAddress() + max(1, hwmodel.CeilLog2(s.ResultBeats))
	return r
}
