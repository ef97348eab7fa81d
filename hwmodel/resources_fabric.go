package hwmodel

import "vitdse/configs"

// fabric is what the resource formulas need to know of a part.
type fabric struct {
	family     configs.Fabric
	block      []configs.Geometry
	ultra      []configs.Geometry
	cell       configs.LUTCell
	adderInDSP bool // the accumulator goes into the DSP with the product
}

func newFabric(p configs.Part) fabric {
	return fabric{family: p.Family, block: p.Memory.Block, ultra: p.Memory.Ultra, cell: p.Memory.LUT,
		adderInDSP: p.Family == configs.XC7}
}
