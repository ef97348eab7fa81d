package hwmodel

import "vitdse/configs"

// minShift is the least requantization shift of a design. Shifts are known only once there
// is a quantized network; this is from the digits network at 3 to 8 bits: it grows with the
// bits of the products, and what lies below it is wired and not stored.
func (s *Shape) minShift() int { return 7 + s.MinProductBits/2 }

// minNormShift is the least shift after LayerNorm's affine map, likewise.
func (s *Shape) minNormShift() int { return 26 - s.NormOut }

// charge enters every module and buffer of the engine.
func (s *Shape) charge(l *ledger, f fabric) {
	s.logic(l, f)
	for _, m := range s.memories() {
		l.add(m.Name, f.memory(m))
	}
}

// logic enters everything but the buffers.
func (s *Shape) logic(l *ledger, f fabric) {
	l.add("vit_accel_top", Resources{LUT: 1, FF: 1})
	l.add("vit_axi_lite", Resources{LUT: whole(f.luts(axiLiteBase, 1)), FF: 360})
	l.add("vit_accel_core", s.core(f))
	l.add("vit_sequencer", s.sequencer(f))
	l.add("vit_axi_read", s.axiRead(f))
	l.add("vit_axi_write", s.axiWrite(f))
	l.add("vit_stream_loader", s.loader(f))
	l.add("vit_weight_unpack", s.unpack(f))
	if s.GroupBits > 0 {
		l.add("vit_group_scale", s.groupScale(f))
	}
	l.add("vit_array_feeder", Resources{LUT: whole(f.luts(feederBase, 1)), FF: 121 + CeilLog2(s.KeySegments)})
	dsp := s
	if n := s.Design.Engine.LUTColumns; n > 0 {
		dsp = s.part(s.TN-n, configs.MulDSP)
		l.add("vit_pe_array", dsp.peArray(f).Add(s.part(n, configs.MulLUT).peArray(f)))
		l.add("vit_mixed_array", s.mixedArray())
	} else {
		l.add("vit_pe_array", s.peArray(f))
	}
	if p := dsp.Packed(); p.Cascade {
		l.add("vit_packed_cascades", dsp.cascades(p))
		l.add("vit_dsp_cascade", dsp.packedDSPs(p))
	}
	l.add("vit_tile_drain", Resources{LUT: whole(f.luts(drainBase, 1)), FF: 114})
	l.add("vit_requantize", s.requantize(f))
	l.add("vit_gelu_table", s.gelu(f))
	l.add("vit_layernorm", s.layerNorm(f))
	l.add("vit_rsqrt", s.rsqrt(f))
	l.add("vit_softmax", s.softmax(f))
	l.add("vit_patch_gather", s.patchGather(f))
	if s.Net.Classifiers == 2 {
		l.add("first-logits", s.firstLogits(f))
	}
	s.pooling(l, f)
	l.add("vit_op_queue", s.opQueue(f))
	l.add("vit_row_sums", s.rowSums(f))
	packers := s.packer(s.ActBits, 16)
	packers = packers.Add(s.packer(s.NormBits, 16))
	packers = packers.Add(s.packer(s.NumBits, max(1, CeilLog2(s.NumDepth))))
	if pool, pools := s.Pool(); pools {
		packers = packers.Add(pool.packer(s))
	}
	l.add("vit_column_packer", packers)
}

// firstLogits is what a second head adds: the first one's logits in LUT RAM and, for each column that leaves, the sum,
// what it saturates to, and the choice of that.
func (s *Shape) firstLogits(f fabric) Resources {
	r := f.lutram(s.LogitDepth(), s.VC*configs.LogitBits)
	r.LUT += s.VC * 3 * configs.LogitBits
	r.FF += s.VC*(2*configs.LogitBits+1) + 1
	return r
}

// lanes is those of the vector units: columns of TM tokens.
func (s *Shape) lanes() int { return s.VC * s.TM }

