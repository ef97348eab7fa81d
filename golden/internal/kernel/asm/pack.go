package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// panelStep is the size of a panel's part for a pair along K, in bytes.
const panelStep = 4 * tileCols

// packColumns makes a panel of 16 columns of codes.
func packColumns() {
	TEXT("packColumns", NOSPLIT, "func(dst *int16, src *int8, stride, pairs uintptr)")
	Pragma("noescape")
	Doc("packColumns writes one panel from 16 columns of pairs of rows of codes that are stride bytes apart.")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	stride, pairs := Load(Param("stride"), GP64()), Load(Param("pairs"), GP64())
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
	ADDQ(Imm(panelStep), dst)
	DECQ(pairs)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// packRows makes half a panel of rows of codes: an 8 x 8 transposition of pairs.
func packRows() {
	TEXT("packRows", NOSPLIT, "func(dst *int16, src *int8, stride, blocks uintptr)")
	Pragma("noescape")
	Doc("packRows writes half a panel, 8 outputs, from 8 rows of blocks of 16 codes that are stride bytes apart.")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	stride, blocks := Load(Param("stride"), GP64()), Load(Param("blocks"), GP64())
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
		VMOVDQU(wide, Mem{Base: dst, Disp: panelStep * i})
	}
	ADDQ(U8(16), src)
	ADDQ(U32(8*panelStep), dst)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
