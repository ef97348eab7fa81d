package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

// rowSums gathers what LayerNorm needs of a row.
func rowSums(v isa) {
	function("rowSums"+v.name, "x *int32, n uintptr) (s1, s2 int64)",
		"rowSums"+v.name+" adds n values of 16 bits, and their squares. The sum fits 32 bits. With AVX2 n is a multiple of 8.")
	x := param("x")
	w := v.newWalk(param("n"), v.lanes())
	sum, squares, a := v.zero(), v.zero(), v.reg()
	w.each("values", func(masked bool) {
		w.load(w.at(x, 4), a, masked)
		VPADDD(a, sum, sum)
		odd := v.odd(a)
		VPMULDQ(a, a, a)
		VPMULDQ(odd, odd, odd)
		VPADDQ(a, squares, squares)
		VPADDQ(odd, squares, squares)
	})
	v.fold(sum, VPADDD)
	VPMOVSXDQ(sum.AsX(), sum.AsX())
	s1, s2 := GP64(), GP64()
	VMOVQ(sum.AsX(), s1)
	Store(s1, Return("s1"))
	v.fold64(squares, VPADDQ)
	VMOVQ(squares.AsX(), s2)
	Store(s2, Return("s2"))
	end()
}

// normalize is LayerNorm behind the reciprocal square root.
func normalize(v isa) {
	zeroes := map[isa]string{avx2: "zero int32, ", avx512: ""}[v]
	function("normalize"+v.name, "dst *int8, x *int32, gains *int32, offsets *int64, n uintptr, root int32, round int64, shift uint64, "+zeroes+"sg uint64, low, high int32)",
		"normalize"+v.name+" writes n codes: ((x*root + round) >> shift)*gains + offsets, shifted by sg and clamped.",
		"offsets are stored as the even and then the odd ones of each vector. sg is below 32. With AVX2",
		"n is a multiple of 8, 2^63 is in round, and zero takes it out behind the shift.")
	dst, x := param("dst"), param("x")
	gains, offsets := param("gains"), param("offsets")
	w := v.newWalk(param("n"), v.lanes())
	root, round, low, high := v.spread("root"), v.spread64("round"), v.spread("low"), v.spread("high")
	var zero VecVirtual
	if v == avx2 {
		zero = v.spread("zero")
	}
	shift, sg, join := count("shift"), count("sg"), v.joiner()
	even := v.reg()
	w.each("channels", func(masked bool) {
		w.load(w.at(x, 4), even, masked)
		odd := v.odd(even)
		gain, offset := w.at(gains, 4), w.at(offsets, 8)
		for _, half := range []struct {
			r            VecVirtual
			gain, offset int
		}{{even, 0, 0}, {odd, 4, v.bytes}} {
			r := half.r
			VPMULDQ(root, r, r)
			VPADDQ(round, r, r)
			v.shiftRight(r, shift)
			if v == avx2 {
				VPADDD(zero, r, r)
			}
			VPMULDQ(gain.Offset(half.gain), r, r)
			VPADDQ(offset.Offset(half.offset), r, r)
			v.shiftRight(r, sg)
		}
		join(even, odd)
		clamp(even, low, high)
		w.storeCodes(even, w.at(dst, 1), masked)
	})
	end()
}
