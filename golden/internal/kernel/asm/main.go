// Command asm writes the assembly of the kernel package with avo. It is a module of its
// own so that vitdse does not depend on the generator:
//
//	go run . -out ../kernel_amd64.s -stubs ../stubs_amd64.go -pkg kernel
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("!noasm")
	pairs()
	widen()
	packColumnPairs()
	packRowPairs()
	rowMax()
	numerators()
	lookupAVX2()
	peakPairs()
	reals()

	quads("multiplyQuads64", 4)
	quads("multiplyQuads16", 1)
	unsign()
	packColumnQuads()
	packRowQuads()
	correct()
	softmaxRows()
	gatherRow()
	lookupAVX512()
	peakQuads()

	for _, v := range []isa{avx2, avx512} {
		requantize(v, "requantizeCodes", codes)
		requantize(v, "requantizeValues", values)
		requantize(v, "requantizeAdd", add)
		scale(v, "scaleCodes")
		rowSums(v)
		normalize(v, "normalizeCodes", codes)
		normalize(v, "normalizeValues", values)
	}
	Generate()
}
