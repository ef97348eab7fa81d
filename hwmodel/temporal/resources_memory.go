package temporal

import (
	"vitdse/configs"
	"vitdse/hwmodel"
)

// ecp5Bypass says that synthesis builds the collision behaviour of the buffers (a read of the
// word being written gives the old one) out of registers where the block RAM lacks it: data
// and address of the write are kept for a cycle and compared.
const ecp5Bypass = true

// memory is what a buffer takes, its synchronous read port included.
func (f fabric) memory(m hwmodel.Memory) hwmodel.Resources {
	kind := m.Resolve()
	if kind == configs.MemUltra && len(f.ultra) == 0 {
		kind = configs.MemBlock
	}
	if kind == configs.MemLUT && f.noLUTRAM {
		kind = configs.MemBlock
	}
	var r hwmodel.Resources
	switch kind {
	case configs.MemUltra:
		g := f.ultra[0]
		banks := hwmodel.CeilDiv(m.Depth, g.Depth)
		r = f.banked(m.Width, banks)
		r.URAM = hwmodel.CeilDiv(banks*m.Width, g.Width) // short words share a row, with byte enables
	case configs.MemBlock:
		blocks, banks := f.blocks(m.Depth, m.Width)
		r = f.banked(m.Width, banks)
		r.BRAM18 = blocks
		if f.family == configs.ECP5 && ecp5Bypass {
			r.LUT += m.Width + 21
			r.FF += 2*m.Width + max(1, hwmodel.CeilLog2(m.Depth)) + 2
		}
	default:
		r = f.lutram(m.Depth, m.Width)
		r.FF += m.Width // the read port's register
	}
	if m.Latency != 1 {
		r.FF += m.Width // its output register, which synthesis leaves outside of a block
	}
	return r.Times(m.Copies)
}

// banked is the output multiplexer of memories behind one another, and their address bits.
func (f fabric) banked(width, banks int) hwmodel.Resources {
	if banks <= 1 {
		return hwmodel.Resources{}
	}
	return hwmodel.Resources{LUT: f.bankMux(width, banks), FF: hwmodel.CeilLog2(banks)}
}

// blocks is the number of 18 Kb blocks of a memory and of banks behind one another. On LUT6
// parts two blocks make one of 36 Kb, with twice the width or, without a multiplexer, depth.
func (f fabric) blocks(depth, width int) (blocks, banks int) {
	try := func(cost, d, w int) {
		n := hwmodel.CeilDiv(depth, d)
		total := cost * n * hwmodel.CeilDiv(width, w)
		if blocks == 0 || total < blocks || total == blocks && n < banks {
			blocks, banks = total, n
		}
	}
	for _, g := range f.block {
		try(1, g.Depth, g.Width)
		if f.lut6() {
			try(2, g.Depth, 2*g.Width)
			try(2, 2*g.Depth, g.Width)
		}
	}
	return blocks, banks
}

// lutram is a memory of LUTs with an asynchronous read port; of blocks where LUTs cannot be
// memory, since synthesis moves the register that follows into the block.
func (f fabric) lutram(depth, width int) hwmodel.Resources {
	if f.noLUTRAM {
		n, _ := f.blocks(depth, width)
		return hwmodel.Resources{BRAM18: n}
	}
	n, banks := f.lutBanks(depth, width)
	return hwmodel.Resources{LUT: n + f.bankMux(width, banks), LUTRAM: n}
}

// lutBanks is the LUTs of such a memory that hold it, and the banks behind one another.
func (f fabric) lutBanks(depth, width int) (luts, banks int) {
	for _, c := range f.cells {
		b := hwmodel.CeilDiv(depth, c.Depth)
		n := b * hwmodel.CeilDiv(width, c.Width) * c.LUTs
		if luts == 0 || n < luts || n == luts && b < banks {
			luts, banks = n, b
		}
	}
	return luts, banks
}

// bankMux is the LUTs that choose one of so many banks of width bits and decode the write:
// from synthesis for 1 to 5 banks of LUT6, 1 to 8 of LUT4 and some beyond, interpolated.
func (f fabric) bankMux(width, banks int) int {
	if banks <= 1 {
		return 0
	}
	if f.lut6() {
		switch {
		case banks <= 4:
			return width + banks
		case banks == 5:
			return 4*width + 5 // through MUXF7 and MUXF8, with feed-throughs
		case banks <= 8:
			return 3*width + 14
		}
		return width*hwmodel.CeilDiv(banks, 3) + 2*banks
	}
	switch {
	case banks <= 3:
		return (banks-1)*width + banks
	case banks <= 5:
		return banks*width + banks
	case banks <= 8:
		return (banks-1)*width + banks
	}
	return width*banks*15/8 + 5*banks/2
}
