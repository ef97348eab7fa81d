package emit

import (
	"fmt"

	"vitdse/configs"
	"vitdse/hwmodel"
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
	l.add("VC", s.VC, "columns", "that leave the array in a cycle: a group")
	l.add("GROUPW", s.TK/s.VC, "groups", "of columns in a word of TK columns")
	l.add("GPL", hwmodel.CeilLog2(s.TK/s.VC), "log2", "of those")
	if e.LUTColumns > 0 {
		l.add("LC", e.LUTColumns, "channels", "of a tile whose multipliers are LUTs, the last")
	} else {
		blocks := map[bool]string{true: "yes", false: "no"}[e.Multiplier == configs.MulDSP]
		l.text("USE_DSP", blocks, "products are made by DSP blocks")
	}
	packed := s.Packed()
	l.add("PACK", packed.Products(), "products", "of a DSP block")
	l.add("PSHIFT", max(1, packed.Shift), "bits", "between two packed products")
	l.add("PGROUP", max(1, packed.Group), "products", "packed ones that are summed before they are taken apart")
	l.add("CASCADE", flag(packed.Cascade), "0 or 1", "they are summed in the DSPs' cascade")
	l.add("LATE", s.Late(), "cycles", "that the array has for registers between DSPs")
	l.add("SUM_STEP", s.SumStep(p.Part.Family), "products", "that DSPs sum from register to register of a cascade; 0: LUTs add up")
}

func (p *Plan) widthParams(l *paramList) {
	s := p.Shape
	l.add("NA", s.ABits, "bits", "array operand a, signed: codes or numerators")
	l.add("NB", s.BBits, "bits", "array operand b, signed: weights, K or V")
	l.add("ACCW", s.AccBits, "bits", "accumulator, a bound for any weights")
	l.add("AB", s.ActBits, "bits", "activation codes")
	l.add("LB", s.NormOut, "bits", "what LayerNorm makes")
	if s.NormOut != s.NormBits {
		l.add("XB", s.NormBits, "bits", "its codes for X")
	}
	l.add("KB", s.QKVBits, "bits", "codes of q, k and v")
	if s.GroupBits > 0 {
		l.add("SB", s.StoredBits, "bits", "weights of the stream")
		l.add("GB", s.GroupBits, "bits", "those in groups")
		l.add("MULT_BEATS", s.MultBeats(), "beats", "of the stream with a group's multipliers")
		l.add("WB", s.WBits, "bits", "weights, times the multiplier of their group")
	} else {
		l.add("WB", s.WBits, "bits", "weights")
	}
	l.add("PB", s.NumBits, "bits", "softmax numerators, unsigned")
	l.add("VB", s.ExpBits, "bits", "index of the exponential table")
	l.add("SW", s.ScoreBits, "bits", "scores")
	l.add("YW", s.OutBits, "bits", "requantizer output")
	l.add("HB", s.GELUBits, "bits", "index of the GELU table")
	l.add("RB", configs.ResidualBits, "bits", "residual stream")
	l.add("LOGITB", configs.LogitBits, "bits", "logits")
}

func (p *Plan) networkParams(l *paramList) {
	s, m := p.Shape, p.Net.Model
	l.add("N", s.Tokens, "tokens", "of an image")
	l.add("D", s.Dim, "channels", "of the residual stream")
	l.index("DIW", s.Channels, "number of a channel")
	l.index("GIW", s.Channels/s.VC, "number of a group of VC channels")
	l.index("JW", s.Keys, "number of a key")
	l.index("GW", s.ScoreDepth, "number of a group of scores")
	l.add("SM_REST", s.Keys-(s.ScoreDepth-1)*s.VC, "columns", "of the last group of scores")
	l.add("SM_EARLY", flag(s.SoftmaxEarly()), "0 or 1", "the value product need not wait for the division")
	l.add("SM_READY", int(s.SoftmaxReady()), "cycles", "of a softmax after which it may start")
	l.add("ROWS", s.RowTiles, "row tiles", "of an image")
	l.index("ROWW", s.RowTiles, "number of a row tile")
	l.add("PREFIX", m.PrefixTokens(), "tokens", "in front of the patches")
	l.add("CLASSES", m.Classes, "logits", "of an image")
	l.add("IMG_H", m.Image.Height, "pixels", "height of an image")
	l.add("IMG_W", m.Image.Width, "pixels", "its width")
	l.add("IMG_C", m.Image.Channels, "channels", "of a pixel")
	l.add("PATCH", m.Patch, "pixels", "side of a patch")
	l.add("CHUNK", s.Chunk, "values", "of a patch that are read in a cycle")
	l.index("PWW", hwmodel.CeilDiv(m.PatchInner(), s.TK), "number of a word of TK values within a patch")
	l.add("IB", s.ImageBits, "bits", "pixel codes")
}

