package emit

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"text/template"
	"unicode"

	"vitdse/configs"
	"vitdse/hwmodel"
	"vitdse/templates"
)

// rtlFiles are the modules that every accelerator has, leaves first.
var rtlFiles = []string{
	"vit_ram.sv", "vit_axi_lite.sv", "vit_axi_read.sv", "vit_axi_write.sv", "vit_stream_loader.sv",
	"vit_weight_unpack.sv", "vit_sequencer.sv", "vit_op_queue.sv", "vit_array_feeder.sv", "vit_pe_array.sv",
	"vit_tile_drain.sv", "vit_multiply.sv", "vit_square.sv", "vit_requantize.sv", "vit_gelu_table.sv", "vit_column_packer.sv",
	"vit_row_sums.sv", "vit_rsqrt.sv", "vit_layernorm.sv", "vit_softmax.sv", "vit_patch_gather.sv",
	"vit_accel_core.sv", "vit_accel_top.sv",
}

// modules are those of this accelerator on a part, leaves first.
func (p *Plan) modules(family configs.Fabric) []string {
	files := rtlFiles
	if family == configs.ECP5 {
		files = append([]string{"vit_mult18.sv"}, files...)
	}
	if p.Shape.GroupBits > 0 {
		files = append([]string{"vit_group_scale.sv"}, files...)
	}
	if _, pools := p.Shape.Pool(); pools {
		files = slices.Insert(slices.Clone(files), slices.Index(files, "vit_column_packer.sv"), "vit_token_pool.sv")
	}
	if p.Shape.Windowed {
		files = slices.Insert(slices.Clone(files), slices.Index(files, "vit_accel_core.sv"), "vit_row_regroup.sv", "vit_score_bias.sv")
	}
	if p.Shape.Packed().Cascade {
		files = append([]string{"vit_dsp_cascade.sv", "vit_packed_cascades.sv"}, files...)
	}
	if p.Shape.Design.Engine.LUTColumns > 0 {
		files = slices.Insert(slices.Clone(files), slices.Index(files, "vit_pe_array.sv")+1, "vit_mixed_array.sv")
	}
	return files
}

// view is what the templates may show.
type view struct {
	Version, Hash, HashShort string
	Model, Part              string
	TM, TN, TK, VC, BusBits  int
	TKL                      int      // log2(TK)
	Causes                   []string // what a cycle of the array may be spent on
	BusSize                  string   // AxSIZE
	WeightBits               []int
	GroupBits                int  // widest weight in a group; 0 without groups
	Windowed                 bool // attention is in windows
	ValueParts               int  // row tiles in a word of V
	LoadHigh                 int  // highest bit of a segment of the loader's list
	Params                   []Param
	SequencerFields          []Field
	FeederFields             []Field
	DrainFields              []Field
	NextFields               []Field
	ABaseField, BaseField    Field
	BBaseField               Field
	Scored                   int   // from the array's head to where softmax takes a row tile's settings
	DrainStages              []int // cycles from the array's head to where the drain's settings are read
	Requantized, Out         int   // to the requantizer's output, and to the buffers
	Buffered                 int   // to the op being in its buffer
	QueueDepth, QueuePointer int   // of the op queue, and the bits of its pointers
	WidePort                 int   // bits of a multiplier block's wide port
	Files                    []string

	Classes, OpCount, ImageBytes, ResultBytes int
	StreamBytes, ColumnCount, ElementCount    int   // of one image
	LaneBits, SumBits, SquareBits             int   // of a lane's number in LayerNorm; of the sums of a row and of its squares
	MaxCycles                                 int64 // after which an op is taken to hang
	Full                                      int   // images with vectors of every op
	YosysFamily                               string
	LUTMultipliers                            bool   // the array's, whatever its DSP blocks could do
	LUTColumns                                int    // of a mixed array
	SumTree                                   bool   // synthesis does not sum products in a cascade of DSPs by itself
	TokenPairs                                bool   // the patch gather reads two tokens at a time
	SecondHead                                bool   // distilled DeiT: the program has two classifiers
	PrefixTiles                               int    // row tiles of nothing but prefix tokens, where these reach past the first
	NormToResidual, NormsDiffer               bool   // there are LayerNorms into the residual stream; or into anything but X
	CodeBits                                  string // parameter with the bits of a LayerNorm's codes for X
	Rows                                      bool   // whole rows of the residual stream are written, by LayerNorm or the pool
	poolView

	Design, Rate string // its name; images a second at the assumed clock
	Cycles       int64  // of the first image
	Burst        int    // beats
	HasHLS       bool

	handover
}

// prefixTiles is how many row tiles hold nothing but prefix tokens, where these are not all in the first.
func prefixTiles(s *hwmodel.Shape) int {
	if prefix := s.Net.Model.PrefixTokens(); prefix > s.TM {
		return prefix / s.TM
	}
	return 0
}

