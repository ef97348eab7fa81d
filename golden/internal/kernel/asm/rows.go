package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rowSums gathers what LayerNorm needs of a row.
func rowSums() {
	TEXT("rowSums", NOSPLIT, "func(x *int32, blocks uintptr) (s1, s2 int64)")
	Pragma("noescape")
	Doc("rowSums adds blocks of 8 values of 16 bits, and their squares. The sum fits 32 bits.")
	x, blocks := Load(Param("x"), GP64()), Load(Param("blocks"), GP64())
	sum, squares, v, even := YMM(), YMM(), YMM(), YMM()
	VPXOR(sum, sum, sum)
	VPXOR(squares, squares, squares)
	Label("loop")
	VMOVDQU(Mem{Base: x}, v)
	VPADDD(v, sum, sum)
	VPMULDQ(v, v, even)
	VPADDQ(even, squares, squares)
	VPSRLQ(U8(32), v, v)
	VPMULDQ(v, v, v)
	VPADDQ(v, squares, squares)
	ADDQ(U8(32), x)
	DECQ(blocks)
	JNZ(LabelRef("loop"))

	fold(sum, VPADDD)
	VPMOVSXDQ(sum.AsX(), sum.AsX())
	s1 := GP64()
	VMOVQ(sum.AsX(), s1)
	Store(s1, Return("s1"))

	high := XMM()
	VEXTRACTI128(U8(1), squares, high)
	VPADDQ(high, squares.AsX(), squares.AsX())
	VPSHUFD(U8(0x4E), squares.AsX(), high)
	VPADDQ(high, squares.AsX(), squares.AsX())
	s2 := GP64()
	VMOVQ(squares.AsX(), s2)
	Store(s2, Return("s2"))
	VZEROUPPER()
	RET()
}

