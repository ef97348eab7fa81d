package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// widen prepares activations for pairs.
func widen() {
	function("widen", "dst *int16, src *int8, blocks uintptr)", "widen copies blocks of 16 values.")
	dst, src, blocks := param("dst"), param("src"), param("blocks")
	v := YMM()
	Label("loop")
	VPMOVSXBW(Mem{Base: src}, v)
	VMOVDQU(v, Mem{Base: dst})
	ADDQ(U8(16), src)
	ADDQ(U8(32), dst)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	end()
}

// unsign prepares activations for quads.
func unsign() {
	function("unsign", "dst *uint8, src *int8, rows, n, dstStride, srcStride uintptr)",
		"unsign copies rows of n values, each with 128 added. Strides are in bytes.")
	dst, src, rows := param("dst"), param("src"), param("rows")
	dstStride, srcStride := param("dstStride"), param("srcStride")
	w := avx512.newWalk(param("n"), 64)
	offset, x := bytes(0x80), ZMM()
	Label("row")
	w.each("block", func(masked bool) {
		if masked {
			VMOVDQU8_Z(w.at(src, 1), w.mask, x)
			VPXORD(offset, x, x)
			VMOVDQU8(x, w.mask, w.at(dst, 1))
		} else {
			VPXORD(w.at(src, 1), offset, x)
			VMOVDQU8(x, w.at(dst, 1))
		}
	})
	ADDQ(dstStride, dst)
	ADDQ(srcStride, src)
	DECQ(rows)
	JNZ(LabelRef("row"))
	end()
}

// bytes is a register full of one byte.
func bytes(b uint8) VecVirtual {
	r, v := GP32(), ZMM()
	MOVL(U32(uint32(b)*0x01010101), r)
	VPBROADCASTD(r, v)
	return v
}

// pairStep is the size of a panel's part for a pair along K, in bytes.
const pairStep = 4 * 16

// packColumnPairs makes a panel of 16 columns of codes.
func packColumnPairs() {
	function("packColumnPairs", "dst *int16, src *int8, stride, pairs uintptr)",
		"packColumnPairs writes one panel from 16 columns of pairs of rows of codes that are stride bytes apart.")
	dst, src, stride, pairs := param("dst"), param("src"), param("stride"), param("pairs")
	even, odd, low, high := XMM(), XMM(), YMM(), YMM()
	Label("loop")
	VMOVDQU(Mem{Base: src}, even)
	VMOVDQU(Mem{Base: src, Index: stride, Scale: 1}, odd)
	VPUNPCKLBW(odd, even, low.AsX())
	VPUNPCKHBW(odd, even, high.AsX())
	VPMOVSXBW(low.AsX(), low)
	VPMOVSXBW(high.AsX(), high)
	VMOVDQU(low, Mem{Base: dst})
	VMOVDQU(high, Mem{Base: dst, Disp: 32})
	LEAQ(Mem{Base: src, Index: stride, Scale: 2}, src)
	ADDQ(Imm(pairStep), dst)
	DECQ(pairs)
	JNZ(LabelRef("loop"))
	end()
}

// packRowPairs makes half a panel of rows of codes: an 8 x 8 transposition of pairs.
func packRowPairs() {
	function("packRowPairs", "dst *int16, src *int8, stride, blocks uintptr)",
		"packRowPairs writes half a panel, 8 outputs, from 8 rows of blocks of 16 codes that are stride bytes apart.")
	dst, src, stride, blocks := param("dst"), param("src"), param("stride"), param("blocks")
	at := GP64()
	var v, t [8]VecVirtual
	for i := range v {
		v[i], t[i] = XMM(), XMM()
	}
	Label("loop")
	MOVQ(src, at)
	for i := range v {
		VMOVDQU(Mem{Base: at}, v[i])
		ADDQ(stride, at)
	}
	for i := range 4 { // neighbouring rows, then pairs of them, then fours
		VPUNPCKLWD(v[2*i+1], v[2*i], t[2*i])
		VPUNPCKHWD(v[2*i+1], v[2*i], t[2*i+1])
	}
	for i := range 2 {
		for j := range 2 {
			VPUNPCKLDQ(t[4*i+2+j], t[4*i+j], v[4*i+2*j])
			VPUNPCKHDQ(t[4*i+2+j], t[4*i+j], v[4*i+2*j+1])
		}
	}
	for j := range 4 {
		VPUNPCKLQDQ(v[4+j], v[j], t[2*j])
		VPUNPCKHQDQ(v[4+j], v[j], t[2*j+1])
	}
	wide := YMM()
	for i := range t {
		VPMOVSXBW(t[i], wide)
		VMOVDQU(wide, Mem{Base: dst, Disp: pairStep * i})
	}
	ADDQ(U8(16), src)
	ADDQ(U32(8*pairStep), dst)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	end()
}

