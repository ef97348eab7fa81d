package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// What a requantization does with its result.
type result int

const (
	codes  result = iota // writes int8
	values               // writes int32
	add                  // adds to int32 and clamps again
)

// types are those of the results.
var types = map[result]string{codes: "*int8", values: "*int32", add: "*int32"}

// requantize is sat(((acc*m + before) >> shift) + after), with a multiplier for each column.
func requantize(v isa, name string, kind result) { requantizeBy(v, name, kind, false) }

// scale is requantize with a multiplier for each row.
func scale(v isa, name string) { requantizeBy(v, name, codes, true) }

func requantizeBy(v isa, name string, kind result, byRow bool) {
	multiplier := map[bool]string{false: "*uint32", true: "*int64"}
	does := map[result]string{codes: "writes rows of n codes", values: "writes rows of n values", add: "adds to rows of n values"}
	doc := []string{name + v.name + " " + does[kind] + ". Strides are in values. (acc*m + before) >> shift must fit 32 bits."}
	if v == avx2 {
		doc = append(doc, "n is a multiple of 8.")
	}
	function(name+v.name, "dst "+types[kind]+", acc *int32, m "+multiplier[byRow]+", rows, n, dstStride, accStride uintptr, before int64, shift uint64, after, low, high int32)", doc...)
	dst, acc, m := param("dst"), param("acc"), param("m")
	rows, dstStride, accStride := param("rows"), param("dstStride"), param("accStride")
	SHLQ(U8(2), accStride)
	if kind != codes {
		SHLQ(U8(2), dstStride)
	}
	w := v.newWalk(param("n"), v.lanes())
	before, after, low, high := v.spread64("before"), v.spread("after"), v.spread("low"), v.spread("high")
	shift, join := count("shift"), v.joiner()
	even, sum, multipliers := v.reg(), v.reg(), v.reg()
	Label("row")
	if byRow {
		VPBROADCASTQ(Mem{Base: m}, multipliers)
		ADDQ(U8(8), m)
	}
	w.each("columns", func(masked bool) {
		w.load(w.at(acc, 4), even, masked)
		odd := v.odd(even)
		if byRow {
			VPMULDQ(multipliers, even, even)
			VPMULDQ(multipliers, odd, odd)
		} else {
			at := w.at(m, 4)
			VPMULDQ(at, even, even)
			VPMULDQ(at.Offset(4), odd, odd)
		}
		VPADDQ(before, even, even)
		VPADDQ(before, odd, odd)
		v.shiftRight(even, shift)
		v.shiftRight(odd, shift)
		join(even, odd)
		VPADDD(after, even, even)
		clamp(even, low, high)
		switch kind {
		case codes:
			w.storeCodes(even, w.at(dst, 1), masked)
		case values:
			w.store(even, w.at(dst, 4), masked)
		case add:
			w.load(w.at(dst, 4), sum, masked)
			VPADDD(sum, even, even)
			clamp(even, low, high)
			w.store(even, w.at(dst, 4), masked)
		}
	})
	ADDQ(dstStride, dst)
	ADDQ(accStride, acc)
	DECQ(rows)
	JNZ(LabelRef("row"))
	end()
}