// normalize is LayerNorm behind the reciprocal square root.
func normalize() {
	TEXT("normalize", NOSPLIT, "func(dst *int8, x *int32, gains *int32, offsets *int64, blocks uintptr, channels, s1 int32, root, round int64, shift uint64, zero int32, sg uint64, low, high int32)")
	Pragma("noescape")
	Doc("normalize writes blocks of 8 codes: n = ((channels*x - s1)*root + round) >> shift + zero, then (n*gains + offsets) >> sg, clamped.",
		"offsets are stored as the four even and the four odd offsets of each block. sg is below 32.")
	dst, x := Load(Param("dst"), GP64()), Load(Param("x"), GP64())
	g, b, blocks := Load(Param("gains"), GP64()), Load(Param("offsets"), GP64()), Load(Param("blocks"), GP64())
	channels, s1, root, round := spread("channels"), spread("s1"), spread64("root"), spread64("round")
	zero, low, high := spread("zero"), spread("low"), spread("high")
	shift, sg := count("shift"), count("sg")
	v, odd, gain := YMM(), YMM(), YMM()
	Label("loop")
	VPMULLD(Mem{Base: x}, channels, v)
	VPSUBD(s1, v, v)
	VPSRLQ(U8(32), v, odd)
	VPMULDQ(root, v, v)
	VPMULDQ(root, odd, odd)
	VPADDQ(round, v, v)
	VPADDQ(round, odd, odd)
	joinShifted(v, odd, shift)
	VPADDD(zero, v, v)
	VMOVDQU(Mem{Base: g}, gain)
	VPSRLQ(U8(32), v, odd)
	VPMULDQ(gain, v, v)
	VPSRLQ(U8(32), gain, gain)
	VPMULDQ(gain, odd, odd)
	VPADDQ(Mem{Base: b}, v, v)
	VPADDQ(Mem{Base: b, Disp: 32}, odd, odd)
	joinShifted(v, odd, sg)
	storeCodes(v, low, high, dst)
	ADDQ(U8(32), x)
	ADDQ(U8(32), g)
	ADDQ(U8(64), b)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// rowMax is softmax's first pass.
func rowMax() {
	TEXT("rowMax", NOSPLIT, "func(x *int32, blocks uintptr) int32")
	Pragma("noescape")
	Doc("rowMax is the largest of blocks of 8 values.")
	x, blocks := Load(Param("x"), GP64()), Load(Param("blocks"), GP64())
	top := YMM()
	VMOVDQU(Mem{Base: x}, top)
	Label("loop")
	VPMAXSD(Mem{Base: x}, top, top)
	ADDQ(U8(32), x)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	fold(top, VPMAXSD)
	r := GP32()
	VMOVD(top.AsX(), r)
	Store(r, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// numerators is softmax's second pass.
func numerators() {
	TEXT("numerators", NOSPLIT, "func(dst *int16, x *int32, blocks uintptr, table *int32, top int32, far uint32, m, round int64, shift uint64, last int32) int32")
	Pragma("noescape")
	Doc("numerators writes blocks of 8 entries table[min((min(top-x, far)*m + round) >> shift, last)] and returns their sum.")
	dst, x, blocks := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("blocks"), GP64())
	table := Load(Param("table"), GP64())
	top, far, m, round := spread("top"), spread("far"), spread64("m"), spread64("round")
	last, shift := spread("last"), count("shift")
	v, odd, high, sum, all, entry := YMM(), YMM(), XMM(), YMM(), YMM(), YMM()
	VPXOR(sum, sum, sum)
	Label("loop")
	VPSUBD(Mem{Base: x}, top, v)
	VPMINUD(far, v, v)
	VPSRLQ(U8(32), v, odd)
	VPMULUDQ(m, v, v)
	VPMULUDQ(m, odd, odd)
	VPADDQ(round, v, v)
	VPADDQ(round, odd, odd)
	joinShifted(v, odd, shift)
	VPMINSD(last, v, v)
	VPCMPEQD(all, all, all)
	VPGATHERDD(all, Mem{Base: table, Index: v, Scale: 4}, entry)
	VPADDD(entry, sum, sum)
	VEXTRACTI128(U8(1), entry, high)
	VPACKSSDW(high, entry.AsX(), entry.AsX())
	VMOVDQU(entry.AsX(), Mem{Base: dst})
	ADDQ(U8(32), x)
	ADDQ(U8(16), dst)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	fold(sum, VPADDD)
	r := GP32()
	VMOVD(sum.AsX(), r)
	Store(r, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// fold joins the eight values of v in its lowest lane.
func fold(v VecVirtual, join func(...Op)) {
	other := XMM()
	VEXTRACTI128(U8(1), v, other)
	join(other, v.AsX(), v.AsX())
	VPSHUFD(U8(0x4E), v.AsX(), other)
	join(other, v.AsX(), v.AsX())
	VPSHUFD(U8(0xB1), v.AsX(), other)
	join(other, v.AsX(), v.AsX())
}

// lookup is a table of 256 bytes as 16 shuffles and a tree of blends.
func lookup() {
	TEXT("lookup", NOSPLIT, "func(v *int8, table *[256]int8, blocks uintptr)")
	Pragma("noescape")
	Doc("lookup replaces blocks of 32 bytes by their entries of the table.")
	v, table, blocks := Load(Param("v"), GP64()), Load(Param("table"), GP64()), Load(Param("blocks"), GP64())
	mask, index, nibble := YMM(), YMM(), YMM()
	r := GP32()
	MOVL(U32(0x0f0f0f0f), r)
	VMOVD(r, mask.AsX())
	VPBROADCASTD(mask.AsX(), mask)
	bits := [4]VecVirtual{YMM(), YMM(), YMM(), index} // bit 4+i of each byte, in its top bit
	Label("loop")
	VMOVDQU(Mem{Base: v}, index)
	VPAND(mask, index, nibble)
	for i, b := range bits[:3] {
		VPSLLW(U8(uint8(3-i)), index, b)
	}
	var tree func(from, level int) VecVirtual
	tree = func(from, level int) VecVirtual {
		if level < 0 {
			entry := YMM()
			VBROADCASTI128(Mem{Base: table, Disp: 16 * from}, entry)
			VPSHUFB(nibble, entry, entry)
			return entry
		}
		clear := tree(from, level-1)
		set := tree(from+1<<level, level-1)
		VPBLENDVB(bits[level], set, clear, clear)
		return clear
	}
	VMOVDQU(tree(0, 3), Mem{Base: v})
	ADDQ(U8(32), v)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
