package temporal

import (
	"fmt"
	"slices"
	"strings"

	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// hlsRow is one line of a table in the generated program: its values and what it is.
type hlsRow struct{ Values, Note string }

// hlsProgram is the engine's program as tables, one a unit. It says what program.mem and loads.mem
// say: it is made from the same steps and segments.
type hlsProgram struct {
	Steps, Loads, Patches, Matmuls, Norms, Softmaxes []hlsRow
	StepRuns                                         int // steps an image, loops counted
	Pool                                             hlsRow
	Regroups                                         []hlsRow
	Moves                                            []string // of rows of the residual stream
	MoveCount                                        int
	// of the head whose steps are added: row tiles, words of keys and values
	windows                 []any
	Corners, Exp, Rsqrt     []string
	CornerCount, RsqrtCount int
}

// row is a line of a table, broken where it would leave less than 40 columns for the note.
func row(note string, values ...any) hlsRow {
	var text strings.Builder
	at := 0
	for i, v := range values {
		if b, ok := v.(bool); ok {
			v = map[bool]int{false: 0, true: 1}[b]
		}
		word := fmt.Sprint(v)
		switch {
		case i == 0:
		case at+len(word) > 60:
			text.WriteString(",\n   ")
			at = 0
		default:
			text.WriteString(", ")
		}
		text.WriteString(word)
		at += len(word) + 2
	}
	return hlsRow{text.String(), note}
}

func (p *Plan) hlsProgram() hlsProgram {
	h := hlsProgram{}
	seg := 0
	ahead, _ := p.Shape.Ahead()
	for i, st := range p.Steps {
		loads := 0
		for ; seg < len(p.Segments) && p.Segments[seg].Op == st.Op; seg++ {
			if seg == ahead {
				image := p.Segments[0]
				h.Loads = append(h.Loads, row("the next image", hlsNextImage, image.Words, image.WordBeats))
				loads++
			}
			g := p.Segments[seg]
			if g.Kind == temporal.SegBias && (!st.NeedBias || loads > 0) { // another head's
				break
			}
			if g.Kind != temporal.SegTiles {
				h.Loads = append(h.Loads, row(loadNames[g.Kind]+" of "+p.opName(st.Op), hlsLoads[g.Kind], g.Words, g.WordBeats))
				loads++
			}
		}
		switch {
		case st.To == temporal.ToScores && st.Row == 0:
			h.attention(p, p.Steps[i:], loads)
		case p.index.attention[st.Op] == nil:
			h.step(p, hlsUnits[st.Opcode], st, loads, false, 0)
		}
	}
	h.tables(p)
	return h
}

// attention adds a head's three steps, which C++ runs one after the other for every row tile:
// the engine's program, which steps starts at the head's first scores, does them side by side.
func (h *hlsProgram) attention(p *Plan, steps []temporal.Step, loads int) {
	sc, tiles := steps[0], p.Shape.Layout(p.index.ops[steps[0].Op]).RowTiles()
	i := slices.IndexFunc(steps, func(st temporal.Step) bool {
		return st.AFrom == temporal.FromNumerators && st.Head == sc.Head
	})
	av := steps[i]
	av.Base -= av.Row * av.Stride
	h.windows = []any{sc.WindowTiles, sc.Window, av.Window}
	softmax := sc
	softmax.Op = sc.Softmax
	h.step(p, "UNIT_MATMUL", sc, loads, false, tiles)
	h.step(p, "UNIT_SOFTMAX", softmax, 0, false, tiles)
	h.step(p, "UNIT_MATMUL", av, 0, true, tiles)
	h.windows = nil
}

// step adds a step and its unit's settings.
func (h *hlsProgram) step(p *Plan, unit string, st temporal.Step, loads int, loop bool, loops int) {
	name, rowStep := p.opName(st.Op), 0
	if p.index.attention[st.Op] != nil {
		name = fmt.Sprintf("%s, head %d", name, st.Head)
	}
	if loop {
		rowStep = st.Stride
	}
	index := h.settings(p, unit, st, name)
	values := []any{st.Op, unit, index, loads, loop, loops, rowStep}
	if p.Shape.Windowed {
		num := p.numbers(st, 0)
		windows := []any{0, 0, 0}
		if h.windows != nil {
			windows = h.windows
		}
		values = append(append(values, windows...), num.across, num.down)
	}
	h.Steps = append(h.Steps, row(name, values...))
	h.StepRuns += max(1, loops)
}

var loadNames = map[temporal.SegmentKind]string{
	temporal.SegImage: "image", temporal.SegPos: "position embedding", temporal.SegNorm: "gamma and beta",
	temporal.SegGELU: "table", temporal.SegBias: "bias of scores",
}

// hlsLoads names the kinds of loads in C++.
var hlsLoads = map[temporal.SegmentKind]string{
	temporal.SegImage: "LOAD_IMAGE", temporal.SegPos: "LOAD_POS", temporal.SegNorm: "LOAD_NORM",
	temporal.SegGELU: "LOAD_GELU", temporal.SegBias: "LOAD_BIAS",
}

// hlsNextImage is the kind of load that C++ has beside those of the segments.
const hlsNextImage = "LOAD_NEXT_IMAGE"

var hlsUnits = map[temporal.Opcode]string{
	temporal.StepPatches: "UNIT_PATCHES", temporal.StepNorm: "UNIT_NORM", temporal.StepMatmul: "UNIT_MATMUL",
	temporal.StepStore: "UNIT_STORE", temporal.StepPool: "UNIT_POOL", temporal.StepRegroup: "UNIT_REGROUP",
}

// settings adds the step's line to its unit's table and returns its index there.
func (h *hlsProgram) settings(p *Plan, unit string, st temporal.Step, name string) int {
	add := func(rows *[]hlsRow, values ...any) int {
		*rows = append(*rows, row(name, values...))
		return len(*rows) - 1
	}
	s := p.Shape
	num := p.numbers(st, p.shiftRanges().requant.lo)
	switch unit {
	case "UNIT_PATCHES":
		return add(&h.Patches, st.MT, hwmodel.CeilDiv(p.Net.Model.PatchInner(), s.TK))
	case "UNIT_NORM":
		values := []any{st.MT, st.Channels / s.TK, num.eps, num.lnK - 10, int(num.lnK) - 17, num.lnSG, num.bits}
		if p.normsDiffer() {
			values = append(values, st.NormTo)
		}
		if s.Windowed {
			values = append(values, st.Channels, num.widen, st.ABase*s.VC)
		}
		return add(&h.Norms, values...)
	case "UNIT_REGROUP":
		return add(&h.Regroups, st.MT, num.join, st.Channels, st.ABase*s.VC, st.Base*s.VC, num.table)
	case "UNIT_POOL":
		h.Pool = row(name, num.poolMul, num.shift, num.zero, num.poolOffset, num.bits)
	case "UNIT_SOFTMAX":
		return add(&h.Softmaxes, num.smMul, num.smShift, num.smCh)
	case "UNIT_MATMUL":
		weightBits, beats, groupWords := 0, 0, 0
		if lin := p.index.linear[st.Op]; lin != nil {
			weightBits = lin.WeightBits
			beats = hwmodel.CeilDiv(s.TN*s.TK*weightBits, s.Design.Engine.BusBits)
			groupWords = lin.Group / s.TK
		}
		words := 1 // columns of a word of the engine's buffer; here a word is one
		switch st.To {
		case temporal.ToResidual, temporal.ToScores, temporal.ToLogits, temporal.ToSum:
			words = s.VC
		}
		values := []any{
			[]string{"FROM_X", "FROM_Q", "FROM_NUMERATORS"}[st.AFrom],
			[]string{"FROM_WEIGHTS", "FROM_KEYS", "FROM_VALUES"}[st.BFrom],
			[]string{"TO_X", "TO_Q", "TO_KEYS", "TO_VALUES", "TO_RESIDUAL", "TO_SCORES", "TO_LOGITS", "TO_SUM"}[st.To],
			st.Raw, st.PerLane, st.GELU, st.Mask,
			st.MT, st.NT, st.KT, st.GroupsFull * s.VC, (st.GroupsLast-1)*s.VC + st.CountLast, st.Skip * s.VC,
			st.ABase, st.AStride, st.BBase, st.BNStep, st.BKStep, st.Base * words, st.Stride * words, st.NStep * words,
			num.shift, num.zero, num.bits, weightBits, beats,
		}
		if s.GroupBits > 0 {
			values = append(values, groupWords)
		}
		if s.Dynamic {
			values = append(values, num.codeBits)
		}
		if s.Windowed {
			values = append(values, st.Fresh, st.WindowTiles)
		}
		return add(&h.Matmuls, values...)
	}
	return 0 // the store has no settings
}

// tables are the constants that no step owns.
func (h *hlsProgram) tables(p *Plan) {
	s, m := p.Shape, p.Net.Model
	across := m.Image.Width / m.Patch
	var corners, exp, rsqrt []string
	for t := range s.MTiles * s.TM {
		corner, patch := -1, t-m.PrefixTokens()
		if patch >= 0 && t < s.Tokens {
			corner = (patch/across*m.Image.Width + patch%across) * m.Patch * m.Image.Channels
		}
		corners = append(corners, fmt.Sprint(corner))
	}
	for _, e := range p.Net.Exp.Table {
		exp = append(exp, fmt.Sprint(e))
	}
	for _, r := range p.Net.Rsqrt {
		rsqrt = append(rsqrt, fmt.Sprint(r))
	}
	var moved []string
	for _, from := range p.moves.table {
		moved = append(moved, fmt.Sprint(from))
	}
	h.MoveCount, h.Moves = len(moved), lines(moved)
	h.CornerCount, h.RsqrtCount = len(corners), len(rsqrt)
	h.Corners, h.Exp, h.Rsqrt = lines(corners), lines(exp), lines(rsqrt)
}

// lines joins values, twelve a line.
func lines(values []string) []string {
	var out []string
	for len(values) > 0 {
		n := min(12, len(values))
		out = append(out, strings.Join(values[:n], ", "))
		values = values[n:]
	}
	return out
}
