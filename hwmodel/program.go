package hwmodel

import (
	"vitdse/configs"
)

// Opcode selects the unit that runs a step.
type Opcode int

// Opcodes, as the sequencer decodes them.
const (
	StepPatches Opcode = iota
	StepNorm
	StepMatmul
	StepSoftmax
	StepStore
)

// Operand b sources and destinations of a matmul step, as the engine decodes them.
const (
	FromWeights = 0
	FromKeys    = 1
	FromValues  = 2

	ToAct      = 0
	ToKeys     = 1
	ToValues   = 2
	ToResidual = 3
	ToScores   = 4
	ToLogits   = 5
)

// Step is one descriptor of the engine's program: an op, or for the attention ops one
// head's share of it, repeated for every row tile. Numerical constants (shifts, zero
// points) are not part of it; the emitter adds them.
type Step struct {
	Op     int // index of the op; len(ops) for the store of the result
	Head   int
	Opcode Opcode

	Loop    bool // go back two steps, Loops-1 times
	Loops   int  // row tiles of the loop, also set on its first two steps
	RowStep int  // words the row offset moves on a pass
	Last    bool

	NeedImage, NeedPos, NeedNorm, NeedGELU bool
	FreeImage, FreePos, FreeNorm, FreeGELU bool

	MT, NT, KT               int // tiles of rows, columns; beats of a tile
	PeriodFull, PeriodLast   int // cycles of a tile's slot
	ColumnsFull, ColumnsLast int // columns drained of a full and of the last tile column
	Skip                     int // leading columns that are not the op's
	BFrom, To                int
	AFromNumerators          bool
	Raw, PerLane, GELU, Mask bool
	ABase, AStride           int
	BBase, BNStep, BKStep    int
	Base, Stride, NStep      int
}

// Passes is how often the step runs for an image.
func (p Step) Passes() int { return max(1, p.Loops) }

// SegmentKind is the buffer a part of the read stream is for.
type SegmentKind int

// Segment kinds, as the stream loader decodes them.
const (
	SegImage SegmentKind = iota
	SegPos
	SegNorm
	SegGELU
	SegTiles
)

// Segment is a part of the read stream: Tiles tiles of Params parameter words and Words
// data words, of so many bus beats each. A GELU segment's words are bytes.
type Segment struct {
	Kind                  SegmentKind
	Op                    int // op that reads it
	Tiles, Params, Words  int
	ParamBeats, WordBeats int
	Format                int // index of the weights' bit-width
}

// Beats is the number of bus beats of the segment.
func (g Segment) Beats(busBits int) int {
	if g.Kind == SegGELU {
		return CeilDiv(8*g.Words, busBits)
	}
	return g.Tiles * (g.Params*g.ParamBeats + g.Words*g.WordBeats)
}

// Program is the engine's schedule for one image.
func (s *Shape) Program() []Step {
	ops, _ := s.Model.Ops() // NewShape has checked them
	var steps []Step
	for _, op := range ops {
		switch op.Kind {
		case configs.OpScores:
			steps = append(steps, s.attention(op)...)
		case configs.OpSoftmax, configs.OpAttnValue: // inside attention
		case configs.OpPatches:
			steps = append(steps, Step{Op: op.Index, Opcode: StepPatches, MT: s.MTiles, NeedImage: true,
				FreeImage: true, Base: s.actX(), Stride: CeilDiv(op.Cols, s.TK)})
		case configs.OpLayerNorm:
			last := op.Index == len(ops)-2
			steps = append(steps, Step{Op: op.Index, Opcode: StepNorm, MT: CeilDiv(op.Rows, s.TM),
				NeedNorm: true, FreeNorm: true, FreePos: last, Base: s.actX(), Stride: s.Dim / s.TK})
		default:
			steps = append(steps, s.linear(op))
		}
	}
	return append(steps, Step{Op: len(ops), Opcode: StepStore, Last: true})
}

