// Package emit turns a design point and its integer network into files: SystemVerilog,
// memory images and the engine's program. The plan is pure (every width, name and address
// is computed here in Go); the templates only show it.
//
// The package reads the integer network as data and never runs it: the RTL and the golden
// model are two readings of one contract, and meet in emit/verify.
package emit

import (
	"fmt"
	"math/big"
	"strings"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/intnet"
	"vitdse/hwmodel"
)

// Version is the tool's version, written into every emitted file.
const Version = "0.1.0"

// Param is one constant of the emitted core.
type Param struct {
	Name  string
	Value string
	Note  string
}

// Plan is everything that is emitted for a design point, before it is written.
type Plan struct {
	Shape    *hwmodel.Shape
	Net      *intnet.Network
	Part     configs.Part
	Hash     string // of all that is emitted, 64 hex digits; see designHash
	Steps    []hwmodel.Step
	Segments []hwmodel.Segment
	Fields   []Field
	Params   []Param
	program  []string // descriptors, hex
	stream   []byte   // the read stream of one image but for the image
	index    opIndex
	moves    moves // of rows
}

// NewPlan computes the plan. The network must have been quantized for the design, and the design be
// for the part.
func NewPlan(design configs.Design, net *intnet.Network, part configs.Part) (*Plan, error) {
	if part.Name != design.Part {
		return nil, fmt.Errorf("design %s is for part %s; got part %s", design.Name, design.Part, part.Name)
	}
	index, err := indexOps(net)
	if err != nil {
		return nil, err
	}
	shape, err := hwmodel.NewShape(index.net, design)
	if err != nil {
		return nil, err
	}
	p := &Plan{Shape: shape, Net: net, Part: part, Steps: shape.Program(), Segments: shape.Segments(), index: index}
	if err := p.checkWidths(); err != nil {
		return nil, err
	}
	shifts := p.shiftRanges()
	var width int
	p.Fields, width = p.descriptor()
	p.moves = newMoves(shape)
	if err := p.encodeProgram(shifts.requant.lo); err != nil {
		return nil, err
	}
	if p.stream, err = p.buildStream(); err != nil {
		return nil, err
	}
	p.Params = p.params(width, shifts)
	p.Hash, err = p.designHash()
	return p, err
}

// checkWidths holds the widths proven from the codes against the engine's, which are
// bounds from the design point alone.
func (p *Plan) checkWidths() error {
	s := p.Shape
	widest, need := "", s.AccBits
	for i, op := range p.index.ops {
		if lin := p.index.linear[i]; lin != nil && lin.AccBits > need {
			widest, need = op.Name, lin.AccBits
		}
		if att := p.index.attention[i]; att != nil && (att.ScoreBits > s.ScoreBits || att.ValueBits > s.AccBits) {
			return fmt.Errorf("op %s needs %d-bit scores and a %d-bit value accumulator; the engine has %d and %d",
				op.Name, att.ScoreBits, att.ValueBits, s.ScoreBits, s.AccBits)
		}
	}
	if pool, pools := s.Pool(); pools && p.Net.Pool.SumBits > pool.SumBits {
		return fmt.Errorf("op %s needs a sum of %d bits; the engine's has %d", pool.Op.Name, p.Net.Pool.SumBits, pool.SumBits)
	}
	if need > s.AccBits {
		return fmt.Errorf("op %s needs a %d-bit accumulator for its biases; the engine's has %d bits: set engine.accumulator_bits to %d", widest, need, s.AccBits, need)
	}
	if want := 1 << s.ExpBits; len(p.Net.Exp.Table) != want {
		return fmt.Errorf("the exponential table has %d entries; the engine's has %d", len(p.Net.Exp.Table), want)
	}
	return nil
}

// span is the range of a shift amount over the ops of the design.
type span struct{ lo, hi uint }

func (r *span) add(v uint) {
	if r.hi == 0 || v < r.lo {
		r.lo = v
	}
	r.hi = max(r.hi, v)
}

