package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// lookupAVX2 is a table of 256 bytes as 16 shuffles and a tree of blends.
func lookupAVX2() {
	function("lookupAVX2", "v *int8, table *[256]int8, n uintptr)",
		"lookupAVX2 replaces n bytes by their entries of the table. n is a multiple of 32.")
	v, table, n := param("v"), param("table"), param("n")
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
	SUBQ(U8(32), n)
	JNZ(LabelRef("loop"))
	end()
}

// bytesTable holds a table of 64*n bytes in registers.
func bytesTable(from Register, n int) []VecVirtual {
	t := make([]VecVirtual, n)
	for i := range t {
		t[i] = ZMM()
		VMOVDQU8(Mem{Base: from, Disp: 64 * i}, t[i])
	}
	return t
}

// entries gives the entries of a table of 256 bytes: VPERMI2B chooses from 128 of them by
// seven bits, the eighth bit which half counts.
func entries(table []VecVirtual, index VecVirtual) VecVirtual {
	low, high, upper := ZMM(), ZMM(), K()
	VMOVDQA64(index, low)
	VMOVDQA64(index, high)
	VPMOVB2M(index, upper)
	VPERMI2B(table[1], table[0], low)
	VPERMI2B(table[3], table[2], high)
	VMOVDQU8(high, upper, low)
	return low
}

// lookupAVX512 is a table of 256 bytes in four registers.
func lookupAVX512() {
	function("lookupAVX512", "v *int8, table *[256]int8, n uintptr)", "lookupAVX512 replaces n bytes by their entries of the table.")
	v := param("v")
	table := bytesTable(param("table"), 4)
	w := avx512.newWalk(param("n"), 64)
	index := ZMM()
	w.each("block", func(masked bool) {
		if masked {
			VMOVDQU8_Z(w.at(v, 1), w.mask, index)
			VMOVDQU8(entries(table, index), w.mask, w.at(v, 1))
		} else {
			VMOVDQU8(w.at(v, 1), index)
			VMOVDQU8(entries(table, index), w.at(v, 1))
		}
	})
	end()
}
