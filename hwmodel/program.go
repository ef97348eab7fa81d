package hwmodel

import (
	"vitdse/configs/network"
)

// Opcode selects the unit that runs a step.
type Opcode int

// Opcodes, as the sequencer decodes them.
const (
	StepPatches Opcode = iota
	StepNorm
	StepMatmul
	StepStore
	StepPool
)

// What a matmul step reads and writes, as the engine decodes it.
const (
	FromX          = 0 // operand a: activation buffer X
	FromQ          = 1 // activation buffer Q
	FromNumerators = 2

	FromWeights = 0 // operand b
	FromKeys    = 1
	FromValues  = 2

	ToX        = 0
	ToQ        = 1
	ToKeys     = 2
	ToValues   = 3
	ToResidual = 4
	ToScores   = 5
	ToLogits   = 6
	ToSum      = 7 // logits of row 1, to which those that the head before has left are added

	NormToX        = 0 // codes of a LayerNorm: activation buffer X
	NormToResidual = 1 // the residual stream
	NormToPool     = 2 // what is pooled of them

	WaitDrained = 1 // start when all matmuls before have left the array
	WaitSoftmax = 2 // start when a softmax is ready
)

// Step is one descriptor of the engine's program. The scores of a head's row tile and their
// value product are steps of their own; the softmax between them follows the scores by
// itself. Numerical constants (shifts, zero points) are not part of it; the emitter adds them.
type Step struct {
	Op      int // index of the op; len(ops) for the store of the result
	Softmax int // index of the softmax that follows scores
	Head    int
	Opcode  Opcode

	Row     int  // first row tile of an attention step
	Loop    bool // go back one step, Loops-1 times
	Loops   int  // row tiles of the loop, also set on its first step
	RowStep int  // words the row offset moves on a pass
	Last    bool

	NeedImage, NeedPos, NeedNorm, NeedGELU bool
	FreePos                                bool
	NormTo                                 int

	MT, NT, KT             int // tiles of rows, columns; beats of a tile
	PeriodFull, PeriodLast int // cycles of a tile's slot
	PeriodEnd              int // of the op's last tile
	GroupsFull, GroupsLast int // groups of columns drained of a full and of the last tile column
	CountLast              int // columns in the last group of the last tile column
	Skip                   int // leading groups that are not the op's
	AFrom, BFrom, To, Wait int
	Chained                bool // operand a is still being made, row tile by row tile
	Raw, PerLane, GELU     bool
	Mask                   bool
	ABase, AStride         int
	BBase, BNStep, BKStep  int
	Base, Stride, NStep    int
	TileStep               int // from a row tile's address to the next one's
}

// Passes is how often the step runs for an image.
func (p Step) Passes() int { return max(1, p.Loops) }

// Program is the engine's schedule for one image.
func (s *Shape) Program() []Step {
	ops := s.Net.Ops
	var steps []Step
	for _, op := range ops {
		switch op.Kind {
		case network.OpScores:
			steps = append(steps, s.attention(op)...)
		case network.OpSoftmax, network.OpAttnValue: // inside attention
		case network.OpPatches:
			steps = append(steps, Step{Op: op.Index, Opcode: StepPatches, MT: s.MTiles, NeedImage: true})
		case network.OpLayerNorm, network.OpEmbedNorm:
			steps = append(steps, Step{Op: op.Index, Opcode: StepNorm, MT: s.normTiles(op),
				NeedNorm: true, FreePos: op.Role == network.RoleNorm, NormTo: s.normTo(op)})
		case network.OpPool, network.OpPoolStream:
			steps = append(steps, Step{Op: op.Index, Opcode: StepPool})
		default:
			steps = append(steps, s.linear(op))
		}
	}
	return append(steps, Step{Op: len(ops), Opcode: StepStore, Last: true})
}

// normTiles is the row tiles of a LayerNorm: from the first on, whatever row it begins with.
func (s *Shape) normTiles(op network.Op) int { return CeilDiv(op.FirstRow+op.Rows, s.TM) }

// normTo is where a LayerNorm's results go.
func (s *Shape) normTo(op network.Op) int {
	switch {
	case op.Kind == network.OpEmbedNorm:
		return NormToResidual
	case s.Net.Ops[op.Index+1].Kind == network.OpPool:
		return NormToPool
	}
	return NormToX
}

// destination is the buffer that a matmul by weights writes.
func destination(role network.Role) int {
	switch role {
	case network.RoleQuery, network.RoleFC1:
		return ToQ
	case network.RoleKey:
		return ToKeys
	case network.RoleValue:
		return ToValues
	case network.RoleEmbed, network.RoleProj, network.RoleFC2:
		return ToResidual
	case network.RoleHead:
		return ToLogits
	case network.RoleSecondHead:
		return ToSum
	}
	panic("hwmodel: the engine has no matmul of this role")
}

// chained says whether a matmul's rows are still being made when it starts: it is the first to read what a LayerNorm
// or the patch gather writes.
func chained(role network.Role) bool {
	switch role {
	case network.RoleEmbed, network.RoleQuery, network.RoleFC1, network.RoleHead:
		return true
	}
	return false
}