// scored is from the array's head to a row tile's last score being at softmax.
func (p *Plan) scored() int {
	if p.Shape.Windowed {
		return 2 + hwmodel.BiasLatency
	}
	return 2
}

// view shows the plan; full is the number of images with vectors of every op.
func (p *Plan) view(full int) view {
	part := p.Part
	s := p.Shape
	bus := s.Design.Engine.BusBits
	var longest, cycles int64 = 1, 0
	for _, c := range s.Timeline(hwmodel.IdealMemory, 1)[0] {
		longest = max(longest, c)
		cycles += c
	}
	columns, elements := p.Columns(), 0
	for _, c := range columns {
		elements += c.Lanes
	}
	v := view{
		StreamBytes: len(p.stream), ColumnCount: len(columns), ElementCount: elements,
		Version: Version, Hash: p.Hash, HashShort: p.Hash[:16],
		Model: s.Net.Model.Name, Part: s.Design.Part,
		TM: s.TM, TN: s.TN, TK: s.TK, BusBits: bus,
		BusSize:    fmt.Sprintf("3'd%d", hwmodel.CeilLog2(bus/8)),
		WeightBits: s.WeightFormats, Params: p.Params, Files: p.modules(part.Family), GroupBits: s.GroupBits, Windowed: s.Windowed, ValueParts: s.ValueParts, LoadHigh: p.loadBits() - 1,
		SequencerFields: fieldsOf(p.Fields, "s"), FeederFields: fieldsOf(p.Fields, "f"), DrainFields: fieldsOf(p.Fields, "d"), NextFields: fieldsOf(p.Fields, "n"),
		ABaseField: fieldNamed(p.Fields, "a_base"), BBaseField: fieldNamed(p.Fields, "b_base"), Scored: p.scored(), BaseField: fieldNamed(p.Fields, "base"),
		DrainStages: stages(hwmodel.DrainLatency), Requantized: hwmodel.DrainLatency - 3, Out: hwmodel.DrainLatency - 1, Buffered: hwmodel.DrainLatency,
		QueueDepth: hwmodel.QueueDepth, QueuePointer: hwmodel.CeilLog2(hwmodel.QueueDepth) + 1, WidePort: widePort(part.Family),
		VC: s.VC, TKL: hwmodel.CeilLog2(s.TK), Causes: hwmodel.Causes[:],
		Classes: s.Net.Model.Classes, OpCount: len(p.index.ops),
		ImageBytes: s.ImageBeats * bus / 8, ResultBytes: s.ResultBeats * bus / 8,
		LaneBits: max(1, hwmodel.CeilLog2(s.TM)), SumBits: configs.ResidualBits + hwmodel.CeilLog2(s.Channels),
		SquareBits: 2*configs.ResidualBits - 1 + hwmodel.CeilLog2(s.Channels),
		MaxCycles:  100*longest + 1_000_000, Full: full, YosysFamily: yosysFamily(part.Family),
		LUTMultipliers: s.Design.Engine.Multiplier == configs.MulLUT,
		LUTColumns:     s.Design.Engine.LUTColumns,
		SumTree:        part.Family != configs.XC7 || s.Design.Engine.Multiplier == configs.MulLUT,
		TokenPairs:     s.Design.Engine.GatherTokens() == 2,
		SecondHead:     s.Net.Classifiers == 2,
		NormsDiffer:    p.normsDiffer(), NormToResidual: slices.ContainsFunc(p.Steps, func(st hwmodel.Step) bool { return st.NormTo == hwmodel.NormToResidual }),
		CodeBits: map[bool]string{true: "LB", false: "XB"}[s.NormOut == s.NormBits], poolView: poolViewOf(s),
		PrefixTiles: prefixTiles(s),
		Design:      s.Design.Name, Rate: decimal(math.Round(1e7*s.Design.ClockMHz/float64(cycles)) / 10), Cycles: cycles,
		Burst: hwmodel.BurstBeats, HasHLS: p.HLSCheck() == nil,
		handover: p.handover(part),
	}
	v.Rows = v.NormToResidual || v.PoolStream
	return v
}

// File is one emitted file, its path relative to the folder.
type File struct {
	Path string
	Data []byte
}

