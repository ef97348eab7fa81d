package emit

import (
	"fmt"
	"strings"

	"vitdse/hwmodel"
)

// hlsRow is one line of a table in the generated program: its values and what it is.
type hlsRow struct{ Values, Note string }

// hlsProgram is the engine's program as tables, one a unit. It says what program.mem and loads.mem
// say: it is made from the same steps and segments.
type hlsProgram struct {
	Steps, Loads, Patches, Matmuls, Norms, Softmaxes []hlsRow
	StepRuns                                         int // steps an image, loops counted
	Corners, Exp, Rsqrt                              []string
	CornerCount, RsqrtCount                          int
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
	seg, rawShift := 0, p.shiftRanges().requant.lo
	for _, st := range p.Steps {
		name := p.OpName(st.Op)
		if p.index.attention[st.Op] != nil {
			name = fmt.Sprintf("%s, head %d", name, st.Head)
		}
		loads := 0
		for ; seg < len(p.Segments) && p.Segments[seg].Op == st.Op; seg++ {
			if g := p.Segments[seg]; g.Kind != hwmodel.SegTiles {
				h.Loads = append(h.Loads, row(loadNames[g.Kind]+" of "+name, int(g.Kind), g.Words, g.WordBeats))
				loads++
			}
		}
		index := h.settings(p, st, opNumbers(p.Net, p.index, st, rawShift), name)
		h.Steps = append(h.Steps, row(name, st.Op, hlsUnits[st.Opcode], index, loads, st.Loop, st.Loops, st.RowStep))
		h.StepRuns += st.Passes()
	}
	h.tables(p)
	return h
}

var loadNames = map[hwmodel.SegmentKind]string{
	hwmodel.SegImage: "image", hwmodel.SegPos: "position embedding", hwmodel.SegNorm: "gamma and beta",
	hwmodel.SegGELU: "table",
}

var hlsUnits = map[hwmodel.Opcode]string{
	hwmodel.StepPatches: "UNIT_PATCHES", hwmodel.StepNorm: "UNIT_NORM", hwmodel.StepMatmul: "UNIT_MATMUL",
	hwmodel.StepSoftmax: "UNIT_SOFTMAX", hwmodel.StepStore: "UNIT_STORE",
}

// settings adds the step's line to its unit's table and returns its index there.
func (h *hlsProgram) settings(p *Plan, st hwmodel.Step, num stepNumbers, name string) int {
	add := func(rows *[]hlsRow, values ...any) int {
		*rows = append(*rows, row(name, values...))
		return len(*rows) - 1
	}
	switch st.Opcode {
	case hwmodel.StepPatches:
		return add(&h.Patches, st.MT, st.Base, st.Stride)
	case hwmodel.StepNorm:
		return add(&h.Norms, st.MT, st.Base, st.Stride, num.eps, num.lnK-10, int(num.lnK)-17, num.lnSG, num.bits)
	case hwmodel.StepSoftmax:
		return add(&h.Softmaxes, num.smMul, num.smShift, num.smCh)
	case hwmodel.StepMatmul:
		weightBits, beats := 0, 0
		if lin := p.index.linear[st.Op]; lin != nil {
			weightBits = lin.WeightBits
			beats = hwmodel.CeilDiv(p.Shape.TN*p.Shape.TK*weightBits, p.Shape.Design.Engine.BusBits)
		}
		return add(&h.Matmuls,
			[]string{"FROM_WEIGHTS", "FROM_KEYS", "FROM_VALUES"}[st.BFrom],
			[]string{"TO_ACT", "TO_KEYS", "TO_VALUES", "TO_RESIDUAL", "TO_SCORES", "TO_LOGITS"}[st.To],
			st.AFromNumerators, st.Raw, st.PerLane, st.GELU, st.Mask,
			st.MT, st.NT, st.KT, st.ColumnsFull, st.ColumnsLast, st.Skip,
			st.ABase, st.AStride, st.BBase, st.BNStep, st.BKStep, st.Base, st.Stride, st.NStep,
			num.shift, num.zero, num.bits, weightBits, beats)
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
