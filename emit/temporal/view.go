package temporal

import (
	"fmt"
	"math"
	"slices"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// view is what the templates may show.
type view struct {
	Version, Hash, HashShort string
	Model, Part              string
	TM, TN, TK, VC, BusBits  int
	TKL                      int      // log2(TK)
	Causes                   []string // what a cycle of the array may be spent on
	BusSize                  string   // AxSIZE
	WeightBits               []int
	GroupBits                int     // widest weight in a group; 0 without groups
	Windowed                 bool    // attention is in windows
	Dynamic                  bool    // tokens find their own scales
	ValueParts               int     // row tiles in a word of V
	LoadHigh                 int     // highest bit of a segment of the loader's list
	params                   []Param // what a module takes its constants and its fields of a descriptor from
	fields                   []Field
	ABaseField, BaseField    Field
	BBaseField               Field
	Scored                   int // cycles from the array's head to where softmax takes a row tile's settings
	Requantized, Out         int // to the requantizer's output, and to the buffers
	Buffered                 int // to the op being in its buffer
	QueueDepth, QueuePointer int // of the op queue, and the bits of its pointers
	WidePort                 int // bits of a multiplier block's wide port
	Files                    []string

	Classes, OpCount, ImageBytes, ResultBytes int
	StreamBytes, ColumnCount, ElementCount    int // of one image
	// of a lane's number in LayerNorm; of the sums of a row and of its squares
	LaneBits, SumBits, SquareBits int
	MaxCycles                     int64 // after which an op is taken to hang
	Full                          int   // images with vectors of every op
	YosysFamily                   string
	LUTMultipliers                bool // the array's, whatever its DSP blocks could do
	LUTColumns                    int  // of a mixed array
	Cascades                      bool // DSPs of the family can sum products in cascades
	TokenPairs                    bool // the patch gather reads two tokens at a time
	SecondHead                    bool // distilled DeiT: the program has two classifiers
	PrefixTiles                   int  // row tiles of nothing but prefix tokens, where these reach past the first
	NormToResidual, NormsDiffer   bool // there are LayerNorms into the residual stream; or into anything but X
	Rows                          bool // whole rows of the residual stream are written, by LayerNorm or the pool
	poolView

	Design, Rate string // its name; images a second at the assumed clock
	Cycles       int64  // of the first image
	Burst        int    // beats
	HasHLS       bool

	emit.Handover
}

// prefixTiles is how many row tiles hold nothing but prefix tokens, where these are not all in the first.
func prefixTiles(s *temporal.Shape) int {
	if prefix := s.Net.Model.PrefixTokens(); prefix > s.TM {
		return prefix / s.TM
	}
	return 0
}

// scored is from the array's head to a row tile's last score being at softmax.
func (p *Plan) scored() int {
	if p.Shape.Windowed {
		return 2 + temporal.BiasLatency
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
		Version: emit.Version, Hash: p.hash, HashShort: p.hash[:16],
		Model: s.Net.Model.Name, Part: s.Design.Part,
		TM: s.TM, TN: s.TN, TK: s.TK, BusBits: bus,
		BusSize:    fmt.Sprintf("3'd%d", hwmodel.CeilLog2(bus/8)),
		WeightBits: s.WeightFormats, params: slices.Concat(p.Params, p.rtlParams()), fields: p.Fields,
		Files: p.modules(part.Family), GroupBits: s.GroupBits, Windowed: s.Windowed, ValueParts: s.ValueParts,
		LoadHigh: p.loadBits() - 1, ABaseField: fieldNamed(p.Fields, "a_base"),
		BBaseField: fieldNamed(p.Fields, "b_base"), BaseField: fieldNamed(p.Fields, "base"), Scored: p.scored(),
		Requantized: s.DrainLatency() - 3, Out: s.DrainLatency() - 1, Buffered: s.DrainLatency(), Dynamic: s.Dynamic,
		QueueDepth: temporal.QueueDepth, QueuePointer: hwmodel.CeilLog2(temporal.QueueDepth) + 1,
		WidePort: widePort(part.Family),
		VC:       s.VC, TKL: hwmodel.CeilLog2(s.TK), Causes: hwmodel.Causes[:],
		Classes: s.Net.Model.Classes, OpCount: len(p.index.ops),
		ImageBytes: s.ImageBeats * bus / 8, ResultBytes: s.ResultBeats * bus / 8,
		LaneBits: max(1, hwmodel.CeilLog2(s.TM)), SumBits: configs.ResidualBits + hwmodel.CeilLog2(s.Channels),
		SquareBits: 2*configs.ResidualBits - 1 + hwmodel.CeilLog2(s.Channels),
		MaxCycles:  100*longest + 1_000_000, Full: full, YosysFamily: yosysFamily(part.Family),
		LUTMultipliers: s.Design.Engine.Multiplier == configs.MulLUT,
		LUTColumns:     s.Design.Engine.LUTColumns,
		Cascades:       temporal.Cascades(part.Family),
		TokenPairs:     s.Design.Engine.GatherTokens() == 2,
		SecondHead:     s.Net.Classifiers == 2,
		NormsDiffer:    p.normsDiffer(),
		NormToResidual: slices.ContainsFunc(p.Steps,
			func(st temporal.Step) bool { return st.NormTo == temporal.NormToResidual }),
		poolView:    poolViewOf(s),
		PrefixTiles: prefixTiles(s),
		Design:      s.Design.Name, Cycles: cycles,
		Rate:  emit.Decimal(math.Round(1e7*s.Design.ClockMHz/float64(cycles)) / 10),
		Burst: temporal.BurstBeats, HasHLS: p.HLSCheck() == nil,
		Handover: emit.NewHandover(s.Design, part, p.layout()),
	}
	v.Rows = v.NormToResidual || v.PoolStream
	return v
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
