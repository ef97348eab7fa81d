package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// isa is a set of vector instructions. What is written for one works for the other;
// the methods hide where they differ.
type isa struct {
	name  string
	bytes int // in a register
}

var avx2, avx512 = isa{"AVX2", 32}, isa{"AVX512", 64}

// lanes is the number of 32-bit values in a register.
func (v isa) lanes() int { return v.bytes / 4 }

func (v isa) reg() VecVirtual {
	if v == avx512 {
		return ZMM()
	}
	return YMM()
}

// zero returns a register of zeros.
func (v isa) zero() VecVirtual {
	r := v.reg()
	if v == avx512 {
		VPXORD(r, r, r)
	} else {
		VPXOR(r, r, r)
	}
	return r
}

// address is where a parameter is.
func address(name string) Mem {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

// param loads a parameter into a general register.
func param(name string) GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

// spread loads a 32-bit parameter into all lanes.
func (v isa) spread(name string) VecVirtual {
	r, general := v.reg(), GP32() // go vet takes a VPBROADCASTD from memory for 8 bytes
	Load(Param(name), general)
	VMOVD(general, r.AsX())
	VPBROADCASTD(r.AsX(), r)
	return r
}

// spread64 loads a 64-bit parameter into all lanes.
func (v isa) spread64(name string) VecVirtual {
	r := v.reg()
	VPBROADCASTQ(address(name), r)
	return r
}

// count loads a shift count.
func count(name string) VecVirtual {
	x := XMM()
	VMOVQ(address(name), x)
	return x
}

// walk goes through a row of n values in whole registers. With AVX-512 what is left is done
// under a mask; with AVX2 n is a multiple of the lanes.
type walk struct {
	isa
	per             int // values a step
	index, whole, n GPVirtual
	mask            OpmaskVirtual
}

// newWalk prepares for rows of n values, per of them a step.
func (v isa) newWalk(n GPVirtual, per int) *walk {
	w := &walk{isa: v, per: per, index: GP64(), whole: n, n: n}
	if v == avx512 {
		w.whole = GP64()
		MOVQ(n, w.whole)
		ANDQ(I32(int32(-per)), w.whole)
		rest := GP64()
		MOVQ(n, rest)
		SUBQ(w.whole, rest)
		w.mask = first(rest)
	}
	return w
}

// first is a mask of the first n places of 64.
func first(n GPVirtual) OpmaskVirtual {
	ones, mask := GP64(), K()
	MOVQ(I32(-1), ones)
	BZHIQ(n, ones, ones)
	KMOVQ(ones, mask)
	return mask
}

// each emits the steps; body gets whether it is under the mask.
func (w *walk) each(label string, body func(masked bool)) {
	XORQ(w.index, w.index)
	CMPQ(w.index, w.whole)
	JEQ(LabelRef(label + "Whole"))
	Label(label)
	body(false)
	ADDQ(U8(w.per), w.index)
	CMPQ(w.index, w.whole)
	JNE(LabelRef(label))
	Label(label + "Whole")
	if w.isa == avx512 {
		CMPQ(w.index, w.n)
		JEQ(LabelRef(label + "Done"))
		body(true)
		Label(label + "Done")
	}
}

// at is the place of the step's first value, of size bytes.
func (w *walk) at(base Register, size uint8) Mem { return Mem{Base: base, Index: w.index, Scale: size} }

// load reads 32-bit values; what the mask leaves out is 0.
func (w *walk) load(m Mem, r VecVirtual, masked bool) {
	switch {
	case masked:
		VMOVDQU32_Z(m, w.mask, r)
	case w.isa == avx512:
		VMOVDQU32(m, r)
	default:
		VMOVDQU(m, r)
	}
}

// store writes 32-bit values.
func (w *walk) store(r VecVirtual, m Mem, masked bool) {
	switch {
	case masked:
		VMOVDQU32(r, w.mask, m)
	case w.isa == avx512:
		VMOVDQU32(r, m)
	default:
		VMOVDQU(r, m)
	}
}

// storeCodes writes clamped 32-bit values as int8.
func (w *walk) storeCodes(r VecVirtual, m Mem, masked bool) {
	switch {
	case masked:
		VPMOVDB(r, w.mask, m)
	case w.isa == avx512:
		VPMOVDB(r, m)
	default:
		top := XMM()
		VEXTRACTI128(U8(1), r, top)
		VPACKSSDW(top, r.AsX(), r.AsX())
		VPACKSSWB(r.AsX(), r.AsX(), r.AsX())
		VMOVQ(r.AsX(), m)
	}
}

// clamp limits 32-bit values.
func clamp(r, low, high VecVirtual) {
	VPMINSD(high, r, r)
	VPMAXSD(low, r, r)
}

// odd gives the odd 32-bit values as the low halves of 64-bit lanes.
func (v isa) odd(r VecVirtual) VecVirtual {
	o := v.reg()
	VPSRLQ(U8(32), r, o)
	return o
}

// shiftRight shifts 64-bit lanes arithmetically, as far as the low halves of the results go.
// AVX2 has the logical shift only. It gives the same low halves if the count is below 32, or
// if 2^63 was added before: see arithmetic in requantize.go of the kernels.
func (v isa) shiftRight(r, by VecVirtual) {
	if v == avx512 {
		VPSRAQ(by, r, r)
	} else {
		VPSRLQ(by, r, r)
	}
}

// joiner joins the low halves of even and odd 64-bit lanes in even.
func (v isa) joiner() func(even, odd VecVirtual) {
	if v == avx2 {
		return func(even, odd VecVirtual) {
			VPSLLQ(U8(32), odd, odd)
			VPBLENDD(U8(0xAA), odd, even, even)
		}
	}
	places, r := K(), GP32()
	MOVL(U32(0xAAAA), r)
	KMOVW(r, places)
	return func(even, odd VecVirtual) { VPSHUFD(U8(0xA0), odd, places, even) }
}

// fold joins the 32-bit values of r in its lowest lane.
func (v isa) fold(r VecVirtual, join func(...Op)) {
	v.fold64(r, join)
	other := XMM()
	VPSHUFD(U8(0xB1), r.AsX(), other)
	join(other, r.AsX(), r.AsX())
}

// fold64 joins the 64-bit values.
func (v isa) fold64(r VecVirtual, join func(...Op)) {
	other := XMM()
	if v == avx512 {
		half := YMM()
		VEXTRACTI64X4(U8(1), r, half)
		join(half, r.AsY(), r.AsY())
		VEXTRACTI32X4(U8(1), r.AsY(), other)
	} else {
		VEXTRACTI128(U8(1), r, other)
	}
	join(other, r.AsX(), r.AsX())
	VPSHUFD(U8(0x4E), r.AsX(), other)
	join(other, r.AsX(), r.AsX())
}

// function begins one of the package's functions.
func function(name, signature string, doc ...string) {
	TEXT(name, NOSPLIT, "func("+signature)
	Pragma("noescape")
	Doc(doc...)
}

// end returns from it.
func end() {
	VZEROUPPER()
	RET()
}
