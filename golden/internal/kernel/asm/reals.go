package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// reals multiplies float64 matrices: six rows by eight columns in 12 registers, two of the
// right operand, one of the left and one product make 16. Products and sums are rounded one
// after the other, along K, as the Go code does it: no fused multiply-add.
func reals() {
	function("multiplyReals", "a *float64, stride uintptr, b *float64, k uintptr, c *float64, cStride uintptr)",
		"multiplyReals adds to 6 rows x 8 columns of c the sums over k of a*b. Strides are in bytes; b has 8 columns side by side.")
	upper, stride, b, count := param("a"), param("stride"), param("b"), param("k")
	c, cStride := param("c"), param("cStride")
	lower, at := GP64(), GP64()
	LEAQ(Mem{Base: upper, Index: stride, Scale: 2}, lower)
	ADDQ(stride, lower)
	row := rowsAt(upper, lower, stride)

	var sums [tileRows][2]VecVirtual
	MOVQ(c, at)
	for i := range sums {
		for j := range sums[i] {
			sums[i][j] = YMM()
			VMOVUPD(Mem{Base: at, Disp: 32 * j}, sums[i][j])
		}
		ADDQ(cStride, at)
	}
	w, x, product := [2]VecVirtual{YMM(), YMM()}, YMM(), YMM()
	Label("loop")
	for j := range w {
		VMOVUPD(Mem{Base: b, Disp: 32 * j}, w[j])
	}
	for i := range sums {
		VBROADCASTSD(row(i), x)
		for j := range w {
			VMULPD(w[j], x, product)
			VADDPD(product, sums[i][j], sums[i][j])
		}
	}
	ADDQ(Imm(64), b)
	ADDQ(Imm(8), upper)
	ADDQ(Imm(8), lower)
	DECQ(count)
	JNZ(LabelRef("loop"))
	for i := range sums {
		for j := range sums[i] {
			VMOVUPD(sums[i][j], Mem{Base: c, Disp: 32 * j})
		}
		ADDQ(cStride, c)
	}
	end()
}
