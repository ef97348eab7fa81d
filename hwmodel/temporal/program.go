package temporal

import (
	"vitdse/configs/network"
	"vitdse/hwmodel"
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
	StepRegroup // rows of the residual stream into another order
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

	NeedImage, NeedPos, NeedNorm, NeedGELU, NeedBias bool
	FreePos                                          bool
	NormTo                                           int

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

	// Of networks whose attention is in windows.
	WindowTiles int  // row tiles of a window, of scores, value product, keys and values
	Window      int  // words from a window's keys or values to the next one's
	WindowAt    int  // row tiles of its window in front of the first row tile of a loop
	LastTile    bool // scores of a head's last row tile
	Fresh       bool // the residual stream begins anew: nothing is added
	Channels    int  // of a LayerNorm; of a row that is moved
	Regroup     int  // which of Regroups
}

// Passes is how often the step runs for an image.
func (p Step) Passes() int { return max(1, p.Loops) }

// Program is the engine's schedule for one image.
func (s *Shape) Program() []Step {
	ops := s.Net.Ops
	var steps []Step
	r := s.newResidual()
	for _, op := range ops {
		steps = append(steps, r.moves(op)...)
		switch op.Kind {
		case network.OpScores:
			steps = append(steps, s.attention(op)...)
		case network.OpSoftmax, network.OpAttnValue: // inside attention
		case network.OpPatches:
			steps = append(steps, Step{Op: op.Index, Opcode: StepPatches, MT: s.MTiles, NeedImage: true})
		case network.OpLayerNorm, network.OpEmbedNorm:
			steps = append(steps, Step{Op: op.Index, Opcode: StepNorm, MT: s.normTiles(op), ABase: r.base(), Channels: op.Cols,
				NeedNorm: true, FreePos: op.Role == network.RoleNorm, NormTo: s.normTo(op)})
		case network.OpPool, network.OpPoolStream:
			steps = append(steps, Step{Op: op.Index, Opcode: StepPool})
		default:
			p := s.linear(op)
			if p.Fresh && op.Role == network.RoleMerge { // LayerNorm still reads the other half
				r.flip()
			}
			if p.To == ToResidual {
				p.Base = r.base()
			}
			steps = append(steps, p)
		}
	}
	return append(steps, Step{Op: len(ops), Opcode: StepStore, Last: true})
}

// normTiles is the row tiles of a LayerNorm: from the first on, whatever row it begins with.
func (s *Shape) normTiles(op network.Op) int {
	if s.Windowed {
		return s.Layout(op).RowTiles()
	}
	return hwmodel.CeilDiv(op.FirstRow+op.Rows, s.TM)
}

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
	case network.RoleEmbed, network.RoleProj, network.RoleFC2, network.RoleMerge:
		return ToResidual
	case network.RoleHead:
		return ToLogits
	case network.RoleSecondHead:
		return ToSum
	}
	panic("temporal: the engine has no matmul of this role")
}

// chained says whether a matmul's rows are still being made when it starts: it is the first to read what a LayerNorm
// or the patch gather writes.
func chained(role network.Role) bool {
	switch role {
	case network.RoleEmbed, network.RoleQuery, network.RoleFC1, network.RoleHead, network.RoleMerge:
		return true
	}
	return false
}

func (s *Shape) linear(op network.Op) Step {
	p := Step{
		Op: op.Index, Opcode: StepMatmul, AFrom: FromX, BFrom: FromWeights, BKStep: 1,
		MT: s.Layout(op).RowTiles(), AStride: hwmodel.CeilDiv(op.Inner, s.TK),
	}
	b := s.block(op.Block)
	p.To, p.Chained = destination(op.Role), chained(op.Role)
	switch op.Role {
	case network.RoleEmbed:
		p.NeedPos, p.Mask, p.Fresh = !s.Windowed, !s.Windowed, s.Windowed
		p.AFrom = FromQ
	case network.RoleMerge:
		p.Fresh = true
	case network.RoleFC1:
		p.GELU, p.NeedGELU = true, true
	case network.RoleProj:
		if s.projLead(b) == 0 {
			p.Wait = WaitDrained
		}
	case network.RoleFC2: // it reads the hidden codes
		p.AFrom = FromQ
		if s.fc2Lead(b) == 0 {
			p.Wait = WaitDrained
		}
	}
	switch p.To {
	case ToQ:
		p.Stride, p.NStep = op.Cols/s.TK, s.TN/s.TK
	case ToKeys:
		p.Stride, p.NStep = op.Cols/s.TK, s.TN/s.TK
	case ToValues:
		p.Stride, p.NStep = hwmodel.CeilDiv(op.Cols, s.TN), 1
	case ToResidual:
		p.Stride, p.NStep = op.Cols/s.VC, s.TN/s.VC
	case ToLogits, ToSum:
		p.Stride, p.NStep = op.Inner/s.VC, s.TN/s.VC
	}
	if s.Windowed && (p.To == ToKeys || p.To == ToValues) {
		p.WindowTiles = s.Layout(op).Tiles
	}
	p.TileStep = p.Stride
	if p.To == ToValues {
		p.TileStep *= s.passes(p.To)
	}
	s.tiles(&p, op.Cols, op.Inner, 0)
	s.followed(&p, b)
	return p
}

