package exec

import (
	"fmt"

	"vitdse/golden/internal/gemm"
	"vitdse/golden/intnet"
)

// halves are a layer's weights times their groups' multipliers, at most 127*16, as
// 128*high + low: two matrices of int8.
type halves struct{ low, high []int8 }

func expand(l *intnet.Linear) halves {
	h := halves{make([]int8, len(l.W)), make([]int8, len(l.W))}
	for i := range l.W {
		w := l.Weight(i/l.In, i%l.In)
		high := (w + 64) >> 7
		h.high[i], h.low[i] = int8(high), int8(w-high<<7)
	}
	return h
}

// multiply leaves in r.acc the accumulators of a layer for the rows in r.packed.
func (r *Runner) multiply(l *intnet.Linear, rows int) {
	if l.Group == 0 {
		gemm.Mul(&r.packed, l.W, l.Bias, r.acc)
		return
	}
	h, ok := r.grouped[l]
	if !ok {
		h = expand(l)
		r.grouped[l] = h
	}
	n := rows * l.Out
	if len(r.high) < n {
		r.high = make([]int32, len(r.acc))
	}
	gemm.Mul(&r.packed, h.low, l.Bias, r.acc)
	gemm.Mul(&r.packed, h.high, make([]int64, l.Out), r.high)
	for i, v := range r.high[:n] {
		r.acc[i] += v << 7
	}
}

// validateGroups checks the multipliers of a layer with groups.
func validateGroups(l *intnet.Linear) error {
	if l.Group == 0 && len(l.GroupM) == 0 {
		return nil
	}
	if l.Group < 1 || l.In%l.Group != 0 || len(l.GroupM) != l.Out*(l.In/l.Group) {
		return fmt.Errorf("%s: has %d multipliers for groups of %d; expected one for each of the %d x %d/%d", l.Name, len(l.GroupM), l.Group, l.Out, l.In, l.Group)
	}
	for i, m := range l.GroupM {
		if m < 1 || m > 16 {
			return fmt.Errorf("%s: multiplier %d is %d; expected 1..16", l.Name, i, m)
		}
	}
	return nil
}