// bits is the width of the part of the shift that varies, at least 1.
func (r span) bits() int { return max(1, hwmodel.CeilLog2(int(r.hi-r.lo)+1)) }

type shiftRanges struct{ requant, normK, normSG span }

func (p *Plan) shiftRanges() shiftRanges {
	var r shiftRanges
	for i := range p.index.ops {
		if lin := p.index.linear[i]; lin != nil {
			r.requant.add(lin.Shift)
		}
		if ln := p.index.norm[i]; ln != nil {
			r.normK.add(ln.K - 10)
			r.normSG.add(ln.SG)
		}
		if att := p.index.attention[i]; att != nil {
			r.requant.add(att.OutShift)
		}
	}
	return r
}

func (p *Plan) encodeProgram(rawShift uint) error {
	fields := map[string]Field{}
	_, width := p.descriptor()
	for _, f := range p.Fields {
		fields[f.Name] = f
	}
	digits := hwmodel.CeilDiv(width, 4)
	for _, st := range p.Steps {
		v, err := encodeStep(fields, st, p.numbers(st, rawShift))
		if err != nil {
			return fmt.Errorf("program step of op %s: %w", p.OpName(st.Op), err)
		}
		p.program = append(p.program, fmt.Sprintf("%0*s", digits, v.Text(16)))
	}
	return nil
}

// OpName is the name of op i, or hwmodel.StoreName for the write of the result.
func (p *Plan) OpName(i int) string {
	if i == len(p.index.ops) {
		return hwmodel.StoreName
	}
	return p.index.ops[i].Name
}

// Ops is the op list of the network.
func (p *Plan) Ops() []network.Op { return p.index.ops }

// loadField is a field of a segment in the stream loader's list.
type loadField struct {
	width int
	of    func(hwmodel.Segment) int
}

// loadFields are a segment's fields, the lowest first. Of what is counted the loader needs the last number.
func (p *Plan) loadFields() []loadField {
	less := func(n int) int { return max(0, n-1) }
	fields := []loadField{
		{3, func(g hwmodel.Segment) int { return int(g.Kind) }},
		{16, func(g hwmodel.Segment) int { return less(g.Tiles) }},
		{16, func(g hwmodel.Segment) int { return less(g.Params) }},
		{16, func(g hwmodel.Segment) int { return less(g.Words) }},
		{8, func(g hwmodel.Segment) int { return less(g.ParamBeats) }},
		{8, func(g hwmodel.Segment) int { return less(g.WordBeats) }},
		{3, func(g hwmodel.Segment) int { return g.Format }},
	}
	if p.Shape.GroupBits > 0 {
		fields = append(fields, loadField{16, func(g hwmodel.Segment) int { return g.GroupWords }})
	}
	return fields
}

// loadBits is the width of a segment in the stream loader's list.
func (p *Plan) loadBits() int {
	bits := 0
	for _, f := range p.loadFields() {
		bits += f.width
	}
	return bits
}

// loads is the stream loader's list of segments, hex.
func (p *Plan) loads() []string {
	var lines []string
	fields, digits := p.loadFields(), hwmodel.CeilDiv(p.loadBits(), 4)
	for _, g := range p.Segments {
		v := new(big.Int)
		at := uint(0)
		for _, f := range fields {
			x := big.NewInt(int64(f.of(g)))
			v.Or(v, x.Lsh(x, at))
			at += uint(f.width)
		}
		lines = append(lines, fmt.Sprintf("%0*s", digits, v.Text(16)))
	}
	return lines
}

// flag is a parameter's 1 or 0.
func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

