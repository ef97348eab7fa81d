package quant

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"vitdse/configs"
	"vitdse/golden/intnet"
)

// expFrac is F: the softmax table has 2^F entries for a factor of 2.
const expFrac = 5

// expTable is T[v] = hup((2^pb-1) * 2^(-v/2^F)), long enough that its last entry is 0.
func expTable(pb int) intnet.Exp {
	e := intnet.Exp{Bits: pb, Frac: expFrac}
	for 1<<e.Index <= (pb+1)<<expFrac {
		e.Index++
	}
	top := float64(int(1)<<pb - 1)
	for v := range 1 << e.Index {
		e.Table = append(e.Table, uint16(hup(top*math.Exp2(-float64(v)/(1<<expFrac)))))
	}
	return e
}

// leastHead is the least scale of a head beside the largest of a block: a head that does nothing has no range, and its
// multipliers are to fit beside the others'.
const leastHead = 1.0 / 4096

// headScales finds the symmetric scale of q, k or v for each head.
func (q *quantizer) headScales(name string, block int, s *sample, width int) []float64 {
	scales := make([]float64, q.shape.Heads)
	hd := q.shape.HeadDim()
	for h := range scales {
		set := q.stats.ranges.get(gridKey{rangeKey{name, block, h, 0}, q.menu}, func() rangeSet {
			t := tensor{[]part{{s.columns(h*hd, (h+1)*hd), alike}}, q.stats.Images}
			return rangeSet{grids: estimatorOf(q.menu).grids(t, symmetric{q.menu.CodeRange == configs.FullRange})}
		})
		scales[h] = set.grids[width].Scale
	}
	least := max(slices.Max(scales)*leastHead, 1e-9)
	for h := range scales {
		scales[h] = max(scales[h], least)
	}
	return scales
}

// attention builds the constants between q, k, v and the value product's codes.
func (q *quantizer) attention(name string, sq, sk, sv []float64, width int, out activations) (intnet.Attention, error) {
	m := q.shape
	a := intnet.Attention{
		Name: name, QKVBits: width, OutBits: out.bits, OutZero: int32(out.Zero),
		ScoreBits: signedBits(uint64(m.HeadDim()) << (2*width - 2)),
		ValueBits: signedBits(uint64(m.WindowTokens()) * (1<<q.net.Exp.Bits - 1) << (width - 1)),
	}
	ratios := make([]float64, m.Heads)
	for h := range ratios {
		ratios[h] = sq[h] * sk[h] * math.Log2E * (1 << expFrac) / math.Sqrt(float64(m.HeadDim()))
	}
	var err error
	if a.M, a.Shift, err = multipliers(ratios); err != nil {
		return a, fmt.Errorf("%s: %w", name, err)
	}
	if a.ScoreBits > 32 || a.ValueBits > 32 {
		return a, fmt.Errorf("%s: scores need %d and the value product %d bits; at most 32 are covered",
			name, a.ScoreBits, a.ValueBits)
	}
	a.Ch, a.OutShift, err = normaliser(sv, out.Scale, q.net.Exp.Bits)
	if err != nil {
		return a, fmt.Errorf("%s: %w", name, err)
	}
	return a, nil
}

// normaliser finds Ch = hup(2^sh S_v/S_o) with the largest sh (at most maxShift) that
// keeps floor(Ch/(2^pb-1)), the largest reciprocal of a row's sum, below 2^17.
func normaliser(sv []float64, so float64, pb int) (ch []int64, sh uint, err error) {
	top := 0.0
	for _, s := range sv {
		top = max(top, s/so)
	}
	limit := float64(int64(1)<<pb-1) * (1 << 17)
	for sh < maxShift && hup(math.Ldexp(top, int(sh)+1)) < limit {
		sh++
	}
	for h, s := range sv {
		c := hup(math.Ldexp(s/so, int(sh)))
		if !(c >= 1 && c < limit) {
			return nil, 0, fmt.Errorf("head %d: value scale over output scale is %g; its normaliser does not fit %d bits",
				h, s/so, bits.Len64(uint64(limit)))
		}
		ch = append(ch, int64(c))
	}
	return ch, sh, nil
}
