package temporal

import (
	"vitdse/configs"
	"vitdse/hwmodel"
)

// minShift is the least requantization shift of a design. Shifts are known only once there
// is a quantized network; this is from the digits network at 3 to 8 bits: it grows with the
// bits of the products, and what lies below it is wired and not stored.
func (s *Shape) minShift() int { return 7 + s.MinProductBits/2 }

// minNormShift is the least shift after LayerNorm's affine map, likewise.
func (s *Shape) minNormShift() int { return 27 - min(max(s.NormOut, 3), 14) }

// normShiftBits is the bits of what varies of that shift, from one LayerNorm to another. Their codes differ in width by
// as much as a LayerNorm into the residual stream has more bits, and where weights are of more formats than the inner
// layers' and the edges', activations differ too: by three bits in the mean.
func (s *Shape) normShiftBits() int {
	spread := min(s.NormOut, 14) - min(s.NormBits, 14)
	if len(s.WeightFormats) > 2 {
		spread += 3
	}
	return hwmodel.CeilLog2(spread + 2)
}

// selections is the LUTs a bit of a shifter by so many bits takes: LUT6 choose among four, and with wide multiplexers
// among eight or sixteen.
func (f fabric) selections(bits int) int {
	if f.lut6() {
		return [...]int{0, 1, 1, 2, 3}[min(bits, 4)]
	}
	return bits
}

// charge enters every module and buffer of the engine.
func (s *Shape) charge(l *ledger, f fabric) {
	s.logic(l, f)
	for _, m := range s.memories() {
		l.add(m.Name, f.memory(m))
	}
	if s.Windowed {
		l.add(scoreBias, f.memory(s.biasMemory()))
	}
}

// logic enters everything but the buffers.
func (s *Shape) logic(l *ledger, f fabric) {
	l.add("vit_accel_top", hwmodel.Resources{LUT: 1, FF: 1})
	l.add("vit_axi_lite", hwmodel.Resources{LUT: whole(f.luts(axiLiteBase, 1)), FF: 398})
	l.add("vit_accel_core", s.core(f))
	l.add("vit_sequencer", s.sequencer(f))
	l.add("vit_axi_read", s.axiRead(f))
	l.add("vit_axi_write", s.axiWrite(f))
	l.add("vit_stream_loader", s.loader(f))
	l.add("vit_weight_unpack", s.unpack(f))
	if s.GroupBits > 0 {
		l.add("vit_group_scale", s.groupScale(f))
	}
	l.add("vit_array_feeder", s.feeder(f))
	products, square := s.multipliers(f), s.square(f)
	dsp, array := s, hwmodel.Resources{}
	if n := s.Design.Engine.LUTColumns; n > 0 {
		dsp = s.part(s.TN-n, configs.MulDSP)
		array = dsp.peArray(f).Add(s.part(n, configs.MulLUT).peArray(f))
		l.add("vit_mixed_array", s.mixedArray())
	} else {
		array = s.peArray(f)
	}
	if f.named {
		l.add("vit_mult18", hwmodel.Resources{DSP: products.DSP + square.DSP + array.DSP})
		products.DSP, square.DSP, array.DSP = 0, 0, 0
	}
	l.add("vit_multiply", products)
	l.add("vit_square", square)
	l.add("vit_pe_array", array)
	if p := dsp.Packed(); p.Cascade {
		l.add("vit_packed_cascades", dsp.cascades(p))
		l.add("vit_dsp_cascade", dsp.packedDSPs(p))
	}
	if dsp.SumStep(f.family) > 0 {
		l.add("vit_product_cascades", dsp.productCascades(f))
		l.add("vit_dsp_cascade", hwmodel.Resources{DSP: dsp.TM * dsp.TN * dsp.TK})
	}
	l.add("vit_tile_drain", s.drain(f))
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
	s.tokenScales(l, f)
	l.add("vit_op_queue", s.opQueue(f))
	l.add("vit_row_sums", s.rowSums(f))
	packers := s.packer(s.ActBits, 16)
	packers = packers.Add(s.packer(s.NormBits, 16))
	packers = packers.Add(s.packer(s.NumBits, max(1, hwmodel.CeilLog2(s.NumDepth))))
	if pool, pools := s.Pool(); pools {
		packers = packers.Add(pool.packer(s))
	}
	l.add("vit_column_packer", packers)
	if s.Windowed {
		l.add("vit_row_regroup", s.rowRegroup(f))
		l.add("vit_score_bias", s.biasUnit())
	}
}

