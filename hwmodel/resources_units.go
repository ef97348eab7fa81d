package hwmodel

import "vitdse/configs"

// charge enters every module and buffer of the engine.
func (s *Shape) charge(l *ledger, f fabric) {
	l.add("vit_pe_array", s.peArray(f))
	l.add("vit_accel_core", Resources{LUT: 8*s.TM*s.OutBits + 2*s.TK*s.TN*s.BBits, FF: s.TM*(s.AccBits+s.OutBits) + 300})
	l.add("vit_requantize", Resources{LUT: s.TM * 194, FF: s.TM * 64, DSP: s.TM})
	l.add("vit_layernorm", Resources{LUT: s.TM * 391, FF: s.TM * 107, DSP: 3 * s.TM})
	l.add("vit_rsqrt", Resources{LUT: 600, FF: 250, DSP: 6})
	l.add("vit_softmax", Resources{LUT: s.TM * 261, FF: s.TM * 80, DSP: s.TM})
	l.add("vit_gelu_table", f.gelu(s))
	l.add("vit_column_packer", Resources{LUT: 6, FF: s.TM * s.TK * (s.ActBits + s.NumBits)})
	l.add("vit_patch_gather", Resources{LUT: 100, FF: 128})
	l.add("vit_weight_unpack", Resources{LUT: s.TK * s.TN * s.WBits})
	l.add("vit_sequencer", Resources{LUT: 388, FF: 175})
	l.add("vit_array_feeder", Resources{LUT: 328, FF: 121})
	l.add("vit_tile_drain", Resources{LUT: 327, FF: 113})
	l.add("vit_stream_loader", Resources{LUT: 166, FF: 102 + s.AsmBeats*s.Design.Engine.BusBits})
	l.add("vit_axi_read", Resources{LUT: 523, FF: 217, LUTRAM: 88})
	l.add("vit_axi_write", Resources{LUT: 298, FF: 133, LUTRAM: 48})
	l.add("vit_axi_lite", Resources{LUT: 286, FF: 358})
	l.add("vit_accel_top", Resources{LUT: 1, FF: 1})
	for _, m := range s.Memories() {
		l.add(m.Name, f.memory(m))
	}
}

// peArray is the array of multipliers, accumulators and result registers.
func (s *Shape) peArray(f fabric) Resources {
	pes, tk := s.TM*s.TN, s.TK
	macs := pes * tk
	product := s.ABits + s.BBits
	r := Resources{LUT: (s.TM-1)*s.TN*s.AccBits + 12, FF: tk*(s.TM*s.ABits+s.TN*s.BBits) + pes*s.AccBits + 18}
	if s.Design.Engine.Multiplier == configs.MulDSP && product >= 9 {
		r.DSP = macs
	} else {
		r.LUT += macs * product * min(s.ABits, s.BBits) / 2
		r.FF += macs * product
	}
	if r.DSP == 0 || !f.adderInDSP || tk > 1 {
		r.LUT += pes * s.AccBits
		r.FF += pes * s.AccBits
	}
	if tk > 1 {
		r.LUT += pes * (tk - 1) * (product + 1)
		r.FF += pes * (product + CeilLog2(tk))
	}
	return r
}

// gelu is the table of every lane: one memory of two ports.
func (f fabric) gelu(s *Shape) Resources {
	r := f.lutram(1<<s.GELUBits, s.ActBits)
	r.FF += s.ActBits
	return r.Times(s.TM)
}