func (p *Plan) params(descWidth int, sh shiftRanges) []Param {
	s, e, m := p.Shape, p.Shape.Design.Engine, p.Net.Model
	var out []Param
	add := func(name string, v int, note string) { out = append(out, Param{name, fmt.Sprint(v), note}) }
	str := func(name, v string) { out = append(out, Param{name, `"` + v + `"`, ""}) }
	addr := func(name string, depth int) { add(name, max(1, hwmodel.CeilLog2(depth)), "") }
	add("TM", s.TM, "tokens of a tile")
	add("TN", s.TN, "output channels of a tile")
	add("TK", s.TK, "products a PE sums in a cycle")
	add("VC", s.VC, "columns that leave in a cycle")
	add("GROUPW", s.TK/s.VC, "groups of columns in a word")
	add("GPL", hwmodel.CeilLog2(s.TK/s.VC), "")
	if e.LUTColumns > 0 {
		add("LC", e.LUTColumns, "those of a tile with LUT multipliers, the last")
	} else {
		str("USE_DSP", map[bool]string{true: "yes", false: "no"}[e.Multiplier == configs.MulDSP])
	}
	packed := s.Packed()
	add("PACK", packed.Products(), "products of a DSP")
	add("PSHIFT", max(1, packed.Shift), "bits between two packed products")
	add("PGROUP", max(1, packed.Group), "packed products that are summed")
	add("CASCADE", flag(packed.Cascade), "in the DSPs' cascade")
	add("LATE", s.Late(), "cycles more that the array takes for it")
	add("NA", s.ABits, "array operand a: codes or numerators")
	add("NB", s.BBits, "array operand b: weights, K or V")
	add("ACCW", s.AccBits, "accumulator, a bound for any weights")
	add("AB", s.ActBits, "activation codes")
	add("LB", s.NormOut, "LayerNorm codes")
	if s.NormOut != s.NormBits {
		add("XB", s.NormBits, "those for X")
	}
	add("KB", s.QKVBits, "q, k and v codes")
	if s.GroupBits > 0 {
		add("SB", s.StoredBits, "weights of the stream")
		add("GB", s.GroupBits, "those in groups")
		add("MULT_BEATS", s.MultBeats(), "of a group's multipliers in the stream")
		add("WB", s.WBits, "weights, times the multiplier of their group")
	} else {
		add("WB", s.WBits, "weights")
	}
	add("PB", s.NumBits, "softmax numerators, unsigned")
	add("VB", s.ExpBits, "index of the exponential table")
	add("SW", s.ScoreBits, "scores")
	add("YW", s.OutBits, "requantizer output")
	add("HB", s.GELUBits, "index of the GELU table")
	add("RB", configs.ResidualBits, "residual stream")
	add("LOGITB", configs.LogitBits, "logits")
	add("N", s.Tokens, "tokens")
	add("D", s.Dim, "channels of the residual stream")
	addr("DIW", s.Channels)
	addr("GIW", s.Channels/s.VC)
	addr("JW", s.Keys)
	addr("GW", s.ScoreDepth)
	add("SM_REST", s.Keys-(s.ScoreDepth-1)*s.VC, "columns of the last group of scores")
	add("SM_EARLY", flag(s.SoftmaxEarly()), "the value product need not wait for the division")
	add("SM_READY", int(s.SoftmaxReady()), "cycle of a softmax in which it may start")
	add("ROWS", s.RowTiles, "row tiles")
	addr("ROWW", s.RowTiles)
	add("PREFIX", m.PrefixTokens(), "tokens in front of the patches")
	p.poolParams(add)
	add("CLASSES", m.Classes, "")
	add("IMG_H", m.Image.Height, "")
	add("IMG_W", m.Image.Width, "")
	add("IMG_C", m.Image.Channels, "")
	add("PATCH", m.Patch, "")
	add("CHUNK", s.Chunk, "values of a patch that are read in a cycle")
	addr("PWW", hwmodel.CeilDiv(m.PatchInner(), s.TK))
	add("IB", s.ImageBits, "pixel codes")
	add("MIN_SHIFT", int(sh.requant.lo), "requantization shifts: least, bits above")
	add("VAR_SHIFT", sh.requant.bits(), "")
	add("MIN_K", int(sh.normK.lo), "LayerNorm shifts, likewise")
	add("VAR_K", sh.normK.bits(), "")
	add("MIN_SG", int(sh.normSG.lo), "")
	add("VAR_SG", sh.normSG.bits(), "")
	add("NORM_WAIT", s.NormWait(), "LayerNorm: for sums; for a root; beyond a lane")
	add("NORM_SETTLE", hwmodel.NormSettle, "")
	add("NORM_GAP", hwmodel.NormGap, "")
	add("BW", e.BusBits, "bus")
	add("BURST", hwmodel.BurstBeats, "")
	add("READ_FIFO", e.ReadFIFO, "beats")
	add("IMAGE_BEATS", s.ImageBeats, "")
	addr("IMG_AW", s.ImageBeats)
	add("STREAM_BEATS", s.StreamBeats, "")
	ahead, head := s.Ahead()
	add("STREAM_HEAD", head, "those before the next image")
	add("RESULT_BEATS", s.ResultBeats, "")
	if s.Net.Classifiers == 2 {
		add("FIRST_DEPTH", s.LogitDepth(), "words of VC logits of the first head")
		addr("FIRST_AW", s.LogitDepth())
	}
	addr("RESULT_IW", s.ResultBeats)
	add("ASMW", s.AsmBeats*e.BusBits, "widest word of the stream")
	add("SEGMENTS", len(p.Segments), "")
	addr("SEGW", len(p.Segments))
	add("AHEAD", ahead, "segment before which the next image is loaded")
	add("DESCW", descWidth, "")
	add("OPS", len(p.Steps), "")
	add("PCW", max(2, hwmodel.CeilLog2(len(p.Steps))), "")
	add("PARW", s.ParamBits(), "bias and multiplier of a channel")
	add("PARS", s.ParamsPerWord(), "channels whose a word has")
	add("WBANKS", e.WeightBuffers, "")
	addr("PAR_AW", e.WeightBuffers*s.TN/s.VC)
	if !s.Windowed {
		add("X_ROW", s.Dim/s.TK, "words of a row tile of codes in X")
	}
	add("Q_PATCH_ROW", hwmodel.CeilDiv(m.PatchInner(), s.TK), "of patches in Q")
	add("X_DEPTH", s.XDepth, "buffers, in words")
	addr("X_AW", s.XDepth)
	add("Q_DEPTH", s.QDepth, "")
	addr("Q_AW", s.QDepth)
	addr("NUM_AW", s.NumDepth)
	add("KBANKS", s.KeyBanks, "")
	add("KSEG", s.KeySegments, "")
	add("KSEGW", max(1, hwmodel.CeilLog2(s.KeySegments)), "")
	add("KEY_DEPTH", s.KeyDepth, "")
	addr("KEY_AW", s.KeyDepth)
	if s.ValueParts > 1 {
		add("VPARTS", s.ValueParts, "row tiles in a word of V")
	}
	add("VALUE_DEPTH", s.ValueDepth, "")
	addr("VALUE_AW", s.ValueDepth)
	add("WDEPTH", s.WeightDepth, "")
	addr("W_AW", e.WeightBuffers*s.WeightDepth)
	add("RES_DEPTH", s.ResDepth, "")
	addr("RES_AW", s.ResDepth)
	if s.Windowed {
		add("KEYS", s.Keys, "tokens that attend to each other")
		add("CMAX", s.Channels, "channels of the widest row that a LayerNorm reads")
		add("WIDEST", hwmodel.CeilLog2(s.Channels/s.Dim), "logarithm of that over the first stage's")
		add("BIAS_WORDS", s.BiasWords(), "of a head's bias")
		addr("BIAS_AW", hwmodel.BiasBanks*s.BiasWords())
		add("BIASED", hwmodel.BiasLatency, "cycles that a score takes to have it")
		add("MOVES", len(p.moves.table), "entries of the table of moved rows")
		addr("MOVES_AW", len(p.moves.table))
	}
	for _, mem := range s.Memories() {
		if mem.StyleParam != "" {
			str(mem.StyleParam, mem.Style())
		}
	}
	return out
}

// hexLines joins lines for a $readmemh file under a comment with the design's hash.
func (p *Plan) hexLines(what string, lines []string) string {
	return fmt.Sprintf("// %s\n// design %s\n%s\n", what, p.Hash, strings.Join(lines, "\n"))
}
