package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Shape of the register tile: 12 accumulators, two registers of weights, one of
// activations and one product make 16.
const (
	tileRows = 6
	tileCols = 16
)

// tile multiplies with VPMADDWD: a pair of neighbours along K, broadcast, times the pairs
// of eight outputs. Both operands are 16 bits wide, so no product and no sum saturates.
func tile() {
	TEXT("tile", NOSPLIT, "func(a *int16, stride uintptr, b *int16, pairs uintptr, bias *int32, acc *int32, accStride uintptr)")
	Pragma("noescape")
	Doc("tile computes 6 rows x 16 outputs: acc = bias + sum over pairs of a*b. Strides are in bytes.")
	upper, stride := Load(Param("a"), GP64()), Load(Param("stride"), GP64())
	b, pairs := Load(Param("b"), GP64()), Load(Param("pairs"), GP64())
	bias, acc, accStride := Load(Param("bias"), GP64()), Load(Param("acc"), GP64()), Load(Param("accStride"), GP64())

	lower := GP64() // the rows from the fourth on
	LEAQ(Mem{Base: upper, Index: stride, Scale: 2}, lower)
	ADDQ(stride, lower)
	row := func(i int) Mem {
		m := Mem{Base: upper}
		if i >= 3 {
			m.Base, i = lower, i-3
		}
		if i > 0 {
			m.Index, m.Scale = stride, uint8(i)
		}
		return m
	}

	var sums [tileRows][2]VecVirtual
	for i := range sums {
		for j := range sums[i] {
			sums[i][j] = YMM()
			if i == 0 {
				VMOVDQU(Mem{Base: bias, Disp: 32 * j}, sums[i][j])
			} else {
				VMOVDQA(sums[0][j], sums[i][j])
			}
		}
	}
	w, x, product := [2]VecVirtual{YMM(), YMM()}, YMM(), YMM()
	step := func(k int) {
		for j := range w {
			VMOVDQU(Mem{Base: b, Disp: 64*k + 32*j}, w[j])
		}
		for i := range sums {
			from := row(i)
			from.Disp = 4 * k
			VPBROADCASTD(from, x)
			for j := range w {
				VPMADDWD(w[j], x, product)
				VPADDD(product, sums[i][j], sums[i][j])
			}
		}
	}
	advance := func(steps int) {
		ADDQ(Imm(uint64(64*steps)), b)
		ADDQ(Imm(uint64(4*steps)), upper)
		ADDQ(Imm(uint64(4*steps)), lower)
	}
	TESTQ(U32(1), pairs)
	JZ(LabelRef("even"))
	step(0)
	advance(1)
	Label("even")
	SHRQ(U8(1), pairs)
	JZ(LabelRef("store"))
	Label("loop")
	step(0)
	step(1)
	advance(2)
	DECQ(pairs)
	JNZ(LabelRef("loop"))
	Label("store")
	for i := range sums {
		for j := range sums[i] {
			VMOVDQU(sums[i][j], Mem{Base: acc, Disp: 32 * j})
		}
		if i+1 < len(sums) {
			ADDQ(accStride, acc)
		}
	}
	VZEROUPPER()
	RET()
}

// widen prepares activations.
func widen() {
	TEXT("widen", NOSPLIT, "func(dst *int16, src *int8, blocks uintptr)")
	Pragma("noescape")
	Doc("widen copies blocks of 16 values.")
	dst, src, blocks := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("blocks"), GP64())
	v := YMM()
	Label("loop")
	VPMOVSXBW(Mem{Base: src}, v)
	VMOVDQU(v, Mem{Base: dst})
	ADDQ(U8(16), src)
	ADDQ(U8(32), dst)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// peak is the tile's arithmetic without its loads.
func peak() {
	TEXT("peak", NOSPLIT, "func(steps uintptr)")
	Pragma("noescape")
	Doc("peak does 12 products and sums of 16 pairs a step, all in registers: what a core can do at most.")
	steps := Load(Param("steps"), GP64())
	var sums [12]VecVirtual
	for i := range sums {
		sums[i] = YMM()
		VPXOR(sums[i], sums[i], sums[i])
	}
	x, product := YMM(), [2]VecVirtual{YMM(), YMM()}
	VPXOR(x, x, x)
	Label("loop")
	for i := range sums {
		VPMADDWD(x, x, product[i%2])
		VPADDD(product[i%2], sums[i], sums[i])
	}
	DECQ(steps)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
