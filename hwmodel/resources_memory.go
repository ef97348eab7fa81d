package hwmodel

import "vitdse/configs"

// memory is what n memories of depth x width take, each with a synchronous read port.
func (f fabric) memory(m Memory) Resources {
	kind := m.Resolve()
	if kind == configs.MemUltra && len(f.ultra) == 0 {
		kind = configs.MemBlock
	}
	switch kind {
	case configs.MemUltra:
		g := f.ultra[0]
		return Resources{URAM: CeilDiv(m.Depth, g.Depth) * CeilDiv(m.Width, g.Width)}.Times(m.Copies)
	case configs.MemBlock:
		return Resources{BRAM18: f.blocks(m.Depth, m.Width)}.Times(m.Copies)
	}
	r := f.lutram(m.Depth, m.Width)
	r.FF += m.Width // the read port's register
	return r.Times(m.Copies)
}

// blocks is the number of 18 Kb blocks of a memory.
func (f fabric) blocks(depth, width int) int {
	best := 0
	for _, g := range f.block {
		n := CeilDiv(depth, g.Depth) * CeilDiv(width, g.Width)
		if best == 0 || n < best {
			best = n
		}
	}
	return best
}

// lutram is a memory of LUTs with an asynchronous read port.
func (f fabric) lutram(depth, width int) Resources {
	c := f.cell
	n := CeilDiv(depth, c.Depth) * CeilDiv(width, c.Width) * c.LUTs
	r := Resources{LUT: n, LUTRAM: n}
	if banks := CeilDiv(depth, c.Depth); banks > 1 {
		r.LUT += width * CeilDiv(banks, 4)
	}
	return r
}
