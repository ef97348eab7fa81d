package kernel

import (
	"math/bits"

	"vitdse/golden/intnet"
)

// Norm is a LayerNorm: D = C*s2 - s1^2 + E, R = about 2^K/sqrt(D), n = ((C*x - s1)*R +
// 2^(K-11)) >> (K-10), y = sat((n*G + B) >> SG).
type Norm struct {
	c, e          int64
	k             uint
	sg            uint
	g             []int32 // one a channel; padded, because assembly reads whole vectors from odd channels too
	b             []int64
	halves        []int64 // b of each vector, even channels and then odd ones
	low, high     int64
	rsqrt         []uint32
	vectors       bool
	before, after int64 // for assembly, as of scaling
}

// NewNorm prepares a LayerNorm; rsqrt is the network's table.
func NewNorm(ln *intnet.LayerNorm, rsqrt []uint32) *Norm {
	n := &Norm{c: int64(ln.Channels), e: ln.E, k: ln.K, sg: ln.SG, b: ln.B, rsqrt: rsqrt,
		low: -1 << (ln.Bits - 1), high: 1<<(ln.Bits-1) - 1, g: make([]int32, Stride(ln.Channels)+1),
		halves: make([]int64, Stride(ln.Channels))}
	lanes, gain, offset := active.lanes(), 0, 0
	for i, g := range ln.G {
		n.g[i] = int32(g)
		at := i % lanes // place in the vector
		n.halves[i-at+at/2+at%2*lanes/2] = ln.B[i]
		gain, offset = max(gain, width(int64(g))), max(offset, width(ln.B[i]))
	}
	// |C*x - s1| <= sqrt(C-1)*sqrt(D) makes n less than 2^10*sqrt(C), of 17 bits for every
	// network that the contract covers.
	n.vectors = ln.Channels <= 1<<13 && max(17+gain, offset)+1 < 30+int(ln.SG) && ln.SG < 32
	n.before, n.after = arithmetic(n.round(), n.k-10)
	return n
}

// whole is how many channels of a row go to the assembly.
func (n *Norm) whole() int {
	if !n.vectors {
		return 0
	}
	return active.whole(int(n.c))
}

func (n *Norm) round() int64 { return 1 << (n.k - 10) >> 1 }

// Codes writes the codes of each row of x, 16-bit values.
func (n *Norm) Codes(dst []int8, x []int32) {
	for c := int(n.c); len(x) > 0; dst, x = dst[c:], x[c:] {
		s1, root := n.center(x[:c])
		for i := normalize(normalizeCodesAVX2, normalizeCodesAVX512, dst[:c], x, s1, root, n); i < c; i++ {
			dst[i] = int8(n.one(x[i], i, s1, root))
		}
	}
}

// Values replaces each row of x by its result, of any width.
func (n *Norm) Values(x []int32) {
	for c := int(n.c); len(x) > 0; x = x[c:] {
		s1, root := n.center(x[:c])
		for i := normalize(normalizeValuesAVX2, normalizeValuesAVX512, x[:c], x, s1, root, n); i < c; i++ {
			x[i] = int32(n.one(x[i], i, s1, root))
		}
	}
}

// normalizer is a function of the assembly.
type normalizer[T int8 | int32] func(dst *T, x *int32, gains *int32, offsets *int64, n uintptr,
	root int32, before int64, shift uint64, after int32, sg uint64, low, high int32)

// normalize does a row with the active tier's function and tells how many of its channels.
// (C*x - s1)*R is x*(C*R) - s1*R there, with C*R below 2^30.
func normalize[T int8 | int32](ymm, zmm normalizer[T], dst []T, x []int32, s1, root int64, n *Norm) int {
	whole := n.whole()
	if whole == 0 {
		return 0
	}
	f := ymm
	if active == vnni {
		f = zmm
	}
	f(&dst[0], &x[0], &n.g[0], &n.halves[0], uintptr(whole), int32(n.c*root), n.before-s1*root, uint64(n.k-10),
		int32(n.after), uint64(n.sg), int32(n.low), int32(n.high))
	return whole
}

func (n *Norm) one(x int32, channel int, s1, root int64) int64 {
	v := ((n.c*int64(x)-s1)*root + n.round()) >> (n.k - 10)
	return clamp((v*int64(n.g[channel])+n.b[channel])>>n.sg, n.low, n.high)
}

// center gives the sum of a row and the reciprocal of its spread.
func (n *Norm) center(row []int32) (s1, root int64) {
	var s2 int64
	whole := n.whole()
	switch {
	case whole == 0:
	case active == vnni:
		s1, s2 = rowSumsAVX512(&row[0], uintptr(whole))
	default:
		s1, s2 = rowSumsAVX2(&row[0], uintptr(whole))
	}
	for _, v := range row[whole:] {
		s1 += int64(v)
		s2 += int64(v) * int64(v)
	}
	return s1, rsqrt(n.c*s2-s1*s1+n.e, n.k, n.rsqrt)
}

// rsqrt is LayerNorm's reciprocal square root: about 2^k/sqrt(d), at most 2^17-1, by
// table look-up. d is positive.
func rsqrt(d int64, k uint, table []uint32) int64 {
	e := (bits.Len64(uint64(d)) - 1) / 2
	var idx int64 // in [64, 256)
	if e <= 3 {
		idx = d << (6 - 2*e)
	} else {
		idx = d >> (2*e - 6)
	}
	q := int64(table[idx-64])
	if up := int(k) - 17 - e; up >= 0 {
		q <<= up
	} else {
		q >>= -up
	}
	return min(q, 1<<17-1)
}

// width is how many bits a magnitude has.
func width(v int64) int {
	if v < 0 {
		v = -v
	}
	return bits.Len64(uint64(v))
}
