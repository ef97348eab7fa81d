package temporal

import (
	"fmt"

	"vitdse/configs"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// Param is one constant of the emitted engine: its name, its value as Verilog and C++ write it, and what it says.
type Param struct {
	Name  string
	Value string
	Unit  string // of the value: what it counts, "bits", "log2", "0 or 1", "code"
	Note  string
}

// Comment is what stands behind the constant: its unit and its meaning.
func (p Param) Comment() string { return "[" + p.Unit + "] " + p.Note }

// paramList is constants as they are added.
type paramList []Param

func (l *paramList) add(name string, v int, unit, note string) {
	*l = append(*l, Param{name, fmt.Sprint(v), unit, note})
}

// index adds the bits that number so many places, at least one.
func (l *paramList) index(name string, places int, note string) {
	l.add(name, max(1, hwmodel.CeilLog2(places)), "bits", note)
}

// text adds a constant that is a string.
func (l *paramList) text(name, v, note string) {
	*l = append(*l, Param{name, `"` + v + `"`, "text", note})
}

// code adds a constant of so many bits that stands for a choice.
func (l *paramList) code(name string, bits, v int, note string) {
	*l = append(*l, Param{name, fmt.Sprintf("%d'd%d", bits, v), "code", note})
}

// flag is a parameter's 1 or 0.
func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

// params are the constants that RTL and HLS C++ share; rtlParams those of the RTL alone.
func (p *Plan) params(sh shiftRanges) []Param {
	var l paramList
	p.arrayParams(&l)
	p.widthParams(&l)
	p.networkParams(&l)
	p.poolParams(&l)
	p.unitParams(&l, sh)
	p.streamParams(&l)
	p.bufferParams(&l)
	if p.Shape.Windowed {
		p.windowParams(&l)
	}
	for _, mem := range p.Shape.Memories() {
		if mem.StyleParam != "" {
			l.text(mem.StyleParam, mem.Style(), "ram_style of the buffer "+mem.Name)
		}
	}
	return l
}

func (p *Plan) arrayParams(l *paramList) {
	s, e := p.Shape, p.Shape.Design.Engine
	l.add("TM", s.TM, "tokens", "rows of a tile")
	l.add("TN", s.TN, "channels", "columns of a tile")
	l.add("TK", s.TK, "products", "that a PE sums in a cycle")
	l.add("VECTOR_COLUMNS", s.VC, "columns", "that leave the array in a cycle: a group")
	l.add("WORD_GROUPS", s.TK/s.VC, "groups", "of columns in a word of TK columns")
	l.add("WORD_GROUPS_LOG2", hwmodel.CeilLog2(s.TK/s.VC), "log2", "of those")
	if e.LUTColumns > 0 {
		l.add("LUT_COLUMNS", e.LUTColumns, "channels", "of a tile whose multipliers are LUTs, the last")
	} else {
		blocks := map[bool]string{true: "yes", false: "no"}[e.Multiplier == configs.MulDSP]
		l.text("USE_DSP", blocks, "products are made by DSP blocks")
	}
	packed := s.Packed()
	l.add("PACK_PRODUCTS", packed.Products(), "products", "of a DSP block")
	l.add("PACK_SHIFT", max(1, packed.Shift), "bits", "between two packed products")
	l.add("PACK_GROUP", max(1, packed.Group), "products", "packed ones that are summed before they are taken apart")
	l.add("CASCADE", flag(packed.Cascade), "0 or 1", "they are summed in the DSPs' cascade")
	l.add("EXTRA_CYCLES", s.Late(), "cycles", "that the array has for registers between DSPs")
	l.add("SUM_STEP", s.SumStep(p.Part.Family), "products",
		"that DSPs sum from register to register of a cascade; 0: LUTs add up")
}

func (p *Plan) widthParams(l *paramList) {
	s := p.Shape
	l.add("A_BITS", s.ABits, "bits", "array operand a, signed: codes or numerators")
	l.add("B_BITS", s.BBits, "bits", "array operand b, signed: weights, K or V")
	l.add("ACC_BITS", s.AccBits, "bits", "accumulator, a bound for any weights")
	if s.Dynamic {
		l.add("WIDE_BITS", s.WideBits, "bits", "accumulator times its token's power of two, and biases, a bound")
		l.add("ACTIVATION_BITS", s.ActBits, "bits", "fine codes, and others in their buffers")
		l.add("CODE_BITS", s.CodeBits, "bits", "activation codes that the array takes")
	} else {
		l.add("ACTIVATION_BITS", s.ActBits, "bits", "activation codes")
	}
	l.add("NORM_OUT_BITS", s.NormOut, "bits", "what LayerNorm makes")
	if s.NormOut != s.NormBits {
		l.add("NORM_CODE_BITS", s.NormBits, "bits", "its codes for X")
	}
	l.add("QKV_BITS", s.QKVBits, "bits", "codes of q, k and v")
	if s.GroupBits > 0 {
		l.add("STORED_BITS", s.StoredBits, "bits", "weights of the stream")
		l.add("GROUP_BITS", s.GroupBits, "bits", "those in groups")
		l.add("MULTIPLIER_BEATS", s.MultBeats(), "beats", "of the stream with a group's multipliers")
		l.add("WEIGHT_BITS", s.WBits, "bits", "weights, times the multiplier of their group")
	} else {
		l.add("WEIGHT_BITS", s.WBits, "bits", "weights")
	}
	l.add("NUMERATOR_BITS", s.NumBits, "bits", "softmax numerators, unsigned")
	l.add("EXP_INDEX_BITS", s.ExpBits, "bits", "index of the exponential table")
	l.add("SCORE_BITS", s.ScoreBits, "bits", "scores")
	l.add("REQUANTIZED_BITS", s.OutBits, "bits", "requantizer output")
	l.add("GELU_INDEX_BITS", s.GELUBits, "bits", "index of the GELU table")
	l.add("RESIDUAL_BITS", configs.ResidualBits, "bits", "residual stream")
	l.add("LOGIT_BITS", configs.LogitBits, "bits", "logits")
}

func (p *Plan) networkParams(l *paramList) {
	s, m := p.Shape, p.Net.Model
	l.add("TOKENS", s.Tokens, "tokens", "of an image")
	l.add("CHANNELS", s.Dim, "channels", "of the residual stream")
	l.index("CHANNEL_INDEX_BITS", s.Channels, "number of a channel")
	l.index("GROUP_INDEX_BITS", s.Channels/s.VC, "number of a group of VECTOR_COLUMNS channels")
	l.index("KEY_INDEX_BITS", s.Keys, "number of a key")
	l.index("SCORE_GROUP_INDEX_BITS", s.ScoreDepth, "number of a group of scores")
	l.add("SOFTMAX_REST_COLUMNS", s.Keys-(s.ScoreDepth-1)*s.VC, "columns", "of the last group of scores")
	if !s.Windowed {
		l.add("SOFTMAX_EARLY", flag(s.SoftmaxEarly()), "0 or 1", "the value product need not wait for the division")
	}
	l.add("SOFTMAX_READY_CYCLES", int(s.SoftmaxReady()), "cycles", "of a softmax after which it may start")
	l.add("ROW_TILES", s.RowTiles, "row tiles", "of an image")
	l.index("ROW_INDEX_BITS", s.RowTiles, "number of a row tile")
	l.add("PREFIX_TOKENS", m.PrefixTokens(), "tokens", "in front of the patches")
	l.add("CLASSES", m.Classes, "logits", "of an image")
	l.add("IMAGE_HEIGHT", m.Image.Height, "pixels", "height of an image")
	l.add("IMAGE_WIDTH", m.Image.Width, "pixels", "its width")
	l.add("IMAGE_CHANNELS", m.Image.Channels, "channels", "of a pixel")
	l.add("PATCH_SIZE", m.Patch, "pixels", "side of a patch")
	l.add("CHUNK_VALUES", s.Chunk, "values", "of a patch that are read in a cycle")
	l.index("PATCH_WORD_INDEX_BITS", hwmodel.CeilDiv(m.PatchInner(), s.TK), "number of a word of TK values within a patch")
	l.add("PIXEL_BITS", s.ImageBits, "bits", "pixel codes")
}

// unitParams are shifts and waits of the units beside the array.
func (p *Plan) unitParams(l *paramList, sh shiftRanges) {
	s := p.Shape
	l.add("MIN_SHIFT", int(sh.requant.lo), "bits", "least shift of a requantization, which is wired")
	l.add("SHIFT_RANGE_BITS", sh.requant.bits(), "bits", "of a shift beyond that")
	l.add("NORM_FIRST_MIN_SHIFT", int(sh.normK.lo), "bits", "least first shift of a LayerNorm")
	l.add("NORM_FIRST_SHIFT_RANGE_BITS", sh.normK.bits(), "bits", "of a shift beyond that")
	l.add("NORM_SECOND_MIN_SHIFT", int(sh.normSG.lo), "bits", "least second shift of a LayerNorm")
	l.add("NORM_SECOND_SHIFT_RANGE_BITS", sh.normSG.bits(), "bits", "of a shift beyond that")
	l.add("NORM_WAIT_CYCLES", s.NormWait(), "cycles", "that LayerNorm waits for the sums")
	l.add("NORM_SETTLE_CYCLES", temporal.NormSettle, "cycles", "from a row's sums to its reciprocal root")
	l.add("NORM_GAP_CYCLES", temporal.NormGap, "cycles", "of a row tile beyond one a lane, at least")
}

func (p *Plan) streamParams(l *paramList) {
	s, e := p.Shape, p.Shape.Design.Engine
	l.add("BUS_BITS", e.BusBits, "bits", "data of the bus")
	l.add("BURST_BEATS", temporal.BurstBeats, "beats", "longest burst")
	l.add("READ_FIFO_BEATS", e.ReadFIFO, "beats", "that are kept before the loader")
	l.add("IMAGE_BEATS", s.ImageBeats, "beats", "of an image")
	l.index("IMAGE_ADDR_BITS", s.ImageBeats, "number of a beat of the image")
	l.add("STREAM_BEATS", s.StreamBeats, "beats", "of the read stream, an image")
	ahead, head := s.Ahead()
	l.add("STREAM_HEAD_BEATS", head, "beats", "of it before the next image")
	l.add("RESULT_BEATS", s.ResultBeats, "beats", "of an image's logits")
	if s.Net.Classifiers == 2 {
		l.add("FIRST_HEAD_DEPTH", s.LogitDepth(), "words", "of VECTOR_COLUMNS logits of the first head")
		l.index("FIRST_HEAD_ADDR_BITS", s.LogitDepth(), "address of one")
	}
	l.index("RESULT_INDEX_BITS", s.ResultBeats, "number of a beat of the logits")
	l.add("STREAM_WORD_BITS", s.AsmBeats*e.BusBits, "bits", "widest word of the stream")
	l.add("SEGMENTS", len(p.Segments), "segments", "of the read stream")
	l.index("SEGMENT_INDEX_BITS", len(p.Segments), "number of a segment")
	l.add("AHEAD_SEGMENTS", ahead, "segments", "before the next image is loaded")
	_, width := p.descriptor()
	l.add("DESCRIPTOR_BITS", width, "bits", "of a descriptor")
	l.add("STEPS", len(p.Steps), "steps", "of the program")
	l.add("STEP_INDEX_BITS", max(2, hwmodel.CeilLog2(len(p.Steps))), "bits", "number of a step")
	l.add("PARAM_BITS", s.ParamBits(), "bits", "bias and multiplier of a channel")
	l.add("PARAMS_PER_WORD", s.ParamsPerWord(), "channels", "whose bias and multiplier a word has")
	l.add("WEIGHT_BANKS", e.WeightBuffers, "banks", "of weights")
	l.index("PARAM_ADDR_BITS", e.WeightBuffers*s.TN/s.VC, "address of biases and multipliers")
}

func (p *Plan) bufferParams(l *paramList) {
	s, e, m := p.Shape, p.Shape.Design.Engine, p.Net.Model
	if !s.Windowed {
		l.add("X_ROW_WORDS", s.Dim/s.TK, "words", "of a row tile of codes in X")
	}
	l.add("Q_PATCH_ROW_WORDS", hwmodel.CeilDiv(m.PatchInner(), s.TK), "words", "of a row tile of patches in Q")
	l.add("X_DEPTH", s.XDepth, "words", "of X")
	l.index("X_ADDR_BITS", s.XDepth, "address in X")
	l.add("Q_DEPTH", s.QDepth, "words", "of Q")
	l.index("Q_ADDR_BITS", s.QDepth, "address in Q")
	l.index("NUMERATOR_ADDR_BITS", s.NumDepth, "address in a half of the numerators")
	l.add("KEY_BANKS", s.KeyBanks, "banks", "of K side by side")
	l.add("KEY_SEGMENTS", s.KeySegments, "tile columns", "in a word of K")
	l.add("KEY_SEGMENT_INDEX_BITS", max(1, hwmodel.CeilLog2(s.KeySegments)), "bits", "number of one")
	l.add("KEY_DEPTH", s.KeyDepth, "words", "of a bank of K")
	l.index("KEY_ADDR_BITS", s.KeyDepth, "address in it")
	if s.ValueParts > 1 {
		l.add("VALUE_PARTS", s.ValueParts, "row tiles", "in a word of V")
	}
	l.add("VALUE_DEPTH", s.ValueDepth, "words", "of a channel's V")
	l.index("VALUE_ADDR_BITS", s.ValueDepth, "address in it")
	l.add("WEIGHT_DEPTH", s.WeightDepth, "words", "of a bank of weights")
	l.index("WEIGHT_ADDR_BITS", e.WeightBuffers*s.WeightDepth, "address in all of them")
	l.add("RESIDUAL_DEPTH", s.ResDepth, "words", "of the residual stream")
	l.index("RESIDUAL_ADDR_BITS", s.ResDepth, "address in it")
}

func (p *Plan) windowParams(l *paramList) {
	s := p.Shape
	l.add("KEYS", s.Keys, "tokens", "that attend to each other")
	l.add("MAX_CHANNELS", s.Channels, "channels", "of the widest row that a LayerNorm reads")
	l.add("MAX_WIDEN", hwmodel.CeilLog2(s.Channels/s.Dim), "log2", "of that over the first stage's")
	l.add("BIAS_WORDS", s.BiasWords(), "words", "of a head's bias of scores")
	l.index("BIAS_ADDR_BITS", temporal.BiasBanks*s.BiasWords(), "address in its banks")
	l.add("BIAS_CYCLES", temporal.BiasLatency, "cycles", "that a score takes to have it")
	l.add("MOVES", len(p.moves.table), "entries", "of the table of moved rows")
	l.index("MOVE_INDEX_BITS", len(p.moves.table), "number of an entry")
}
