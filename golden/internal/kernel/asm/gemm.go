package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tileRows is how many rows are multiplied at a time. AVX2: 6 x 16 sums in 12 registers, two
// of weights, one of activations and one product make 16. AVX-512: 6 x 64 sums in 24
// registers, four of weights and one of activations make 29.
const tileRows = 6

// rowsAt gives the place of each row of a tile from two bases, the first and the fourth row.
func rowsAt(upper, lower, stride Register) func(i int) Mem {
	return func(i int) Mem {
		m := Mem{Base: upper}
		if i >= 3 {
			m.Base, i = lower, i-3
		}
		if i > 0 {
			m.Index, m.Scale = stride, uint8(i)
		}
		return m
	}
}

// pairs multiplies with VPMADDWD: a pair of neighbours along K, broadcast, times the pairs
// of eight outputs. Both operands are 16 bits wide, so no product and no sum saturates.
func pairs() {
	function("multiplyPairs", "a *int16, stride uintptr, b *int16, pairs uintptr, bias *int32, acc *int32, accStride uintptr)",
		"multiplyPairs computes 6 rows x 16 outputs: acc = bias + sum over pairs of a*b. Strides are in bytes.")
	upper, stride, b, count := param("a"), param("stride"), param("b"), param("pairs")
	bias, acc, accStride := param("bias"), param("acc"), param("accStride")
	lower := GP64()
	LEAQ(Mem{Base: upper, Index: stride, Scale: 2}, lower)
	ADDQ(stride, lower)
	row := rowsAt(upper, lower, stride)

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
			VPBROADCASTD(row(i).Offset(4*k), x)
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
	TESTQ(U32(1), count)
	JZ(LabelRef("even"))
	step(0)
	advance(1)
	Label("even")
	SHRQ(U8(1), count)
	JZ(LabelRef("store"))
	Label("loop")
	step(0)
	step(1)
	advance(2)
	DECQ(count)
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
	end()
}

// quads multiplies with VPDPBUSD: four neighbours along K, unsigned bytes, broadcast, times
// the fours of 16 outputs, signed bytes. The four products are added to the 32-bit sum at
// full width: nothing saturates (VPDPBUSDS would, and VPMADDUBSW keeps 16 bits of a pair).
// Weights of more than 8 bits have two planes, 256*high + low: the sums over the
// high bytes are shifted by 8 and go on with the low ones. All of it is exact modulo 2^32.
func quads(name string, vectors int) {
	function(name, "a *uint8, stride uintptr, b *int8, quads, planes uintptr, start *int32, acc *int32, accStride, tiles uintptr)",
		name+" computes tiles of 6 rows, one below the other, by "+fmt.Sprint(16*vectors)+" outputs: acc = start + sum over quads of a*b.",
		"Strides are in bytes. Of two planes of b the first counts 256 times.")
	a, stride, b, acc, accStride := param("a"), param("stride"), param("b"), param("acc"), param("accStride")
	upper, lower, at, left, planes := GP64(), GP64(), GP64(), GP64(), GP64()
	row := rowsAt(upper, lower, stride)
	sums := make([][]VecVirtual, tileRows)
	for i := range sums {
		for range vectors {
			sums[i] = append(sums[i], ZMM())
		}
	}
	w, x := make([]VecVirtual, vectors), ZMM()
	for j := range w {
		w[j] = ZMM()
	}
	all := func(do func(sum VecVirtual)) {
		for i := range sums {
			for j := range sums[i] {
				do(sums[i][j])
			}
		}
	}
	step := func(k int) {
		for j := range w {
			VMOVDQU32(Mem{Base: at, Disp: 64 * (k*vectors + j)}, w[j])
		}
		for i := range sums {
			VPBROADCASTD(row(i).Offset(4*k), x)
			for j := range w {
				VPDPBUSD(w[j], x, sums[i][j])
			}
		}
	}
	advance := func(steps int) {
		ADDQ(U32(uint32(64*vectors*steps)), at)
		ADDQ(Imm(uint64(4*steps)), upper)
		ADDQ(Imm(uint64(4*steps)), lower)
	}

	Label("tile")
	MOVQ(b, at)
	MOVQ(address("planes"), planes)
	all(func(sum VecVirtual) { VPXORD(sum, sum, sum) })
	Label("plane")
	MOVQ(a, upper)
	LEAQ(Mem{Base: a, Index: stride, Scale: 2}, lower)
	ADDQ(stride, lower)
	MOVQ(address("quads"), left)
	TESTQ(U32(1), left)
	JZ(LabelRef("even"))
	step(0)
	advance(1)
	Label("even")
	SHRQ(U8(1), left)
	JZ(LabelRef("last"))
	Label("loop")
	step(0)
	step(1)
	advance(2)
	DECQ(left)
	JNZ(LabelRef("loop"))
	Label("last")
	DECQ(planes)
	JZ(LabelRef("store"))
	all(func(sum VecVirtual) { VPSLLD(U8(8), sum, sum) })
	JMP(LabelRef("plane"))

	Label("store")
	MOVQ(address("start"), left)
	for j := range w {
		VMOVDQU32(Mem{Base: left, Disp: 64 * j}, w[j])
	}
	for i := range sums {
		for j := range sums[i] {
			VPADDD(w[j], sums[i][j], sums[i][j])
			VMOVDQU32(sums[i][j], Mem{Base: acc, Disp: 64 * j})
		}
		ADDQ(accStride, acc)
	}
	LEAQ(Mem{Base: a, Index: stride, Scale: 4}, a)
	LEAQ(Mem{Base: a, Index: stride, Scale: 2}, a)
	DECQ(address("tiles"))
	JNZ(LabelRef("tile"))
	end()
}

// peakPairs is the arithmetic of pairs without its loads.
func peakPairs() {
	function("peakPairs", "steps uintptr)", "peakPairs does 12 products and sums of 16 pairs a step, all in registers: what a core can do at most.")
	steps := param("steps")
	var sums [12]VecVirtual
	for i := range sums {
		sums[i] = avx2.zero()
	}
	x, product := avx2.zero(), [2]VecVirtual{YMM(), YMM()}
	Label("loop")
	for i := range sums {
		VPMADDWD(x, x, product[i%2])
		VPADDD(product[i%2], sums[i], sums[i])
	}
	DECQ(steps)
	JNZ(LabelRef("loop"))
	end()
}

// peakQuads is the arithmetic of quads without its loads.
func peakQuads() {
	function("peakQuads", "steps uintptr)", "peakQuads does 24 products and sums of 64 bytes a step, all in registers: what a core can do at most.")
	steps := param("steps")
	var sums [24]VecVirtual
	for i := range sums {
		sums[i] = avx512.zero()
	}
	x := avx512.zero()
	Label("loop")
	for i := range sums {
		VPDPBUSD(x, x, sums[i])
	}
	DECQ(steps)
	JNZ(LabelRef("loop"))
	end()
}
