package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// What a requantization does with its result.
const (
	codes     = 1 << iota // write int8
	add                   // add to int32, clamp again
	broadcast             // one multiplier for all, not one a column
)

// address is where a parameter is.
func address(name string) Mem {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

// spread loads a 32-bit parameter into all lanes.
func spread(name string) VecVirtual {
	v := YMM()
	VMOVD(Load(Param(name), GP32()), v.AsX())
	VPBROADCASTD(v.AsX(), v)
	return v
}

// spread64 loads a 64-bit parameter into all lanes.
func spread64(name string) VecVirtual {
	v := YMM()
	VPBROADCASTQ(address(name), v)
	return v
}

// count loads a shift count.
func count(name string) VecVirtual {
	x := XMM()
	VMOVQ(address(name), x)
	return x
}

// storeCodes clamps eight values, writes them as int8 and moves on.
func storeCodes(v, low, high VecVirtual, dst Register) {
	VPMINSD(high, v, v)
	VPMAXSD(low, v, v)
	top := XMM()
	VEXTRACTI128(U8(1), v, top)
	VPACKSSDW(top, v.AsX(), v.AsX())
	VPACKSSWB(v.AsX(), v.AsX(), v.AsX())
	VMOVQ(v.AsX(), Mem{Base: dst})
	ADDQ(U8(8), dst)
}

// joinShifted shifts eight 64-bit lanes, even ones and odd ones apart, to the right and
// joins their low halves. The shift is logical. It stands for an arithmetic one if it is
// below 32, or if 2^63 was added before: see arithmetic in requantize.go of the kernels.
func joinShifted(even, odd, shift VecVirtual) VecVirtual {
	VPSRLQ(shift, even, even)
	VPSRLQ(shift, odd, odd)
	VPSLLQ(U8(32), odd, odd)
	VPBLENDD(U8(0xAA), odd, even, even)
	return even
}

// requantize is sat(((acc*m + round) >> shift) + zero) on eight columns at a time.
func requantize(name string, kind int) {
	result := map[bool]string{true: "dst *int8", false: "dst *int32"}[kind&codes != 0]
	multiplier := "m *uint32"
	if kind&broadcast != 0 {
		multiplier = "m int64"
	}
	TEXT(name, NOSPLIT, "func("+result+", acc *int32, "+multiplier+", blocks uintptr, round int64, shift uint64, zero, low, high int32)")
	Pragma("noescape")
	if kind&codes != 0 {
		Doc(name + " writes blocks of 8 codes. (acc*m + round) >> shift must fit 32 bits.")
	} else {
		Doc(name + " adds blocks of 8 requantized values to dst. (acc*m + round) >> shift must fit 32 bits.")
	}
	dst, acc, blocks := Load(Param("dst"), GP64()), Load(Param("acc"), GP64()), Load(Param("blocks"), GP64())
	round, zero, low, high := spread64("round"), spread("zero"), spread("low"), spread("high")
	shift := count("shift")
	m := YMM()
	var at Register
	if kind&broadcast != 0 {
		m = spread64("m")
	} else {
		at = Load(Param("m"), GP64())
	}
	even, odd, modd := YMM(), YMM(), YMM()
	Label("loop")
	VMOVDQU(Mem{Base: acc}, even)
	VPSRLQ(U8(32), even, odd)
	if kind&broadcast != 0 {
		VPMULDQ(m, even, even)
		VPMULDQ(m, odd, odd)
	} else {
		VMOVDQU(Mem{Base: at}, m)
		VPSRLQ(U8(32), m, modd)
		VPMULDQ(m, even, even)
		VPMULDQ(modd, odd, odd)
	}
	VPADDQ(round, even, even)
	VPADDQ(round, odd, odd)
	v := joinShifted(even, odd, shift)
	VPADDD(zero, v, v)
	if kind&codes != 0 {
		storeCodes(v, low, high, dst)
	} else {
		VPMINSD(high, v, v)
		VPMAXSD(low, v, v)
		VPADDD(Mem{Base: dst}, v, v)
		VPMINSD(high, v, v)
		VPMAXSD(low, v, v)
		VMOVDQU(v, Mem{Base: dst})
		ADDQ(U8(32), dst)
	}
	ADDQ(U8(32), acc)
	if kind&broadcast == 0 {
		ADDQ(U8(32), at)
	}
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
