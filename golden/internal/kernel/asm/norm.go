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
func normalize(v isa, name string, kind result) {
	name += v.name
	function(name, "dst "+types[kind]+", x *int32, gains *int32, offsets *int64, n uintptr, root int32, before int64, shift uint64, after int32, sg uint64, low, high int32)",
		name+" writes n results: (((x*root + before) >> shift) + after)*gains + offsets, shifted by sg and clamped.",
		"offsets are stored as the even and then the odd ones of each vector. sg is below 32. With AVX2",
		"n is a multiple of 8; AVX-512 has an arithmetic shift, after which nothing is added.")
	dst, x := param("dst"), param("x")
	gains, offsets := param("gains"), param("offsets")
	w := v.newWalk(param("n"), v.lanes())
	root, before, low, high := v.spread("root"), v.spread64("before"), v.spread("low"), v.spread("high")
	var after VecVirtual
	if v == avx2 {
		after = v.spread("after")
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
			VPADDQ(before, r, r)
			v.shiftRight(r, shift)
			if v == avx2 {
				VPADDD(after, r, r)
			}
			VPMULDQ(gain.Offset(half.gain), r, r)
			VPADDQ(offset.Offset(half.offset), r, r)
			v.shiftRight(r, sg)
		}
		join(even, odd)
		clamp(even, low, high)
		if kind == codes {
			w.storeCodes(even, w.at(dst, 1), masked)
		} else {
			w.store(even, w.at(dst, 4), masked)
		}
	})
	end()
}
