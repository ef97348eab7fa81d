package temporal

import (
	"fmt"
	"math/big"

	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

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
	if f.Signed {
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
func encodeStep(fields map[string]Field, p temporal.Step, num stepNumbers) (*big.Int, error) {
	w := &word{fields: fields}
	w.set("op", int64(p.Op))
	w.set("opcode", int64(p.Opcode))
	w.flag("last", p.Last)
	w.flag("need_image", p.NeedImage)
	w.flag("need_pos", p.NeedPos)
	w.flag("need_norm", p.NeedNorm)
	w.flag("need_gelu", p.NeedGELU)
	w.flag("free_pos", p.FreePos)
	w.flag("loop", p.Loop)
	if num.windowed {
		w.flag("need_bias", p.NeedBias)
	}
	w.set("loops_1", int64(max(0, p.Loops-1)))
	w.set("rowstep", int64(p.RowStep))
	w.set("mt_1", int64(max(0, p.MT-1)))
	w.set("bits", int64(num.bits))
	switch p.Opcode {
	case temporal.StepMatmul:
		w.matmul(p, num)
	case temporal.StepRegroup:
		w.window(p, num)
	case temporal.StepNorm:
		if num.windowed {
			w.window(p, num)
		}
		w.set("eps", num.eps)
		w.set("ln_k", int64(num.lnK)-10)
		w.set("ln_k17", int64(num.lnK)-17)
		w.set("ln_sg", int64(num.lnSG))
		if p.NormTo != temporal.NormToX {
			w.set("norm_to", int64(p.NormTo))
		}
	case temporal.StepPool:
		if num.poolMul > 0 {
			w.set("pool_mul", int64(num.poolMul))
			w.set("pool_zero", int64(num.zero))
			w.set("pool_offset", num.poolOffset)
		}
	}
	return &w.bits, w.err
}

// window is what a LayerNorm or a move of rows has beside the rest where attention is in windows.
func (w *word) window(p temporal.Step, num stepNumbers) {
	w.set("widen", int64(num.widen))
	w.set("res_from", int64(p.ABase))
	w.set("res_to", int64(p.Base))
	w.set("join_1", int64(num.join-1))
	w.set("table", int64(num.table))
}

func (w *word) matmul(p temporal.Step, num stepNumbers) {
	if num.windowed {
		w.set("window_tiles_1", int64(max(0, p.WindowTiles-1)))
		w.set("window", int64(p.Window))
		w.set("window_at", int64(p.WindowAt))
		w.flag("fresh", p.Fresh)
		w.set("across_1", int64(num.across-1))
		w.set("down_1", int64(num.down-1))
	}
	for _, v := range []struct {
		name  string
		value int
	}{
		{"nt_1", p.NT - 1}, {"kt_1", p.KT - 1}, {"period_full_1", p.PeriodFull - 1}, {"period_last_1", p.PeriodLast - 1},
		{"period_end_1", p.PeriodEnd - 1}, {"wait", p.Wait}, {"a_from", p.AFrom}, {"b_from", p.BFrom},
		{"a_base", p.ABase}, {"a_stride", p.AStride}, {"b_base", p.BBase}, {"b_nstep", p.BNStep}, {"b_kstep", p.BKStep},
		{"groups_full_1", p.GroupsFull - 1}, {"groups_last_1", p.GroupsLast - 1}, {"count_last", p.CountLast},
		{"place", -p.Skip},
		{"to", p.To}, {"base", p.Base}, {"stride", p.Stride}, {"nstep", p.NStep}, {"tile_step", p.TileStep},
		{"shift", int(num.shift)}, {"zero", int(num.zero)},
		{"sm_mul", int(num.smMul)}, {"sm_shift", int(num.smShift)}, {"sm_ch", int(num.smCh)},
	} {
		w.set(v.name, int64(v.value))
	}
	if num.codeBits > 0 {
		w.set("code_bits", int64(num.codeBits))
	}
	w.flag("chained", p.Chained)
	w.flag("move_a", p.AFrom != temporal.FromNumerators)
	w.flag("per_lane", p.PerLane)
	w.flag("gelu", p.GELU)
	w.flag("mask", p.Mask)
}

// stepNumbers are the numerical constants of a step, out of the integer network.
type stepNumbers struct {
	bits int
	// of what the array takes of fine codes; 0 where it takes codes as they are
	codeBits int
	shift    uint
	zero     int32
	eps      int64
	lnK      uint
	lnSG     uint
	smMul    uint16
	smShift  uint
	smCh     int64

	poolMul      uint16 // 0 of a maximum
	poolOffset   int64
	windowed     bool
	widen        int // logarithm of a row's channels over those of the first stage
	join, table  int // of a move of rows: rows side by side, first entry of its table
	across, down int // windows of the grid
}

// numbers finds the constants of a step.
func (p *Plan) numbers(st temporal.Step, rawShift uint) stepNumbers {
	num := opNumbers(p.index, st, rawShift)
	s := p.Shape
	if num.windowed = s.Windowed; !s.Windowed || st.Op == len(p.index.ops) {
		num.across, num.down, num.join = 1, 1, 1
		return num
	}
	op := p.index.ops[st.Op]
	l := s.Layout(op)
	num.across, num.down, num.join = l.Across, l.Windows/l.Across, 1
	num.widen = hwmodel.CeilLog2(max(1, st.Channels/s.Dim))
	if st.Opcode == temporal.StepRegroup {
		num.join, num.table = op.Join, p.moves.at[st.Regroup]
	}
	return num
}

// opNumbers finds those of its arithmetic.
func opNumbers(ops opIndex, p temporal.Step, rawShift uint) stepNumbers {
	if lin := ops.linear[p.Op]; lin != nil {
		num := stepNumbers{bits: lin.Bits, shift: lin.Shift, zero: lin.Zero}
		if lin.Dynamic {
			num.codeBits = lin.ActBits
		}
		return num
	}
	if ln := ops.norm[p.Op]; ln != nil {
		return stepNumbers{bits: ln.Bits, eps: ln.E, lnK: ln.K, lnSG: ln.SG}
	}
	if pool := ops.pool[p.Op]; pool != nil {
		if pool.Max {
			return stepNumbers{bits: pool.Bits}
		}
		return stepNumbers{bits: pool.Bits, shift: pool.Shift, zero: pool.Zero, poolMul: pool.A,
			poolOffset: -int64(pool.Tokens) * int64(pool.InZero)}
	}
	att := ops.attention[p.Op]
	switch {
	case att == nil:
		return stepNumbers{}
	case p.To == temporal.ToScores: // the softmax that follows has its constants here
		return stepNumbers{bits: att.ScoreBits, shift: rawShift,
			smMul: att.M[p.Head], smShift: att.Shift, smCh: att.Ch[p.Head]}
	default:
		return stepNumbers{bits: att.OutBits, shift: att.OutShift, zero: att.OutZero}
	}
}