// rowSums is TM tokens' sums of channels and of their squares.
func (s *Shape) rowSums(f fabric) Resources {
	l := CeilLog2(s.Dim)
	sum, squares := configs.ResidualBits+l, 2*configs.ResidualBits-1+l
	r := f.lutram(s.MTiles, s.TM*(sum+squares))
	if f.noLUTRAM {
		r = Resources{FF: s.MTiles * s.TM * (sum + squares)}
	}
	kept := r.FF
	tokens, lanes := float64(s.TM), float64(s.lanes())
	r.LUT += whole(f.luts(rowSumsToken, tokens) + f.luts(rowSumsChannel, lanes-tokens) + lanes*f.softLUTs(16, 16))
	r.DSP = s.lanes() * f.dsps(16, 16)
	token, lane, square := configs.ResidualBits+sum+squares, configs.ResidualBits, 2*configs.ResidualBits-1
	if s.VC > 1 {
		token = 2*sum + squares
	}
	if !f.registers { // squares and their sum outside the DSP
		token += square + CeilLog2(s.VC)
		lane += square
	}
	r.FF = kept + token*s.TM + lane*s.lanes() + 2*(4+max(1, CeilLog2(s.MTiles)))
	return r
}

// requantize is VC modules of TM lanes of bias add, multiply, round, shift, zero point, clamp.
func (s *Shape) requantize(f fabric) Resources {
	acc, out := s.AccBits, s.OutBits
	shifted := acc + 18 - s.minShift()
	lane := Resources{
		FF:  acc + 17 + 2*min(acc, out) + out + shifted,
		DSP: f.dsps(acc, 18),
	}
	if !f.registers {
		lane.FF += acc + 18 // the product
	}
	r, lanes := lane.Times(s.lanes()), float64(s.lanes())
	luts := f.luts(requantizeBase, float64(s.VC)) + f.luts(requantizeLane, lanes) + f.luts(requantizeAcc, lanes*float64(acc)) +
		f.luts(requantizeShift, lanes*float64(shifted))
	luts += lanes * f.softLUTs(acc, 18)
	if lane.DSP > 1 {
		luts += f.luts(requantizeWide, lanes*float64(acc+18))
	}
	r.LUT = whole(luts)
	return r
}

// gelu is a table a lane: LUT RAM of two ports.
func (s *Shape) gelu(f fabric) Resources {
	ram := f.lutram(1<<s.GELUBits, s.ActBits)
	ram.FF = s.ActBits
	r := ram.Times(s.lanes())
	switch banks := CeilDiv(1<<s.GELUBits, f.cells[1].Depth); {
	case banks == 1, f.noLUTRAM:
		r.LUT += s.lanes() // the address's inverted bit
	case f.lut6():
		r.LUT -= (s.lanes() - 1) * banks // one write decoder for all lanes
	default:
		r.LUT -= (s.lanes() - 1) * 5 * banks / 2
	}
	return r
}

// layerNorm is lanes of normalisation and affine map, with a sum and a root for each token;
// vit_rsqrt, vit_row_sums and the tables of gamma and beta are listed by themselves.
func (s *Shape) layerNorm(f fabric) Resources {
	c := s.Dim
	l := CeilLog2(c)
	diff := configs.ResidualBits + l + 1 // bits of C*x - s1
	power := 1<<l == c                   // C*x is a shift
	lanes := float64(s.lanes())
	luts := f.luts(layerNormBase, 1) + f.luts(layerNormToken, float64(s.TM)) + f.luts(layerNormLane, lanes) +
		f.luts(layerNormShift, lanes*float64(48-s.minNormShift())) + f.luts(layerNormLog, lanes*float64(l-6))
	lane := Resources{FF: s.NormOut + configs.ResidualBits, DSP: f.dsps(diff, 18) + f.dsps(18, 16)}
	luts += lanes * (f.softLUTs(diff, 18) + f.softLUTs(18, 16))
	if power {
		lane.FF += configs.ResidualBits
	} else {
		lane.FF += configs.ResidualBits + 3
		luts += lanes * f.softLUTs(16, l+2)
		lane.DSP += f.dsps(16, l+2)
		luts += f.luts(layerNormProduct, lanes)
	}
	if diff > f.dspA && f.lut6() {
		luts += f.luts(layerNormWide, lanes)
		lane.FF += 17
	}
	if !f.registers { // difference, product and affine map outside the DSP
		lane.FF += diff + 81 + s.NormOut
	}
	r := lane.Times(s.lanes())
	r.LUT = whole(luts)
	token := configs.ResidualBits + l + 17
	if !f.registers {
		token += 17
	}
	r.FF += token*s.TM + 59 + CeilLog2(s.TM)
	if !f.lut6() {
		period := max(s.Dim/s.VC, s.TM+NormGap)
		r.FF += 8*CeilLog2(period+1) + 7*max(1, CeilLog2(s.TM)) + 5 // what shift registers are elsewhere
		if s.TM > 2 && !f.noDSP {
			r.DSP++ // the product that addresses a lane's sums
		}
	} else {
		r.LUTRAM = 14 + CeilLog2(s.TM) // shift registers, counted in LUT above
	}
	return r
}