// Render is every text file of the design, byte for byte the same for the same plan.
// full is the number of images with vectors of every op.
func (p *Plan) Render(full int) ([]File, error) {
	v := p.view(full)
	files, err := page(v)
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{"rtl", "sim", "syn", "driver"} {
		entries, err := fs.ReadDir(templates.FS, dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if !emitted(name, p.Part.Family) || dir == "rtl" && !slices.Contains(v.Files, e.Name()) {
				continue
			}
			text, err := fs.ReadFile(templates.FS, name)
			if err != nil {
				return nil, err
			}
			body, err := render(name, string(text), v)
			if err != nil {
				return nil, err
			}
			files = append(files, File{name, append([]byte(header(name, v)), body...)})
		}
	}
	var exp, rsqrt []string
	for _, e := range p.Net.Exp.Table {
		exp = append(exp, fmt.Sprintf("%02x", e))
	}
	for range 64 { // the table is addressed by the value itself, 64 .. 255
		rsqrt = append(rsqrt, "00000")
	}
	for _, r := range p.Net.Rsqrt {
		rsqrt = append(rsqrt, fmt.Sprintf("%05x", r))
	}
	files = append(files,
		File{"rtl/exp.mem", []byte(p.hexLines("Softmax numerators: exp_rom[v] ~ (2^PB - 1) * 2^(-v/32).", exp))},
		File{"rtl/rsqrt.mem", []byte(p.hexLines("Reciprocal square root: rsqrt_rom[i] ~ 2^17 / sqrt((i + 1/2) / 64).", rsqrt))},
		File{"rtl/program.mem", []byte(p.hexLines("Program of the sequencer, one descriptor a line.", p.program))},
		File{"rtl/loads.mem", []byte(p.hexLines("Segments of the read stream, one a line.", p.loads()))},
		File{"rtl/filelist.f", []byte("// design " + p.Hash + "\n" + strings.Join(v.Files, "\n") + "\n")},
	)
	if p.Shape.Windowed {
		files = append(files, File{"rtl/moves.mem", []byte(p.hexLines("Where moved rows were: whether there is one, its word, its lane.", p.moveLines()))})
	}
	return files, nil
}

// pageName is the page that describes the folder.
const pageName = "README.md"

func page(v view) ([]File, error) {
	text, err := fs.ReadFile(templates.FS, pageName)
	if err != nil {
		return nil, err
	}
	body, err := render(pageName, string(text), v)
	return []File{{pageName, append([]byte(header(pageName, v)), body...)}}, err
}

// quoting is how templates write texts that came from files of the user's. They are names by then; that
// none of them could be more does not rest on that alone.
var quoting = template.FuncMap{"tcl": tclWord, "line": oneLine, "code": codeSpan}

// tclWord escapes what Tcl reads as more than itself, inside double quotes and outside.
func tclWord(s string) string {
	var b strings.Builder
	for _, c := range oneLine(s) {
		if strings.ContainsRune("\\\"$[]{}; ", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// oneLine keeps a text in the comment that it stands in: no line's end, no comment's end, nor a backslash that
// would go on with it in the next line.
func oneLine(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == '\\' || c == '\u2028' || c == '\u2029' {
			return ' '
		}
		return c
	}, s)
	return strings.ReplaceAll(strings.ReplaceAll(s, "*/", "* /"), "/*", "/ *")
}

// codeSpan is a text in Markdown as it is: nothing in it is markup, and it ends where it should.
func codeSpan(s string) string { return "`" + strings.ReplaceAll(oneLine(s), "`", "'") + "`" }

func render(name, text string, v any) ([]byte, error) {
	t, err := template.New(name).Delims("<%", "%>").Funcs(quoting).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// header opens every emitted text file: what made it, and for which design.
func header(name string, v view) string {
	mark := "//"
	end := "\n"
	switch {
	case strings.HasSuffix(name, ".sv"):
		end = "`default_nettype none\n\n"
	case strings.HasSuffix(name, ".md"):
		return fmt.Sprintf("<!-- Code generated by vitdse %s; DO NOT EDIT. design %s -->\n", v.Version, v.Hash)
	case slices.Contains([]string{".ys", ".tcl", ".xdc", ".lpf", ".py"}, path.Ext(name)), strings.HasSuffix(name, "Makefile"):
		mark, end = "#", ""
	}
	return fmt.Sprintf("%s Code generated by vitdse %s; DO NOT EDIT.\n%s design %s\n%s", mark, v.Version, mark, v.Hash, end)
}

// stages numbers so many cycles, from 1.
func stages(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i + 1
	}
	return list
}

// widePort is the bits of the wider operand of a family's multiplier block, signed; without one that is
// known to the open tools, more than any product's.
func widePort(f configs.Fabric) int {
	switch f {
	case configs.XC7:
		return 25
	case configs.XCUP, configs.Versal:
		return 27
	case configs.ECP5:
		return 18
	}
	return 64
}

// yosysFamily is the flow that the synthesis script runs: for Versal, which Yosys 0.23 does
// not know, that of UltraScale+.
func yosysFamily(f configs.Fabric) string {
	if f == configs.Versal {
		return string(configs.XCUP)
	}
	return string(f)
}