// firstLogits is what a second head adds: the first one's logits in LUT RAM and, for each column that leaves, the sum,
// what it saturates to, and the choice of that.
func (s *Shape) firstLogits(f fabric) hwmodel.Resources {
	r := f.lutram(s.LogitDepth(), s.VC*configs.LogitBits)
	r.LUT += s.VC * 2 * configs.LogitBits // Yosys 0.23: 149 more in the core of 4 columns
	r.FF += s.VC*(2*configs.LogitBits+1) + 1
	return r
}

// lanes is those of the vector units: columns of TM tokens.
func (s *Shape) lanes() int { return s.VC * s.TM }

// rowSums is TM tokens' sums of channels and of their squares, which vit_multiply makes.
func (s *Shape) rowSums(f fabric) hwmodel.Resources {
	sum, squares := s.sumBits()
	r, word := f.lutram(s.RowTiles, s.TM*(sum+squares)), s.TM*(sum+squares)
	if !f.noLUTRAM {
		_, banks := f.lutBanks(s.RowTiles, word)
		if banks--; !f.lut6() && banks >= 8 {
			banks = banks * 11 / 4 // of more than eight Yosys 0.23 makes so much more of LUT4
		}
		r.LUT = r.LUTRAM + whole(f.luts(rowSumsBank, float64(word*banks)))
	}
	if f.noLUTRAM {
		r.FF = s.TM*(sum+squares) + 6 // of blocks, whose old word is kept for a read of what is written
	}
	levels := hwmodel.CeilLog2(s.VC)
	r.LUT += whole(f.luts(rowSumsBit, float64(word)) + f.luts(rowSumsLane, float64(s.lanes())))
	r.FF += 2 * s.TM * (sum + squares) // what is read, and the running sum
	for l := 1; l <= levels; l++ {     // sums of the channels, level by level
		bits := s.TM * (s.VC >> l) * (configs.ResidualBits + l + squares)
		r.LUT, r.FF = r.LUT+bits, r.FF+bits
	}
	waits, travels := 3*configs.ResidualBits*s.lanes(), (3+levels)*(s.rowBits()+4)
	if !f.lut6() {
		r.FF += waits + travels
		return r
	}
	shifted := configs.ResidualBits*s.lanes() + 4 // shift registers
	if levels == 0 {
		r.FF += 3 * s.rowBits()
	} else {
		r.FF += s.rowBits()
		shifted += s.rowBits()
	}
	r.LUT, r.LUTRAM = r.LUT+shifted, r.LUTRAM+shifted
	return r
}

// requantize is VC modules of TM lanes of bias add, round, shift, zero point, clamp; vit_multiply has their products.
func (s *Shape) requantize(f fabric) hwmodel.Resources {
	acc, out := s.WideBits, s.OutBits
	shifted := acc + 18 - s.minShift()
	kept := min(shifted, out+1)
	r := hwmodel.Resources{FF: s.VC*(acc+18+8+out+2+16) + s.lanes()*(2*shifted+kept+2*out+2)}
	lanes := float64(s.lanes())
	r.LUT = whole(f.luts(requantizeBase, float64(s.VC)) + f.luts(requantizeLane, lanes) + f.luts(requantizeAcc,
		lanes*float64(acc)) +
		f.luts(requantizeShift, lanes*float64(shifted)))
	return r
}

// gelu is a table a lane: LUT RAM of two ports, and a register for its address.
func (s *Shape) gelu(f fabric) hwmodel.Resources {
	ram := f.lutram(1<<s.GELUBits, s.ActBits)
	ram.FF = s.GELUBits + s.ActBits
	r := ram.Times(s.lanes())
	switch banks := hwmodel.CeilDiv(1<<s.GELUBits, f.cells[1].Depth); {
	case banks == 1, f.noLUTRAM:
		r.LUT += s.lanes() // the address's inverted bit
	case f.lut6():
		r.LUT -= (s.lanes() - 1) * banks // one write decoder for all lanes
	default:
		r.LUT -= (s.lanes() - 1) * 5 * banks / 2
	}
	return r
}