// rsqrt is one pipeline for all lanes.
func (s *Shape) rsqrt(f fabric) Resources {
	l := CeilLog2(s.Dim)
	sum, squares := configs.ResidualBits+l, 2*configs.ResidualBits-1+l
	luts := f.luts(rsqrtBase, 1)
	r := Resources{FF: 201, DSP: f.dsps(sum, sum)}
	luts += f.softLUTs(sum, sum)
	if 1<<l != s.Dim {
		r.DSP += f.dsps(squares+1, l+2)
		luts += f.softLUTs(squares+1, l+2)
		r.FF -= 14
	}
	if !f.registers {
		r.FF += 27
	}
	if sum > 25 && f.lut6() {
		luts += f.luts(rsqrtWide, 1)
		r.FF += 43
	}
	r.LUT = whole(luts)
	return r
}

// softmax is lanes of scaled difference and exponential table, with maximum, sum and divider
// for each token.
func (s *Shape) softmax(f fabric) Resources {
	sum := s.NumBits + max(1, CeilLog2(s.Tokens))
	difference := s.ScoreBits + 1
	if !f.lut6() { // MULT18X18D takes operands without a sign too, and this one is never negative
		difference--
	}
	lane := Resources{FF: s.ExpBits + s.NumBits, DSP: f.dsps(difference, 17)}
	if !f.registers {
		lane.FF += 2*s.ScoreBits + 17 // difference and product outside the DSP
	}
	r, lanes, tokens := lane.Times(s.lanes()), float64(s.lanes()), float64(s.TM)
	r.LUT = whole(f.luts(softmaxBase, 1) + f.luts(softmaxLane, lanes) + f.luts(softmaxScore, lanes*float64(s.ScoreBits)) +
		f.luts(softmaxSum, tokens*float64(sum)) + f.luts(softmaxTable, lanes*float64(s.NumBits<<s.ExpBits)/64) + lanes*f.softLUTs(difference, 17))
	r.FF += (2*s.ScoreBits+3*sum+34)*s.TM + 96
	if !f.registers {
		r.FF += 8
	}
	if !f.lut6() {
		r.FF += 22 // what shift registers are elsewhere
	} else {
		r.LUTRAM = max(1, CeilLog2(s.ScoreDepth)) // the index travels in shift registers
	}
	return r
}

// patchGather is a chunk of TM tokens' codes, the chunk that leaves, and a word of it.
func (s *Shape) patchGather(f fabric) Resources {
	chunk := s.Chunk
	if s.TK <= s.Chunk {
		chunk *= 2 // one comes while one leaves
	}
	bits := s.TM * s.ImageBits * (chunk + s.TK)
	r := Resources{
		LUT: whole(f.luts(gatherBase, 1) + f.luts(gatherBit, float64(bits)) + f.luts(gatherBus, float64(s.Design.Engine.BusBits))),
		FF:  bits + 62,
	}
	if s.Design.Engine.GatherTokens() == 2 {
		r = r.Add(s.tokenPairs())
	}
	return r
}

// tokenPairs is what a second token adds: another selection of a chunk out of a word, and where the
// token is. The numbers are Yosys 0.23's of the module with and without, at chunks of 2 and of 16 values.
func (s *Shape) tokenPairs() Resources {
	places := s.Design.Engine.BusBits / 8 / s.Chunk // of a chunk in a beat
	return Resources{LUT: 30 + 8*s.Chunk*CeilLog2(places), FF: 2}
}

func (s *Shape) packer(bits, address int) Resources {
	r := Resources{LUT: 3, FF: s.TK*s.TM*bits + address + 1}
	if s.TK > s.VC {
		r.LUT = (s.TK-s.VC)*s.TM*bits + 6
	}
	return r
}
