package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// gatherRow looks up the pixels of a patch, at most 64 bytes a row, and sorts them by
// channel: one permutation each.
func gatherRow() {
	function("gatherRow", "dst *int8, src *uint8, codes *[256]int8, orders *[64]uint8, patches, channels, side, plane uintptr)",
		"gatherRow writes a row of pixels of each of the patches. Those of a channel are plane bytes apart and in the order that orders has for it;",
		"a patch has channels planes. side*channels is at most 64.")
	dst, src, orders, patches := param("dst"), param("src"), param("orders"), param("patches")
	channels, side, plane := param("channels"), param("side"), param("plane")
	table := bytesTable(param("codes"), 4)
	length := GP64()
	MOVQ(side, length)
	IMULQ(channels, length)
	read, write := first(length), first(side)
	pixels, sorted, order, left := ZMM(), ZMM(), GP64(), GP64()
	Label("patch")
	VMOVDQU8_Z(Mem{Base: src}, read, pixels)
	codes := entries(table, pixels)
	MOVQ(orders, order)
	MOVQ(channels, left)
	Label("channel")
	VMOVDQU8(Mem{Base: order}, sorted)
	VPERMB(codes, sorted, sorted)
	VMOVDQU8(sorted, write, Mem{Base: dst})
	ADDQ(U8(64), order)
	ADDQ(plane, dst)
	DECQ(left)
	JNZ(LabelRef("channel"))
	ADDQ(length, src)
	DECQ(patches)
	JNZ(LabelRef("patch"))
	end()
}
