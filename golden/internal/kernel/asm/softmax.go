package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rowMax is softmax's first pass.
func rowMax() {
	function("rowMax", "x *int32, n uintptr) int32", "rowMax is the largest of n values. n is a multiple of 8.")
	x := param("x")
	w := avx2.newWalk(param("n"), 8)
	top := YMM()
	VMOVDQU(Mem{Base: x}, top)
	w.each("values", func(bool) { VPMAXSD(w.at(x, 4), top, top) })
	avx2.fold(top, VPMAXSD)
	r := GP32()
	VMOVD(top.AsX(), r)
	Store(r, ReturnIndex(0))
	end()
}

// index is the place in the table of numerators: min((min(top-x, far)*m + round) >> shift, last).
type index struct {
	isa
	far, m, round, last, shift VecVirtual
	join                       func(even, odd VecVirtual)
}

func newIndex(v isa) *index {
	return &index{isa: v, far: v.spread("far"), m: v.spread64("m"), round: v.spread64("round"), last: v.spread("last"), shift: count("shift"), join: v.joiner()}
}

// of replaces top-x by the index. Nothing is negative: a logical shift will do.
func (i *index) of(v VecVirtual) {
	VPMINUD(i.far, v, v)
	odd := i.odd(v)
	VPMULUDQ(i.m, v, v)
	VPMULUDQ(i.m, odd, odd)
	VPADDQ(i.round, v, v)
	VPADDQ(i.round, odd, odd)
	VPSRLQ(i.shift, v, v)
	VPSRLQ(i.shift, odd, odd)
	i.join(v, odd)
	VPMINSD(i.last, v, v)
}

// numerators is softmax's second pass.
func numerators() {
	function("numerators", "dst *int16, x *int32, n uintptr, table *int32, top int32, far uint32, m, round int64, shift uint64, last int32) int32",
		"numerators writes n entries table[min((min(top-x, far)*m + round) >> shift, last)] and returns their sum. n is a multiple of 8.")
	dst, x, table := param("dst"), param("x"), param("table")
	w := avx2.newWalk(param("n"), 8)
	top, in := avx2.spread("top"), newIndex(avx2)
	v, high, sum, all, entry := YMM(), XMM(), avx2.zero(), YMM(), YMM()
	w.each("values", func(bool) {
		VPSUBD(w.at(x, 4), top, v)
		in.of(v)
		VPCMPEQD(all, all, all)
		VPGATHERDD(all, Mem{Base: table, Index: v, Scale: 4}, entry)
		VPADDD(entry, sum, sum)
		VEXTRACTI128(U8(1), entry, high)
		VPACKSSDW(high, entry.AsX(), entry.AsX())
		VMOVDQU(entry.AsX(), w.at(dst, 2))
	})
	avx2.fold(sum, VPADDD)
	r := GP32()
	VMOVD(sum.AsX(), r)
	Store(r, ReturnIndex(0))
	end()
}

// softmaxRows does both passes, 64 scores at a time in the second one. Indices have nine
// bits: a low byte, looked up in 256 entries, and a high one that tells whether the entry
// is one of the 64 others instead.
func softmaxRows() {
	function("softmaxRows", "dst *uint8, x *int32, table *[320]uint8, sums *int64, rows, n, dstStride, xStride uintptr, far uint32, m, round int64, shift uint64, last int32)",
		"softmaxRows writes rows of n entries table[min((min(top-x, far)*m + round) >> shift, last)], top being the row's largest value,",
		"and their sums. Strides are in bytes. last is at most 319.")
	dst, x, sums, rows := param("dst"), param("x"), param("sums"), param("rows")
	table := bytesTable(param("table"), 5)
	n := param("n")
	maxima, scores := avx512.newWalk(n, 16), avx512.newWalk(n, 64)
	in := newIndex(avx512)
	low, high := ZMM(), ZMM()
	// VPACKUSDW takes four scores of one register and four of the other in turn.
	packed := func(i int) int { return i/32*64 + i%16/4*16 + i/16%2*8 + i%4*2 }
	lowBytes := permutation("lowBytes", packed)
	highBytes := permutation("highBytes", func(i int) int { return packed(i) + 1 })

	top, sum, nothing := ZMM(), ZMM(), avx512.zero()
	var v [4]VecVirtual
	for i := range v {
		v[i] = ZMM()
	}
	others := K()
	Label("row")
	VPBROADCASTD(Mem{Base: x}, top)
	maxima.each("max", func(masked bool) {
		if masked {
			VPMAXSD(maxima.at(x, 4), top, maxima.mask, top)
		} else {
			VPMAXSD(maxima.at(x, 4), top, top)
		}
	})
	avx512.fold(top, VPMAXSD)
	VPBROADCASTD(top.AsX(), top)
	VPXORD(sum, sum, sum)
	scores.each("scores", func(masked bool) {
		for i := range v {
			at := scores.at(x, 4).Offset(64 * i)
			if masked {
				part := K()
				KSHIFTRQ(U8(uint8(16*i)), scores.mask, part)
				VMOVDQU32_Z(at, part, v[i])
				VPSUBD(v[i], top, v[i])
			} else {
				VPSUBD(at, top, v[i])
			}
			in.of(v[i])
		}
		VPACKUSDW(v[1], v[0], v[0])
		VPACKUSDW(v[3], v[2], v[2])
		VMOVDQU8(lowBytes, low)
		VMOVDQU8(highBytes, high)
		VPERMI2B(v[2], v[0], low)
		VPERMI2B(v[2], v[0], high)
		e := entries(table, low)
		VPTESTMB(high, high, others)
		VPERMB(table[4], low, others, e)
		if masked {
			VMOVDQU8_Z(e, scores.mask, e)
			VMOVDQU8(e, scores.mask, scores.at(dst, 1))
		} else {
			VMOVDQU8(e, scores.at(dst, 1))
		}
		VPSADBW(nothing, e, e)
		VPADDQ(e, sum, sum)
	})
	avx512.fold64(sum, VPADDQ)
	VMOVQ(sum.AsX(), Mem{Base: sums})
	ADDQ(U8(8), sums)
	ADDQ(address("dstStride"), dst)
	ADDQ(address("xStride"), x)
	DECQ(rows)
	JNZ(LabelRef("row"))
	end()
}