// packColumnQuads puts 16 bytes of four rows beside each other; one permutation of bytes is
// their transposition.
func packColumnQuads() {
	function("packColumnQuads", "dst *int8, src *int8, stride, quads, step uintptr)",
		"packColumnQuads writes 16 outputs from columns of quads of rows of codes that are stride bytes apart;",
		"those of each quad are step bytes apart.")
	dst, src, stride, quads, step := param("dst"), param("src"), param("stride"), param("quads"), param("step")
	third := GP64() // three strides
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, third)
	order, v := ZMM(), ZMM()
	VMOVDQU32(permutation("quadColumns", func(i int) int { return i%4*16 + i/4 }), order)
	Label("loop")
	VMOVDQU(Mem{Base: src}, v.AsX())
	VINSERTI32X4(U8(1), Mem{Base: src, Index: stride, Scale: 1}, v, v)
	VINSERTI32X4(U8(2), Mem{Base: src, Index: stride, Scale: 2}, v, v)
	VINSERTI32X4(U8(3), Mem{Base: src, Index: third, Scale: 1}, v, v)
	VPERMB(v, order, v)
	VMOVDQU32(v, Mem{Base: dst})
	LEAQ(Mem{Base: src, Index: stride, Scale: 4}, src)
	ADDQ(step, dst)
	DECQ(quads)
	JNZ(LabelRef("loop"))
	end()
}

// packRowQuads is a 16 x 4 transposition of quads: registers hold 16 bytes of rows i, 4+i,
// 8+i and 12+i, so that each of its four parts is transposed by itself.
func packRowQuads() {
	function("packRowQuads", "dst *int8, src *int8, stride, blocks, step uintptr)",
		"packRowQuads writes 16 outputs from 16 rows of blocks of 16 codes that are stride bytes apart;",
		"those of each quad are step bytes apart.")
	dst, src, stride, blocks, step := param("dst"), param("src"), param("stride"), param("blocks"), param("step")
	at := GP64()
	var v, t [4]VecVirtual
	for i := range v {
		v[i], t[i] = ZMM(), ZMM()
	}
	Label("loop")
	MOVQ(src, at)
	for part := range 4 {
		for i := range v {
			if part == 0 {
				VMOVDQU(Mem{Base: at}, v[i].AsX())
			} else {
				VINSERTI32X4(U8(uint8(part)), Mem{Base: at}, v[i], v[i])
			}
			ADDQ(stride, at)
		}
	}
	for i := range 2 {
		VPUNPCKLDQ(v[2*i+1], v[2*i], t[2*i])
		VPUNPCKHDQ(v[2*i+1], v[2*i], t[2*i+1])
	}
	for i := range 2 {
		VPUNPCKLQDQ(t[2+i], t[i], v[2*i])
		VPUNPCKHQDQ(t[2+i], t[i], v[2*i+1])
	}
	for i := range v {
		VMOVDQU32(v[i], Mem{Base: dst})
		ADDQ(step, dst)
	}
	ADDQ(U8(16), src)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	end()
}

// correct takes the 128 that unsign adds out of a product again.
func correct() {
	function("correct", "start, bias *int32, b *int8, quads, step uintptr)",
		"correct writes start = bias - 128 * the sum over quads of b, for 16 outputs; those of each quad are step bytes apart.")
	start, bias, b, quads, step := param("start"), param("bias"), param("b"), param("quads"), param("step")
	offset, sum, v := bytes(0x80), avx512.zero(), ZMM()
	Label("loop")
	VPDPBUSD(Mem{Base: b}, offset, sum)
	ADDQ(step, b)
	DECQ(quads)
	JNZ(LabelRef("loop"))
	VMOVDQU32(Mem{Base: bias}, v)
	VPSUBD(sum, v, v)
	VMOVDQU32(v, Mem{Base: start})
	end()
}

// permutation is a constant of 64 bytes.
func permutation(name string, from func(i int) int) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range 64 {
		DATA(i, U8(uint8(from(i))))
	}
	return m
}
