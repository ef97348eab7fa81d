// Package temporal plans what is emitted of the engine of hwmodel/temporal: its parameters, descriptors and program,
// the stream of its weights, the RTL and the HLS C++. The plan is pure (every width, name and address is computed here
// in Go); the templates only show it.
package temporal

import (
	"fmt"
	"math/big"
	"math/bits"
	"strings"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit"
	"vitdse/golden/intnet"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// Plan is everything that is emitted for a design point, before it is written.
type Plan struct {
	Shape    *temporal.Shape
	Net      *intnet.Network
	Part     configs.Part
	hash     string // of all that is emitted, 64 hex digits
	Steps    []temporal.Step
	Segments []temporal.Segment
	Fields   []Field
	Params   []Param
	program  []string // descriptors, hex
	stream   []byte   // the read stream of one image but for the image
	index    opIndex
	moves    moves // of rows
}

// NewPlan computes the plan. The network must have been quantized for the design, and the design be
// for the part.
func NewPlan(design configs.Design, net *intnet.Network, part configs.Part) (emit.Plan, error) {
	if part.Name != design.Part {
		return nil, fmt.Errorf("design %s is for part %s; got part %s", design.Name, design.Part, part.Name)
	}
	index, err := indexOps(net)
	if err != nil {
		return nil, err
	}
	shape, err := temporal.NewShape(index.net, design)
	if err != nil {
		return nil, err
	}
	p := &Plan{Shape: shape, Net: net, Part: part, Steps: shape.Program(), Segments: shape.Segments(), index: index}
	if err := p.checkWidths(); err != nil {
		return nil, err
	}
	shifts := p.shiftRanges()
	p.Fields, _ = p.descriptor()
	p.moves = newMoves(shape)
	if err := p.encodeProgram(shifts.requant.lo); err != nil {
		return nil, err
	}
	if p.stream, err = p.buildStream(); err != nil {
		return nil, err
	}
	p.Params = p.params(shifts)
	p.hash = emit.NoHash
	files, err := p.Files(0)
	if err != nil {
		return nil, err
	}
	p.hash = emit.HashOf(files)
	return p, nil
}

// Hash is the identity of the plan.
func (p *Plan) Hash() string { return p.hash }

// Network is the integer network that the design computes.
func (p *Plan) Network() *intnet.Network { return p.Net }

// Files is everything of the folder but the vectors: the rendered templates, tables and
// program, the memory image, the design point and the manifest, which emit.WriteFolder completes. full
// is the number of images with vectors of every op.
func (p *Plan) Files(full int) ([]emit.File, error) {
	files, err := p.Render(full)
	if err != nil {
		return nil, err
	}
	if p.HLSCheck() == nil { // else the folder has no hls/, and the manifest says why
		hls, err := p.HLSFiles(full)
		if err != nil {
			return nil, err
		}
		files = append(files, hls...)
	}
	files = append(files, emit.File{Path: "mem/stream.bin", Data: p.stream})
	described, err := emit.Described(p.Manifest(full), p.Net)
	return append(files, described...), err
}

// Manifest describes the plan's folder.
func (p *Plan) Manifest(full int) emit.Manifest {
	cycles := p.Shape.Timeline(hwmodel.IdealMemory, 1)[0]
	m := emit.NewManifest(p.hash, p.Shape.Design, p.Part, p.Shape.Net, cycles)
	m.Full = full
	if err := p.HLSCheck(); err != nil {
		m.NoHLS = err.Error()
	}
	return m
}

// checkWidths holds the widths proven from the codes against the engine's, which are
// bounds from the design point alone.
func (p *Plan) checkWidths() error {
	s := p.Shape
	widest, need := "", s.WideBits
	for i, op := range p.index.ops {
		if lin := p.index.linear[i]; lin != nil && wideBits(lin) > need {
			widest, need = op.Name, wideBits(lin)
		}
		if att := p.index.attention[i]; att != nil && (att.ScoreBits > s.ScoreBits || att.ValueBits > s.AccBits) {
			return fmt.Errorf("op %s needs %d-bit scores and a %d-bit value accumulator; the engine has %d and %d",
				op.Name, att.ScoreBits, att.ValueBits, s.ScoreBits, s.AccBits)
		}
	}
	if pool, pools := s.Pool(); pools && p.Net.Pool.SumBits > pool.SumBits {
		return fmt.Errorf("op %s needs a sum of %d bits; the engine's has %d", pool.Op.Name, p.Net.Pool.SumBits, pool.SumBits)
	}
	if need > s.WideBits {
		return fmt.Errorf("op %s needs a %d-bit accumulator for its biases; the engine's has %d bits: "+
			"set engine.accumulator_bits to %d", widest, need, s.WideBits, need)
	}
	if err := s.Multiplied(p.Part); err != nil {
		return err
	}
	if want := 1 << s.ExpBits; len(p.Net.Exp.Table) != want {
		return fmt.Errorf("the exponential table has %d entries; the engine's has %d", len(p.Net.Exp.Table), want)
	}
	return nil
}

// wideBits is what of a layer is requantized, signed: its accumulators with their biases, where tokens find their own
// scales times those.
func wideBits(lin *intnet.Linear) int {
	if !lin.Dynamic {
		return lin.AccBits
	}
	top := uint64(1) << (lin.AccBits - 1 + configs.FineBits - lin.ActBits)
	most := uint64(0)
	for _, b := range lin.Bias {
		most = max(most, uint64(max(b, -b)))
	}
	return 1 + bits.Len64(top-1+most)
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
			return fmt.Errorf("program step of op %s: %w", p.opName(st.Op), err)
		}
		p.program = append(p.program, fmt.Sprintf("%0*s", digits, v.Text(16)))
	}
	return nil
}