func (s *Shape) linear(op network.Op) Step {
	p := Step{
		Op: op.Index, Opcode: StepMatmul, AFrom: FromX, BFrom: FromWeights, BKStep: 1,
		MT: CeilDiv(op.Rows, s.TM), AStride: s.Dim / s.TK,
	}
	p.To, p.Chained = destination(op.Role), chained(op.Role)
	switch op.Role {
	case network.RoleEmbed:
		p.NeedPos, p.Mask = true, true
		p.AFrom, p.AStride = FromQ, s.patchWords()
	case network.RoleFC1:
		p.GELU, p.NeedGELU = true, true
	case network.RoleProj:
		if s.projLead() == 0 {
			p.Wait = WaitDrained
		}
	case network.RoleFC2: // it reads the hidden codes
		p.AFrom, p.AStride = FromQ, s.Hidden/s.TK
		if s.fc2Lead() == 0 {
			p.Wait = WaitDrained
		}
	}
	switch p.To {
	case ToQ:
		p.Stride, p.NStep = op.Cols/s.TK, s.TN/s.TK
	case ToKeys:
		p.Stride, p.NStep = s.Dim/s.TK, s.TN/s.TK
	case ToValues:
		p.Stride, p.NStep = s.ValueColumns, 1
	case ToResidual, ToLogits, ToSum:
		p.Stride, p.NStep = s.Dim/s.VC, s.TN/s.VC
	}
	p.TileStep = p.Stride
	if p.To == ToValues {
		p.TileStep *= s.passes(p.To)
	}
	s.tiles(&p, op.Cols, op.Inner, 0)
	s.followed(&p)
	return p
}

// patchWords is the words of a patch in Q.
func (s *Shape) patchWords() int { return CeilDiv(s.PatchInner, s.TK) }

// passes is how many cycles a group of columns takes to leave.
func (s *Shape) passes(to int) int {
	switch to {
	case ToValues:
		return max(1, s.TM/s.TK)
	case ToLogits, ToSum: // a column a pass
		return s.VC
	}
	return 1
}

// tiles fills the loop counts and slot lengths for cols output columns and inner products.
func (s *Shape) tiles(p *Step, cols, inner, skip int) {
	p.NT, p.KT, p.Skip = CeilDiv(cols, s.TN), CeilDiv(inner, s.TK), skip/s.VC
	last := cols - (p.NT-1)*s.TN + skip
	p.GroupsFull, p.GroupsLast = CeilDiv(min(cols, s.TN)+skip, s.VC), CeilDiv(last, s.VC)
	p.CountLast = last - (p.GroupsLast-1)*s.VC
	passes := s.passes(p.To)
	p.PeriodFull = max(minSlot, p.KT, p.GroupsFull*passes)
	p.PeriodLast = max(minSlot, p.KT, p.GroupsLast*passes)
	p.PeriodEnd = p.PeriodLast
}

// periodEnd is the slot of an op's last tile when a matmul of tiles of kt beats follows at
// once: the drain changes to it in the cycle after the last column.
func (s *Shape) periodEnd(p *Step, kt int) int {
	return max(p.PeriodLast, p.KT+p.GroupsLast*s.passes(p.To)-kt-1)
}

// attention is the program of the three attention ops. Over all heads and row tiles t, the
// array does the scores of t+1 and then the value product of t, so that softmax t has the
// time of two matmuls.
func (s *Shape) attention(op network.Op) []Step {
	var steps []Step
	scores := op.Index
	for h := range op.Heads {
		sc, _ := s.headSteps(scores, h)
		first := sc
		if h == 0 && s.scoresLead() == 0 {
			first.Wait = WaitDrained // for the keys
		}
		steps = append(steps, first)
		if h > 0 {
			steps = append(steps, s.lastValues(scores, h-1))
		}
		if s.MTiles > 1 {
			sc, av := s.headSteps(scores, h)
			sc.Row, sc.ABase, sc.Loops = 1, sc.ABase+sc.AStride, s.MTiles-1
			av.Loop, av.Loops, av.RowStep = true, s.MTiles-1, s.Dim/s.TK
			steps = append(steps, sc, av)
		}
	}
	return append(steps, s.lastValues(scores, op.Heads-1))
}

func (s *Shape) lastValues(scores, h int) Step {
	_, av := s.headSteps(scores, h)
	av.Row = s.MTiles - 1
	av.Base += av.Row * av.Stride
	return av
}

// headSteps is the scores (an op by its index) and the value product of a head's first row tile.
func (s *Shape) headSteps(scores, h int) (sc, av Step) {
	first := h * s.HeadDim / s.TK
	sc = Step{Op: scores, Softmax: s.Net.Next(scores, network.RoleSoftmax), Head: h, Opcode: StepMatmul, MT: 1, AFrom: FromQ, BFrom: FromKeys,
		To: ToScores, Raw: true, ABase: first, AStride: s.Dim / s.TK,
		BBase: first, BNStep: s.Dim / s.TK, BKStep: 1, NStep: s.TN / s.VC}
	av = Step{Op: s.Net.Next(scores, network.RoleContext), Head: h, Opcode: StepMatmul, MT: 1, AFrom: FromNumerators, BFrom: FromValues,
		To: ToX, PerLane: true, Wait: WaitSoftmax, BBase: h * s.HeadDim / s.TN, BNStep: 1, BKStep: s.ValueColumns,
		Base: first, Stride: s.Dim / s.TK, NStep: s.TN / s.TK}
	s.tiles(&sc, s.Tokens, s.HeadDim, 0)
	skip := 0
	if s.HeadDim < s.TN {
		skip = h * s.HeadDim % s.TN
	}
	s.tiles(&av, s.HeadDim, s.Tokens, skip)
	sc.PeriodEnd = s.periodEnd(&sc, min(sc.KT, av.KT))
	av.PeriodEnd = s.periodEnd(&av, min(sc.KT, av.KT))
	return sc, av
}