// patchWords is the words of a patch in Q.
func (s *Shape) patchWords() int { return hwmodel.CeilDiv(s.PatchInner, s.TK) }

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
	p.NT, p.KT, p.Skip = hwmodel.CeilDiv(cols, s.TN), hwmodel.CeilDiv(inner, s.TK), skip/s.VC
	last := cols - (p.NT-1)*s.TN + skip
	p.GroupsFull, p.GroupsLast = hwmodel.CeilDiv(min(cols, s.TN)+skip, s.VC), hwmodel.CeilDiv(last, s.VC)
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

// ahead is how many row tiles the scores are ahead of the value product, and so the row tiles that softmax may have at
// once. A window's few keys make for matmuls so short that two of them are over long before a softmax is.
func (s *Shape) ahead() int {
	if s.Windowed {
		return 2
	}
	return 1
}

// attention is the program of the three attention ops. Over all heads and row tiles t, the
// array does the scores of t+1 (of windows, of t+2) and then the value product of t, so that softmax t has the
// time of two matmuls (of four).
func (s *Shape) attention(op network.Op) []Step {
	var steps, waiting []Step // waiting: value products whose scores are on their way
	b := s.block(op.Block)
	for h := range op.Heads {
		for row := range b.tiles {
			sc := s.rowScores(b, h, row)
			if loops := b.tiles - s.ahead(); row == s.ahead() {
				av := s.rowValues(b, h, 0)
				sc.Loops, av.Loop, av.Loops, av.RowStep = loops, true, loops, av.Stride
				if s.Windowed {
					sc.WindowAt = row % b.windowTiles
				}
				steps = append(steps, sc, av)
				for i := range waiting {
					waiting[i] = s.rowValues(b, h, loops+i)
				}
				break
			}
			if h+row == 0 && s.scoresLead(b) == 0 {
				sc.Wait = WaitDrained // for the keys
			}
			sc.NeedBias, sc.LastTile = op.Relative && row == 0, op.Relative && row == b.tiles-1
			steps, waiting = append(steps, sc), append(waiting, s.rowValues(b, h, row))
			if len(waiting) > s.ahead() {
				steps, waiting = append(steps, waiting[0]), waiting[1:]
			}
		}
	}
	return append(steps, waiting...)
}

// rowScores is the scores of a head's row tile.
func (s *Shape) rowScores(b block, h, row int) Step {
	sc, _ := s.headSteps(b, h)
	sc.Row = row
	sc.ABase += row * sc.AStride
	if s.Windowed {
		sc.BBase += row / b.windowTiles * sc.Window
	}
	return sc
}

// rowValues is the value product of a head's row tile.
func (s *Shape) rowValues(b block, h, row int) Step {
	_, av := s.headSteps(b, h)
	av.Row = row
	av.Base += row * av.Stride
	if s.Windowed {
		av.BBase += row / b.windowTiles * av.Window
	}
	return av
}

// block is the geometry of a block's attention and MLP in the engine.
type block struct {
	scores                          int // op
	dim, heads, headDim, hidden     int
	tiles, windowTiles              int // row tiles: all, of a window
	keyWords, valueWords, valueCols int // words of a window
}

// block is that of a block by its number; outside there are none, and the first does.
func (s *Shape) block(index int) block {
	index = max(0, index)
	of := &s.Net.Blocks[index]
	b := block{scores: s.scores(index), dim: of.Dim, heads: of.Heads, headDim: of.HeadDim(), hidden: of.Hidden,
		tiles: s.MTiles, windowTiles: s.MTiles, valueCols: hwmodel.CeilDiv(of.Dim, s.TN)}
	if s.Windowed {
		l := s.layouts[index]
		b.tiles, b.windowTiles = l.RowTiles(), l.Tiles
		b.keyWords, b.valueWords = s.keyWords(l, of.Dim), s.valueWords(l, of.Dim)
	}
	return b
}

// headSteps is the scores and the value product of a head's first row tile.
func (s *Shape) headSteps(b block, h int) (sc, av Step) {
	first, words := h*b.headDim/s.TK, b.dim/s.TK
	sc = Step{Op: b.scores, Softmax: s.Net.Next(b.scores, network.RoleSoftmax), Head: h, Opcode: StepMatmul, MT: 1,
		AFrom: FromQ, BFrom: FromKeys,
		To: ToScores, Raw: true, ABase: first, AStride: words,
		BBase: first, BNStep: words, BKStep: 1, NStep: s.TN / s.VC, Window: b.keyWords}
	av = Step{Op: s.Net.Next(b.scores, network.RoleContext), Head: h, Opcode: StepMatmul, MT: 1, AFrom: FromNumerators,
		BFrom: FromValues,
		To:    ToX, PerLane: true, Wait: WaitSoftmax, BBase: h * b.headDim / s.TN, BNStep: 1, BKStep: b.valueCols,
		Base: first, Stride: words, NStep: s.TN / s.TK, Window: b.valueWords}
	if s.Windowed {
		sc.WindowTiles, av.WindowTiles = b.windowTiles, b.windowTiles
	}
	s.tiles(&sc, s.Keys, b.headDim, 0)
	skip := 0
	if b.headDim < s.TN {
		skip = h * b.headDim % s.TN
	}
	s.tiles(&av, b.headDim, s.Keys, skip)
	sc.PeriodEnd = s.periodEnd(&sc, min(sc.KT, av.KT))
	av.PeriodEnd = s.periodEnd(&av, min(sc.KT, av.KT))
	return sc, av
}