func (s *Shape) linear(op configs.Op) Step {
	p := Step{
		Op: op.Index, Opcode: StepMatmul, BFrom: FromWeights, BKStep: 1,
		MT: CeilDiv(op.Rows, s.TM), ABase: s.actX(), AStride: s.Dim / s.TK,
	}
	switch op.Kind {
	case configs.OpPatchEmbed:
		p.To, p.NeedPos, p.Mask, p.AStride = ToResidual, true, true, CeilDiv(op.Inner, s.TK)
	case configs.OpLinear:
		switch op.Name[len(op.Name)-1] {
		case 'q':
			p.To = ToAct
		case 'k':
			p.To = ToKeys
		case 'v':
			p.To = ToValues
		}
	case configs.OpLinearGELU:
		p.To, p.GELU, p.NeedGELU, p.FreeGELU = ToAct, true, true, true
	case configs.OpLinearAdd:
		p.To = ToResidual
		if hasSuffix(op.Name, "fc2") { // it reads the hidden codes
			p.ABase, p.AStride = s.actQ(), s.Hidden/s.TK
		}
	case configs.OpHead:
		p.To = ToLogits
	}
	switch p.To {
	case ToAct:
		p.Base, p.Stride, p.NStep = s.actQ(), op.Cols/s.TK, s.TN/s.TK
	case ToKeys:
		p.Stride, p.NStep = s.Dim/s.TK, s.TN/s.TK
	case ToValues:
		p.Stride, p.NStep = s.ValueColumns, 1
	case ToResidual, ToLogits:
		p.Stride, p.NStep = s.Dim, s.TN
	}
	s.tiles(&p, op.Cols, op.Inner, 0)
	return p
}

// tiles fills the loop counts and slot lengths for cols output columns and inner products.
func (s *Shape) tiles(p *Step, cols, inner, skip int) {
	p.NT, p.KT, p.Skip = CeilDiv(cols, s.TN), CeilDiv(inner, s.TK), skip
	p.ColumnsFull = min(cols, s.TN) + skip
	p.ColumnsLast = cols - (p.NT-1)*s.TN + skip
	passes := 1
	if p.To == ToValues {
		passes = s.TM / s.TK
	}
	p.PeriodFull = max(p.KT, p.ColumnsFull*passes)
	p.PeriodLast = max(p.KT, p.ColumnsLast*passes)
}

// attention is the program of the three attention ops: for every head, for every row tile,
// scores, softmax and value product.
func (s *Shape) attention(scores configs.Op) []Step {
	var steps []Step
	for h := range scores.Heads {
		first := h * s.HeadDim / s.TK
		sc := Step{Op: scores.Index, Head: h, Opcode: StepMatmul, Loops: s.MTiles, MT: 1, BFrom: FromKeys,
			To: ToScores, Raw: true, ABase: s.actQ() + first, AStride: s.Dim / s.TK,
			BBase: first, BNStep: s.Dim / s.TK, BKStep: 1, NStep: s.TN}
		s.tiles(&sc, s.Tokens, s.HeadDim, 0)
		sm := Step{Op: scores.Index + 1, Head: h, Opcode: StepSoftmax, Loops: s.MTiles}
		av := Step{Op: scores.Index + 2, Head: h, Opcode: StepMatmul, Loop: true, Loops: s.MTiles,
			RowStep: s.Dim / s.TK, MT: 1, BFrom: FromValues, To: ToAct, AFromNumerators: true, PerLane: true,
			BBase: h * s.HeadDim / s.TN, BNStep: 1, BKStep: s.ValueColumns,
			Base: s.actX() + first, Stride: s.Dim / s.TK, NStep: s.TN / s.TK}
		s.tiles(&av, s.HeadDim, s.Tokens, h*s.HeadDim%s.TN)
		if s.HeadDim >= s.TN {
			av.Skip = 0
		}
		steps = append(steps, sc, sm, av)
	}
	return steps
}

// Segments is the read stream of one image in its order: the image, then everything the
// program reads, in the order in which it does.
func (s *Shape) Segments() []Segment {
	ops, _ := s.Model.Ops()
	bus := s.Design.Engine.BusBits
	segs := []Segment{
		{Kind: SegImage, Op: 0, Tiles: 1, Words: s.ImageBeats, WordBeats: 1},
		{Kind: SegPos, Op: 1, Tiles: 1, Words: s.MTiles * s.Dim, WordBeats: CeilDiv(s.TM*configs.ResidualBits, bus)},
	}
	for _, op := range ops {
		switch {
		case op.Kind == configs.OpLayerNorm:
			segs = append(segs, Segment{Kind: SegNorm, Op: op.Index, Tiles: 1, Words: s.Dim, WordBeats: CeilDiv(64, bus)})
		case op.Kind.HasWeights():
			if op.Kind == configs.OpLinearGELU {
				segs = append(segs, Segment{Kind: SegGELU, Op: op.Index, Tiles: 1, Words: 1 << s.GELUBits, WordBeats: 1})
			}
			l, _ := s.Design.Numerics.Layer(op.Layer)
			segs = append(segs, Segment{
				Kind: SegTiles, Op: op.Index, Tiles: CeilDiv(op.Cols, s.TN),
				Params: s.TN, ParamBeats: CeilDiv(s.ParamBits(), bus),
				Words: CeilDiv(op.Inner, s.TK), WordBeats: CeilDiv(s.TN*s.TK*l.Weights, bus),
				Format: s.format(l.Weights),
			})
		}
	}
	return segs
}
