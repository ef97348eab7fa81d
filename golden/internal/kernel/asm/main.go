// Command asm writes the assembly of the kernel package with avo. It is a module of its
// own so that vitdse does not depend on the generator:
//
//	go run . -out ../kernel_amd64.s -stubs ../stubs_amd64.go -pkg kernel
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("!noasm")
	tile()
	widen()
	packColumns()
	packRows()
	requantize("requantizeCodes", codes)
	requantize("requantizeAdd", add)
	requantize("scaleCodes", codes|broadcast)
	lookup()
	rowSums()
	normalize()
	rowMax()
	numerators()
	peak()
	Generate()
}
