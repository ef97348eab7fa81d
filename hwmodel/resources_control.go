package hwmodel

import (
	"vitdse/configs"
	"vitdse/configs/network"
)

// core is the glue: operand multiplexers, residual add, buffer write data and addresses.
func (s *Shape) core(f fabric) Resources {
	lane := 2*configs.ResidualBits + 1 + s.OutBits + s.ActBits
	muxes := s.lanes()*lane + s.TK*s.TM*(s.ABits+2*s.ActBits) + s.TK*s.TN*s.BBits
	return Resources{LUT: whole(f.luts(coreBase, 1) + f.luts(coreMux, float64(muxes))),
		FF: s.lanes()*s.OutBits + 17*s.TM + 462 + 6*max(1, CeilLog2(s.MTiles))}.Add(drainSettings(f))
}

// RTL numbers what modules are like, for records of what synthesis made of them.
//
//	0  as the study began
//	1  the next image is read ahead; the drain's settings travel with its columns; sums of more than two
//	   products are trees of carry chains (of which no record of 0 has any)
const RTL = 1

// Since is what a module takes more, on a part, than it did in a record of an earlier RTL.
func Since(rtl int, module string, part configs.Part) Resources {
	if rtl >= RTL {
		return Resources{}
	}
	switch module {
	case "vit_stream_loader":
		return loaderImages
	case "vit_axi_read":
		return readParts
	case "vit_accel_core":
		return drainSettings(newFabric(part))
	case "vit_op_queue":
		return queueEnds
	}
	return Resources{}
}

// drainSettings is what the drain's settings take to travel with its columns: Yosys 0.23's of the core
// with and without, in three engines. Most are in shift registers where LUTs can be such.
func drainSettings(f fabric) Resources {
	if f.lut6() {
		return Resources{LUT: 10, FF: 95}
	}
	return Resources{LUT: 10, FF: 240}
}

// queueEnds is the op queue's third counter, of ops that are in their buffer.
var queueEnds = Resources{LUT: 4, FF: 3}

// descriptorBits is the width of a matmul in the queue: its descriptor and its row offset.
const descriptorBits = 441

// opQueue is four descriptors in LUT RAM with two read ports: the same for every design.
func (s *Shape) opQueue(f fabric) Resources {
	r := Resources{LUT: whole(f.luts(opQueueBase, 1)), FF: 9}
	if f.noLUTRAM {
		r.FF += 4 * descriptorBits
	} else {
		r.LUTRAM = r.LUT - 16
	}
	return r.Add(queueEnds)
}

// unpack chooses among the weight formats of the network, a weight at a time.
func (s *Shape) unpack(f fabric) Resources {
	perBit := 1 + max(0, len(s.WeightFormats)-2)/2
	return Resources{LUT: whole(f.luts(unpackBit, float64(s.TK*s.TN*s.StoredBits*perBit)))}
}

// groupScale is the multipliers of groups, their AND with the segment's kind, and for each
// weight of a word three times it, two choices of four and an addition. The numbers are Yosys
// 0.23's of the module alone, at 2 to 8 bits.
func (s *Shape) groupScale(f fabric) Resources {
	g, other := float64(s.GroupBits), float64(s.StoredBits-s.GroupBits)
	lane := 5*g - 0.5 + 0.75*other + 1.7*float64(s.WBits-s.GroupBits-configs.GroupMultBits)
	switch {
	case f.lut6():
	case s.GroupBits < 4:
		lane = 13 * g
	default:
		lane = 14*g - 2 + 3.3*other
	}
	mult := configs.GroupMultBits * s.TN
	return Resources{LUT: mult + whole(float64(s.TK*s.TN)*lane), FF: mult}
}

// sequencer holds the program, on LUT6 parts as logic.
func (s *Shape) sequencer(f fabric) Resources {
	luts := whole(f.luts(sequencerBase, 1) + f.luts(sequencerStep, float64(s.steps())))
	if !f.lut6() { // in block RAM: some 165 of a descriptor's bits differ between steps
		blocks, _ := f.blocks(s.steps(), 165)
		return Resources{LUT: luts, FF: 78, BRAM18: blocks}
	}
	return Resources{LUT: luts, FF: 191}
}

// steps is the length of Program.
func (s *Shape) steps() int {
	n := 1 // the store
	for i := range s.Net.Ops {
		switch op := &s.Net.Ops[i]; op.Kind {
		case network.OpSoftmax, network.OpAttnValue: // with the scores
		case network.OpScores:
			n += 2 * op.Heads
			if s.MTiles > 1 {
				n += 2 * op.Heads // a loop over the row tiles between the first and the last
			}
		default:
			n++
		}
	}
	return n
}

// loaderImages is what the stream loader takes to count images and to find its way to the next one
// and back: Yosys 0.23's of the module with and without, 54 to 63 LUTs.
var loaderImages = Resources{LUT: 58, FF: 33}

// readParts is what the read master took more since it reads the stream in two parts.
var readParts = Resources{FF: 3}

func (s *Shape) loader(f fabric) Resources {
	bus := s.Design.Engine.BusBits
	luts := f.luts(loaderBase, 1) + f.luts(loaderBus, float64(bus))
	r := Resources{FF: s.AsmBeats*bus + 99 + CeilLog2(bus/8)}
	if s.GroupBits > 0 {
		luts += f.luts(loaderGroups, 1)
		r.FF += 19
	}
	r.LUT = whole(luts)
	return r.Add(loaderImages)
}

func (s *Shape) axiRead(f fabric) Resources {
	e := s.Design.Engine
	r := f.lutram(e.ReadFIFO, e.BusBits)
	r.LUT += whole(f.luts(axiReadBase, 1))
	r.FF += 199 + 3*CeilLog2(e.ReadFIFO)
	return r.Add(readParts)
}

func (s *Shape) axiWrite(f fabric) Resources {
	bus := s.Design.Engine.BusBits
	r := f.lutram(s.ResultBeats, 32).Times(bus / 32)
	r.LUT += whole(f.luts(axiWriteBase, 1) + f.luts(axiWriteBus, float64(bus)))
	r.FF += 127 + 2*max(1, CeilLog2(s.ResultBeats))
	return r
}