// Unpacked says whether the design asks for products that share a DSP of which not even two fit one, and the bits of
// operands a and b.
func (p *Plan) Unpacked() (a, b int, unpacked bool) {
	s := p.Shape
	return s.ABits, s.BBits, s.Design.Engine.Packing.Port() > 0 && s.Packed().Products() == 1
}

// Moves are how rows are moved in front of ops, by op; false where the network moves none.
func (p *Plan) Moves() (map[int]emit.Move, bool) {
	if !p.Shape.Windowed {
		return nil, false
	}
	moves := map[int]emit.Move{}
	for op, r := range p.Shape.Regroups() {
		moves[op] = emit.Move(r)
	}
	return moves, true
}

// opName is the name of op i, or hwmodel.StoreName for the write of the result.
func (p *Plan) opName(i int) string {
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
	of    func(temporal.Segment) int
}

// loadFields are a segment's fields, the lowest first. Of what is counted the loader needs the last number.
func (p *Plan) loadFields() []loadField {
	less := func(n int) int { return max(0, n-1) }
	fields := []loadField{
		{3, func(g temporal.Segment) int { return int(g.Kind) }},
		{16, func(g temporal.Segment) int { return less(g.Tiles) }},
		{16, func(g temporal.Segment) int { return less(g.Params) }},
		{16, func(g temporal.Segment) int { return less(g.Words) }},
		{8, func(g temporal.Segment) int { return less(g.ParamBeats) }},
		{8, func(g temporal.Segment) int { return less(g.WordBeats) }},
		{3, func(g temporal.Segment) int { return g.Format }},
	}
	if p.Shape.GroupBits > 0 {
		fields = append(fields, loadField{16, func(g temporal.Segment) int { return g.GroupWords }})
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

// memory is a $readmemh file: lines under a comment with the design's hash.
func (p *Plan) memory(name, what string, lines []string) emit.File {
	text := fmt.Sprintf("// %s\n// design %s\n%s\n", what, p.hash, strings.Join(lines, "\n"))
	return emit.File{Path: "rtl/" + name + ".mem", Data: []byte(text)}
}
