package hwmodel

import "vitdse/configs"

// How far shift amounts vary is known only once there is a quantized network; these widths
// are those of the digits network at 3 to 8 bits.
const (
	varShift     = 4 // requantization
	varNormK     = 3 // LayerNorm, before and after the affine map
	varNormShift = 1
)

// minShift is the least requantization shift of a design, likewise from the digits network:
// it grows with the bits of the products, and what lies below it is wired and not stored.
func (s *Shape) minShift() int { return 7 + s.MinProductBits/2 }

// minNormShift is the least shift after LayerNorm's affine map.
func (s *Shape) minNormShift() int { return 26 - s.NormBits }

// charge enters every module and buffer of the engine. The LUT numbers are those of the
// 7-series; logic turns them into LUT4 with the ratio that synthesis showed for the module.
func (s *Shape) charge(l *ledger, f fabric) {
	l.add("vit_accel_top", Resources{LUT: 1, FF: 1})
	l.add("vit_axi_lite", Resources{LUT: f.logic(280, 370), FF: 358})
	l.add("vit_accel_core", s.core(f))
	l.add("vit_sequencer", s.sequencer(f))
	l.add("vit_axi_read", s.axiRead(f))
	l.add("vit_axi_write", s.axiWrite(f))
	l.add("vit_stream_loader", s.loader(f))
	l.add("vit_weight_unpack", s.unpack(f))
	l.add("vit_array_feeder", Resources{LUT: f.logic(328, 136), FF: 121 + CeilLog2(s.KeySegments)})
	l.add("vit_pe_array", s.peArray(f))
	l.add("vit_tile_drain", Resources{LUT: f.logic(326, 150), FF: 113})
	l.add("vit_requantize", s.requantize(f))
	l.add("vit_gelu_table", s.gelu(f))
	l.add("vit_layernorm", s.layerNorm(f))
	l.add("vit_rsqrt", s.rsqrt(f))
	l.add("vit_softmax", s.softmax(f))
	l.add("vit_patch_gather", s.patchGather(f))
	packers := s.packer(s.ActBits, 16)
	packers = packers.Add(s.packer(s.NumBits, max(1, CeilLog2(s.NumDepth))))
	l.add("vit_column_packer", packers)
	for _, m := range s.memories() {
		l.add(m.Name, f.memory(m))
	}
}

// peArray is the array: products, their sum, accumulators, result registers that shift
// towards the drain, and a register for the column that leaves.
func (s *Shape) peArray(f fabric) Resources {
	pes, tk := s.TM*s.TN, s.TK
	wide := s.ABits + s.BBits
	r := Resources{LUT: (s.TN-1)*s.TM*s.AccBits + 6, FF: pes*s.AccBits + s.TM*s.AccBits + 8}
	dsp := s.Design.Engine.Multiplier == configs.MulDSP && wide >= minProduct
	if dsp {
		r.DSP = pes * tk
	} else {
		r.LUT += pes * tk * f.product(s.ABits, s.BBits)
	}
	packed := dsp && f.registers
	if packed && tk == 1 {
		return r // the accumulator is the DSP's
	}
	r.LUT += pes * s.AccBits
	r.FF += pes * s.AccBits
	if !f.lut6() {
		r.LUT += pes * s.AccBits // the first product of a sum does not fit the carry cell
	}
	if tk > 1 {
		r.LUT += 3
		if f.lut6() {
			r.LUTRAM++ // a shift register for first_q
		}
	}
	if packed {
		return r // products and their sum are in the DSPs
	}
	r.FF += pes*tk*wide + tk*(s.TM*s.ABits+s.TN*s.BBits)
	if tk > 1 {
		r.LUT += pes * ((tk-1)*wide + (tk-2)*3)
		r.FF += pes * (wide + CeilLog2(tk))
	}
	return r
}

