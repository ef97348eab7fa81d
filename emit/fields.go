package emit

import (
	"fmt"
	"math/big"

	"vitdse/golden/intnet"
	"vitdse/hwmodel"
)

// Field is one field of a program descriptor. Matmul, LayerNorm and softmax fields share
// the same bits: a step is one of them.
type Field struct {
	Name   string
	Width  int
	Offset int
}

// High is the index of the field's most significant bit within the field.
func (f Field) High() int { return f.Width - 1 }

// fieldGroups lists the descriptor's fields: the common ones, then three overlays.
var fieldGroups = [4][]Field{
	{
		{"op", 12, 0}, {"opcode", 3, 0}, {"last", 1, 0},
		{"need_image", 1, 0}, {"need_pos", 1, 0}, {"need_norm", 1, 0}, {"need_gelu", 1, 0},
		{"free_image", 1, 0}, {"free_pos", 1, 0}, {"free_norm", 1, 0}, {"free_gelu", 1, 0},
		{"loop", 1, 0}, {"loops", 16, 0}, {"rowstep", 16, 0},
		{"mt", 16, 0}, {"base", 16, 0}, {"stride", 16, 0}, {"bits", 5, 0},
	},
	{
		{"nt", 16, 0}, {"kt", 16, 0}, {"period_full", 16, 0}, {"period_last", 16, 0},
		{"columns_full", 16, 0}, {"columns_last", 16, 0}, {"skip", 16, 0},
		{"b_from", 2, 0}, {"to", 3, 0}, {"a_scores", 1, 0}, {"raw", 1, 0}, {"per_lane", 1, 0},
		{"gelu", 1, 0}, {"mask", 1, 0},
		{"a_base", 16, 0}, {"a_stride", 16, 0}, {"b_base", 16, 0}, {"b_nstep", 16, 0}, {"b_kstep", 16, 0},
		{"nstep", 16, 0}, {"shift", 6, 0}, {"zero", 16, 0},
	},
	{{"eps", 40, 0}, {"ln_k", 6, 0}, {"ln_k17", 6, 0}, {"ln_sg", 6, 0}},
	{{"sm_mul", 16, 0}, {"sm_shift", 6, 0}, {"sm_ch", 28, 0}},
}

// descriptor is the layout of a descriptor: its fields with their offsets, and its width.
func descriptor() (fields []Field, width int) {
	common := 0
	for g, group := range fieldGroups {
		at := 0
		if g > 0 {
			at = common
		}
		for _, f := range group {
			f.Offset = at
			at += f.Width
			fields = append(fields, f)
		}
		if g == 0 {
			common = at
		}
		width = max(width, at)
	}
	return fields, width
}

// word is a descriptor under construction; the first value that does not fit is kept.
type word struct {
	fields map[string]Field
	bits   big.Int
	err    error
}

func (w *word) set(name string, v int64) {
	f, ok := w.fields[name]
	if !ok {
		panic("emit: no descriptor field " + name)
	}
	lo, hi := int64(0), int64(1)<<f.Width
	if name == "zero" || name == "ln_k17" { // the signed fields
		lo, hi = -(int64(1) << (f.Width - 1)), int64(1)<<(f.Width-1)
	}
	if v < lo || v >= hi {
		if w.err == nil {
			w.err = fmt.Errorf("field %s is %d, which does not fit its %d bits", name, v, f.Width)
		}
		return
	}
	x := big.NewInt(v & (int64(1)<<f.Width - 1))
	w.bits.Or(&w.bits, x.Lsh(x, uint(f.Offset)))
}

func (w *word) flag(name string, v bool) {
	if v {
		w.set(name, 1)
	}
}

// encodeStep is the descriptor of one step as an integer.
func encodeStep(fields map[string]Field, p hwmodel.Step, num stepNumbers) (*big.Int, error) {
	w := &word{fields: fields}
	w.set("op", int64(p.Op))
	w.set("opcode", int64(p.Opcode))
	w.flag("last", p.Last)
	w.flag("need_image", p.NeedImage)
	w.flag("need_pos", p.NeedPos)
	w.flag("need_norm", p.NeedNorm)
	w.flag("need_gelu", p.NeedGELU)
	w.flag("free_image", p.FreeImage)
	w.flag("free_pos", p.FreePos)
	w.flag("free_norm", p.FreeNorm)
	w.flag("free_gelu", p.FreeGELU)
	w.flag("loop", p.Loop)
	w.set("loops", int64(p.Loops))
	w.set("rowstep", int64(p.RowStep))
	w.set("mt", int64(p.MT))
	w.set("base", int64(p.Base))
	w.set("stride", int64(p.Stride))
	w.set("bits", int64(num.bits))
	switch p.Opcode {
	case hwmodel.StepMatmul:
		w.matmul(p, num)
	case hwmodel.StepNorm:
		w.set("eps", num.eps)
		w.set("ln_k", int64(num.lnK)-10)
		w.set("ln_k17", int64(num.lnK)-17)
		w.set("ln_sg", int64(num.lnSG))
	case hwmodel.StepSoftmax:
		w.set("sm_mul", int64(num.smMul))
		w.set("sm_shift", int64(num.smShift))
		w.set("sm_ch", num.smCh)
	}
	return &w.bits, w.err
}

func (w *word) matmul(p hwmodel.Step, num stepNumbers) {
	for _, v := range []struct {
		name  string
		value int
	}{
		{"nt", p.NT}, {"kt", p.KT}, {"period_full", p.PeriodFull}, {"period_last", p.PeriodLast},
		{"columns_full", p.ColumnsFull}, {"columns_last", p.ColumnsLast}, {"skip", p.Skip},
		{"b_from", p.BFrom}, {"to", p.To}, {"a_base", p.ABase}, {"a_stride", p.AStride},
		{"b_base", p.BBase}, {"b_nstep", p.BNStep}, {"b_kstep", p.BKStep}, {"nstep", p.NStep},
		{"shift", int(num.shift)}, {"zero", int(num.zero)},
	} {
		w.set(v.name, int64(v.value))
	}
	w.flag("a_scores", p.AFromNumerators)
	w.flag("raw", p.Raw)
	w.flag("per_lane", p.PerLane)
	w.flag("gelu", p.GELU)
	w.flag("mask", p.Mask)
}

// stepNumbers are the numerical constants of a step, out of the integer network.
type stepNumbers struct {
	bits    int
	shift   uint
	zero    int32
	eps     int64
	lnK     uint
	lnSG    uint
	smMul   uint16
	smShift uint
	smCh    int64
}

// opNumbers finds the constants of a step.
func opNumbers(net *intnet.Network, ops opIndex, p hwmodel.Step, rawShift uint) stepNumbers {
	if lin := ops.linear[p.Op]; lin != nil {
		return stepNumbers{bits: lin.Bits, shift: lin.Shift, zero: lin.Zero}
	}
	if ln := ops.norm[p.Op]; ln != nil {
		return stepNumbers{bits: ln.Bits, eps: ln.E, lnK: ln.K, lnSG: ln.SG}
	}
	att := ops.attention[p.Op]
	switch {
	case att == nil:
		return stepNumbers{}
	case p.Opcode == hwmodel.StepSoftmax:
		return stepNumbers{smMul: att.M[p.Head], smShift: att.Shift, smCh: att.Ch[p.Head]}
	case p.Raw:
		return stepNumbers{bits: att.ScoreBits, shift: rawShift}
	default:
		return stepNumbers{bits: att.OutBits, shift: att.OutShift, zero: att.OutZero}
	}
}