// layerNorm is lanes of normalisation and affine map, whose products vit_multiply has, with a sum and a root for each
// token; vit_rsqrt, vit_row_sums and the tables of gamma and beta are listed by themselves.
func (s *Shape) layerNorm(f fabric) hwmodel.Resources {
	l := hwmodel.CeilLog2(s.Dim)
	sum, squares := s.sumBits()
	lanes := float64(s.lanes())
	scaled := 48 - s.minNormShift() // bits of the affine map above the constant part of its shift
	r := hwmodel.Resources{LUT: s.lanes()*(l+s.NormOut) + whole(f.luts(layerNormBase, 1)+f.luts(layerNormToken,
		float64(s.TM*(sum+squares)))+
		f.luts(layerNormLane, lanes)+f.luts(layerNormWidth, lanes*float64(scaled))+
		f.luts(layerNormShift, lanes*float64(scaled*f.selections(s.normShiftBits()))))}
	times := configs.ResidualBits // bits of C*x
	if odd := oddPart(s.Dim); odd > 1 {
		times += hwmodel.CeilLog2(odd + 1)
		r.DSP = s.lanes() * f.dsps(16, l+2)
		r.LUT += whole(lanes*f.softLUTs(16, l+2) + f.luts(layerNormProduct, lanes))
	}
	period := hwmodel.CeilLog2(max(s.Dim/s.VC, s.TM+NormGap) + 1)
	lane := max(1, hwmodel.CeilLog2(s.TM))
	inside := 0
	if f.registers && oddPart(s.Dim) > 1 {
		inside = times // the product's register is the DSP's
	}
	r.FF = s.lanes()*(times-inside+22+2*scaled+s.NormOut) + s.TM*(sum+squares+sum+34) + configs.ResidualBits + l + 97 +
		period + s.rowBits() + lane + s.NormOut
	travels := 13*(period+lane+1) + s.VC*3*48 // with the channels, and beta
	if !f.lut6() {
		r.FF += travels
	} else {
		r.LUTRAM = s.VC*48 + 2*period + lane // shift registers
		r.LUT += r.LUTRAM
	}
	return r
}

// oddPart is a number without its factors of two.
func oddPart(n int) int {
	for n%2 == 0 {
		n /= 2
	}
	return n
}

// sumBits is the bits of the sum of a row's channels and of that of their squares.
func (s *Shape) sumBits() (sum, squares int) {
	l := hwmodel.CeilLog2(s.Channels)
	return configs.ResidualBits + l, 2*configs.ResidualBits - 1 + l
}

// rsqrt is one pipeline for all lanes; its square is vit_square.
func (s *Shape) rsqrt(f fabric) hwmodel.Resources {
	_, squares := s.sumBits()
	bits := max(41, squares+hwmodel.CeilLog2(s.Dim+1)+1) // of C^2 times the variance
	groups := hwmodel.CeilDiv(bits, 8)
	luts := f.luts(rsqrtBase, 1) + f.luts(rsqrtBit, float64(bits))
	r := hwmodel.Resources{FF: 4*bits + 5*groups + 95}
	if bits-8*(groups-1) < 4 {
		r.FF -= 4 // pairs of the highest group that there are not
	}
	switch odd := oddPart(s.Dim); {
	case odd == 1:
		r.FF += 2*squares - 1
	case odd == 3:
		r.FF += 2 * (squares + 2)
		luts += float64(squares)
	default: // s2 in parts, each as wide as a multiplier takes
		part := min(f.dspA-1, squares)
		n, wide := hwmodel.CeilDiv(squares, part), hwmodel.CeilLog2(odd+1)
		r.DSP = n * f.dsps(part+1, wide+1)
		luts += f.softLUTs(squares, wide)
		if !f.registers { // else products and their sum are in the DSPs
			luts += float64(part + wide)
			r.FF += squares + wide + n*(part+wide)
		}
	}
	if f.lut6() {
		r.FF -= 6
		r.LUTRAM = 2
	}
	r.LUT = whole(luts)
	return r
}