// core is the glue: operand multiplexers, residual add, buffer write data and addresses.
func (s *Shape) core(f fabric) Resources {
	lane := 2*configs.ResidualBits + 1 + s.OutBits + 2*s.ActBits
	muxes := s.TM*lane + s.TK*s.TM*s.ABits + s.TK*s.TN*s.BBits
	return Resources{LUT: f.logic(416+muxes*117/100, 117), FF: s.TM*s.OutBits + 284}
}

// requantize is TM lanes of bias add, multiply, round, shift, zero point, clamp.
func (s *Shape) requantize(f fabric) Resources {
	acc, out := s.AccBits, s.OutBits
	shifted := acc + 18 - s.minShift()
	lane := Resources{
		LUT: 25 + acc + shifted*(405+43*varShift)/100,
		FF:  acc + 17 + 2*min(acc, out) + out + shifted,
		DSP: f.dsps(acc, 18),
	}
	if lane.DSP > 1 {
		lane.LUT += acc + 18
	}
	if !f.registers {
		lane.FF += acc + 18 // the product
	}
	if f.family == configs.XCUP {
		lane.LUT += acc + 18 // rounding: the DSP's adder is not used
	}
	r := lane.Times(s.TM)
	r.LUT = f.logic(r.LUT+112, 195)
	return r
}

// gelu is a table a lane: LUT RAM of two ports.
func (s *Shape) gelu(f fabric) Resources {
	ram := f.lutram(1<<s.GELUBits, s.ActBits)
	ram.FF = s.ActBits
	r := ram.Times(s.TM)
	switch banks := CeilDiv(1<<s.GELUBits, f.cells[1].Depth); {
	case banks == 1:
		r.LUT += s.TM // the address's inverted bit
	case f.lut6():
		r.LUT -= (s.TM - 1) * banks // one write decoder for all lanes
	default:
		r.LUT -= (s.TM - 1) * 5 * banks / 2
	}
	return r
}

// layerNorm is TM lanes of sums, normalisation and affine map; vit_rsqrt and the table of
// gamma and beta are listed by themselves.
func (s *Shape) layerNorm(f fabric) Resources {
	c := s.Dim
	l := CeilLog2(c)
	diff := configs.ResidualBits + l + 1 // bits of C*x - s1
	power := 1<<l == c                   // C*x is a shift
	lane := Resources{
		LUT: 338 + 9*varNormK + 7*(48-s.minNormShift())*varNormShift/10 + 4*(l-6),
		FF:  2*configs.ResidualBits - 1 + configs.ResidualBits + 2*l + s.NormBits + configs.ResidualBits,
		DSP: f.dsps(16, 16) + f.dsps(diff, 18) + f.dsps(18, 16),
	}
	if power {
		lane.FF += configs.ResidualBits
	} else {
		lane.DSP += f.dsps(16, l+2)
		lane.LUT -= 25
	}
	if diff > f.dspA && f.lut6() {
		lane.LUT += 85
		lane.FF += 17
	}
	if !f.registers {
		lane.FF += 31 + diff + 18 + 48 + 36 // square, difference, product and affine map outside the DSP
	}
	if f.family == configs.XCUP {
		lane.LUT += 88 // the adders that the DSP48E1 takes in
	}
	r := lane.Times(s.TM)
	r.LUT = f.logic(r.LUT+25, 195)
	r.FF += 58 + l + CeilLog2(s.TM)
	if !f.lut6() {
		r.FF += 15 * s.TM
		if s.TM > 2 {
			r.DSP++ // the product that addresses a lane's sums
		}
	} else {
		r.LUTRAM = 6 + l + CeilLog2(s.TM) // shift registers, counted in LUT above
	}
	return r
}