// unitParams are shifts and waits of the units beside the array.
func (p *Plan) unitParams(l *paramList, sh shiftRanges) {
	s := p.Shape
	l.add("MIN_SHIFT", int(sh.requant.lo), "bits", "least shift of a requantization, which is wired")
	l.add("VAR_SHIFT", sh.requant.bits(), "bits", "of a shift beyond that")
	l.add("MIN_K", int(sh.normK.lo), "bits", "least first shift of a LayerNorm")
	l.add("VAR_K", sh.normK.bits(), "bits", "of a shift beyond that")
	l.add("MIN_SG", int(sh.normSG.lo), "bits", "least second shift of a LayerNorm")
	l.add("VAR_SG", sh.normSG.bits(), "bits", "of a shift beyond that")
	l.add("NORM_WAIT", s.NormWait(), "cycles", "that LayerNorm waits for the sums")
	l.add("NORM_SETTLE", hwmodel.NormSettle, "cycles", "from a row's sums to its reciprocal root")
	l.add("NORM_GAP", hwmodel.NormGap, "cycles", "of a row tile beyond one a lane, at least")
}

func (p *Plan) streamParams(l *paramList) {
	s, e := p.Shape, p.Shape.Design.Engine
	l.add("BW", e.BusBits, "bits", "data of the bus")
	l.add("BURST", hwmodel.BurstBeats, "beats", "longest burst")
	l.add("READ_FIFO", e.ReadFIFO, "beats", "that are kept before the loader")
	l.add("IMAGE_BEATS", s.ImageBeats, "beats", "of an image")
	l.index("IMG_AW", s.ImageBeats, "number of a beat of the image")
	l.add("STREAM_BEATS", s.StreamBeats, "beats", "of the read stream, an image")
	ahead, head := s.Ahead()
	l.add("STREAM_HEAD", head, "beats", "of it before the next image")
	l.add("RESULT_BEATS", s.ResultBeats, "beats", "of an image's logits")
	if s.Net.Classifiers == 2 {
		l.add("FIRST_DEPTH", s.LogitDepth(), "words", "of VC logits of the first head")
		l.index("FIRST_AW", s.LogitDepth(), "address of one")
	}
	l.index("RESULT_IW", s.ResultBeats, "number of a beat of the logits")
	l.add("ASMW", s.AsmBeats*e.BusBits, "bits", "widest word of the stream")
	l.add("SEGMENTS", len(p.Segments), "segments", "of the read stream")
	l.index("SEGW", len(p.Segments), "number of a segment")
	l.add("AHEAD", ahead, "segments", "before the next image is loaded")
	_, width := p.descriptor()
	l.add("DESCW", width, "bits", "of a descriptor")
	l.add("OPS", len(p.Steps), "steps", "of the program")
	l.add("PCW", max(2, hwmodel.CeilLog2(len(p.Steps))), "bits", "number of a step")
	l.add("PARW", s.ParamBits(), "bits", "bias and multiplier of a channel")
	l.add("PARS", s.ParamsPerWord(), "channels", "whose bias and multiplier a word has")
	l.add("WBANKS", e.WeightBuffers, "banks", "of weights")
	l.index("PAR_AW", e.WeightBuffers*s.TN/s.VC, "address of biases and multipliers")
}

func (p *Plan) bufferParams(l *paramList) {
	s, e, m := p.Shape, p.Shape.Design.Engine, p.Net.Model
	if !s.Windowed {
		l.add("X_ROW", s.Dim/s.TK, "words", "of a row tile of codes in X")
	}
	l.add("Q_PATCH_ROW", hwmodel.CeilDiv(m.PatchInner(), s.TK), "words", "of a row tile of patches in Q")
	l.add("X_DEPTH", s.XDepth, "words", "of X")
	l.index("X_AW", s.XDepth, "address in X")
	l.add("Q_DEPTH", s.QDepth, "words", "of Q")
	l.index("Q_AW", s.QDepth, "address in Q")
	l.index("NUM_AW", s.NumDepth, "address in a half of the numerators")
	l.add("KBANKS", s.KeyBanks, "banks", "of K side by side")
	l.add("KSEG", s.KeySegments, "tile columns", "in a word of K")
	l.add("KSEGW", max(1, hwmodel.CeilLog2(s.KeySegments)), "bits", "number of one")
	l.add("KEY_DEPTH", s.KeyDepth, "words", "of a bank of K")
	l.index("KEY_AW", s.KeyDepth, "address in it")
	if s.ValueParts > 1 {
		l.add("VPARTS", s.ValueParts, "row tiles", "in a word of V")
	}
	l.add("VALUE_DEPTH", s.ValueDepth, "words", "of a channel's V")
	l.index("VALUE_AW", s.ValueDepth, "address in it")
	l.add("WDEPTH", s.WeightDepth, "words", "of a bank of weights")
	l.index("W_AW", e.WeightBuffers*s.WeightDepth, "address in all of them")
	l.add("RES_DEPTH", s.ResDepth, "words", "of the residual stream")
	l.index("RES_AW", s.ResDepth, "address in it")
}

func (p *Plan) windowParams(l *paramList) {
	s := p.Shape
	l.add("KEYS", s.Keys, "tokens", "that attend to each other")
	l.add("CMAX", s.Channels, "channels", "of the widest row that a LayerNorm reads")
	l.add("WIDEST", hwmodel.CeilLog2(s.Channels/s.Dim), "log2", "of that over the first stage's")
	l.add("BIAS_WORDS", s.BiasWords(), "words", "of a head's bias of scores")
	l.index("BIAS_AW", hwmodel.BiasBanks*s.BiasWords(), "address in its banks")
	l.add("BIASED", hwmodel.BiasLatency, "cycles", "that a score takes to have it")
	l.add("MOVES", len(p.moves.table), "entries", "of the table of moved rows")
	l.index("MOVES_AW", len(p.moves.table), "number of an entry")
}