// softmax is lanes of scaled difference, whose product vit_multiply has, and exponential table, with maximum, sum and
// divider for each token.
func (s *Shape) softmax(f fabric) hwmodel.Resources {
	sum, group := s.NumBits+max(1, hwmodel.CeilLog2(s.Tokens)), max(1, hwmodel.CeilLog2(s.ScoreDepth))
	levels := hwmodel.CeilLog2(s.VC)
	lanes, tokens := float64(s.lanes()), float64(s.TM)
	r := hwmodel.Resources{LUT: whole(f.luts(softmaxBase, 1) + f.luts(softmaxLane, lanes) + f.luts(softmaxScore,
		lanes*float64(s.ScoreBits)) +
		f.luts(softmaxSum, tokens*float64(sum)) + f.luts(softmaxTable, lanes*float64(s.NumBits<<s.ExpBits)/64))}
	product := s.ScoreBits + 17
	r.FF = s.lanes()*(2*product+2*s.ExpBits+7+s.NumBits) + s.TM*(2*s.ScoreBits+3*sum+34)
	r.FF += s.TM * (s.VC - 1) * (s.ScoreBits + s.NumBits + levels) // levels of the maximum and of the sum
	r.FF += product + 3*(s.NumBits+17) + 67 + group + 5*levels + hwmodel.CeilLog2(int(s.SoftmaxReady())+1)
	if f.lut6() {
		r.LUTRAM = group // the index travels in shift registers
	} else {
		r.FF += 10 * group
	}
	return r
}

// patchGather is a chunk of TM tokens' codes, the chunk that leaves, a word of it, and where they are in the image.
func (s *Shape) patchGather(f fabric) hwmodel.Resources {
	m, e := s.Net.Model, s.Design.Engine
	bits, whole4 := s.TM*s.ImageBits*(s.Chunk+s.TK), 4+2
	if s.TK <= s.Chunk {
		bits += s.TM * s.ImageBits * s.Chunk // one comes while one leaves
	} else {
		whole4 = 19
	}
	places := hwmodel.CeilLog2(e.BusBits / 8 / s.Chunk) // of a chunk in a beat
	choices := 1<<places - 1
	if f.lut6() {
		choices = hwmodel.CeilDiv(choices, 3)
	}
	address := max(1, hwmodel.CeilLog2(s.ImageBeats)) + places
	chunks := hwmodel.CeilLog2(s.PatchInner/s.Chunk + 1)
	r := hwmodel.Resources{
		LUT: whole(f.luts(gatherBase, 1) + f.luts(gatherBit, float64(bits)) + f.luts(gatherAddress, float64(address)) +
			f.luts(gatherSelect, float64(s.Chunk*s.ImageBits*choices))),
		FF: bits + 18 + whole4 + 2*chunks + 2*hwmodel.CeilLog2(s.Tokens+s.TM) +
			2*hwmodel.CeilLog2(m.Image.Width/m.Patch+1) + 3*address + 2*places +
			hwmodel.CeilLog2(max(s.TM/e.GatherTokens(), s.Chunk/s.TK)+1) +
			max(1, hwmodel.CeilLog2(hwmodel.CeilDiv(s.PatchInner, s.TK))),
	}
	if m.Patch*m.Image.Channels > s.Chunk {
		r.FF += chunks // chunks of a row
	}
	if f.lut6() {
		r.FF -= 6
		r.LUTRAM = 2
	}
	if e.GatherTokens() == 2 {
		r = r.Add(s.tokenPairs())
	}
	return r
}

// tokenPairs is what a second token adds: another selection of a chunk out of a word, and where the
// token is. The numbers are Yosys 0.23's of the module with and without, at chunks of 2 and of 16 values.
func (s *Shape) tokenPairs() hwmodel.Resources {
	places := s.Design.Engine.BusBits / 8 / s.Chunk // of a chunk in a beat
	return hwmodel.Resources{LUT: 30 + 8*s.Chunk*hwmodel.CeilLog2(places), FF: 4 + 2*hwmodel.CeilLog2(places)}
}

func (s *Shape) packer(bits, address int) hwmodel.Resources {
	r := hwmodel.Resources{LUT: 3, FF: s.TK*s.TM*bits + address + 1}
	if s.TK > s.VC {
		r.LUT = (s.TK-s.VC)*s.TM*bits + 6
	}
	return r
}