// rsqrt is one pipeline for all lanes.
func (s *Shape) rsqrt(f fabric) Resources {
	l := CeilLog2(s.Dim)
	sum, squares := configs.ResidualBits+l, 2*configs.ResidualBits-1+l
	r := Resources{LUT: f.logic(365, 207), FF: 201, DSP: f.dsps(sum, sum)}
	if 1<<l != s.Dim {
		r.DSP += f.dsps(squares+1, l+2)
		r.FF -= 14
	}
	if !f.registers {
		r.FF += 27
	}
	if f.family == configs.XCUP {
		r.LUT += 31
	}
	if sum > 25 && f.lut6() {
		r.LUT += 100
		r.FF += 43
	}
	return r
}

// softmax is TM lanes of maximum, scaled difference, exponential table, sum and divider.
func (s *Shape) softmax(f fabric) Resources {
	index := max(1, CeilLog2(s.Tokens))
	sum := s.NumBits + index
	lane := Resources{
		LUT: 77 + 59*s.ScoreBits/10 + 2*sum + 52*(s.NumBits<<s.ExpBits)/6400,
		FF:  s.ScoreBits + 17 + 2*sum + s.ExpBits + s.NumBits,
		DSP: f.dsps(s.ScoreBits+1, 17),
	}
	if !f.registers {
		lane.FF += 2*s.ScoreBits + 17 // difference and product outside the DSP
	}
	r := lane.Times(s.TM)
	r.LUT = f.logic(r.LUT+91, 190)
	r.FF += 14 + index
	if f.lut6() {
		r.LUTRAM = index // the index travels in shift registers
	}
	return r
}

func (s *Shape) patchGather(f fabric) Resources {
	bus := s.Design.Engine.BusBits
	px := max(1, CeilLog2(s.ImageBeats)) + CeilLog2(bus/8) // bits of a pixel address
	k := max(1, CeilLog2(s.Model.PatchInner()))
	token := CeilLog2(s.Tokens+s.TM) + 1
	return Resources{
		LUT: f.logic(15+92*px/10+45*bus/100, 212),
		FF:  s.TM*s.ImageBits + 4*px + 3*k + 2*token + 2*CeilLog2(s.Model.Image.Width/s.Model.Patch+1) + 20,
	}
}

func (s *Shape) packer(bits, address int) Resources {
	r := Resources{LUT: 3, FF: s.TK*s.TM*bits + address + 1}
	if s.TK > 1 {
		r.LUT = (s.TK-1)*s.TM*bits + 6
	}
	return r
}

// unpack chooses among the weight formats of the network, a weight at a time.
func (s *Shape) unpack(f fabric) Resources {
	perBit := 1 + max(0, len(s.WeightFormats)-2)/2
	return Resources{LUT: f.logic(s.TK*s.TN*s.WBits*perBit, 187)}
}

// sequencer holds the program, on LUT6 parts as logic.
func (s *Shape) sequencer(f fabric) Resources {
	if !f.lut6() { // in block RAM: some 130 of a descriptor's bits differ between steps
		blocks, _ := f.blocks(s.steps(), 130)
		return Resources{LUT: 341, FF: 78, BRAM18: blocks}
	}
	return Resources{LUT: 100 + 34*s.steps()/10, FF: 177}
}

// steps is the length of Program.
func (s *Shape) steps() int { return 5 + s.Model.Depth*(8+3*s.Model.Heads) }

func (s *Shape) loader(f fabric) Resources {
	bus := s.Design.Engine.BusBits
	return Resources{LUT: f.logic(150+40*bus/100, 200), FF: s.AsmBeats*bus + 99 + CeilLog2(bus/8)}
}

func (s *Shape) axiRead(f fabric) Resources {
	e := s.Design.Engine
	r := f.lutram(e.ReadFIFO, e.BusBits)
	r.LUT += f.logic(450, 187)
	r.FF += 199 + 3*CeilLog2(e.ReadFIFO)
	return r
}

func (s *Shape) axiWrite(f fabric) Resources {
	bus := s.Design.Engine.BusBits
	r := f.lutram(s.ResultBeats, 32).Times(bus / 32)
	r.LUT += f.logic(190+bus, 155)
	r.FF += 127 + 2*max(1, CeilLog2(s.ResultBeats))
	return r
}
