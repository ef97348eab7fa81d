package temporal

// term is a share of a module's LUTs whose size is fitted to synthesis: a coefficient times
// an amount that the design point gives. Everything else in the resource model is structure.
type term int

const (
	axiLiteBase term = iota
	coreBase
	coreMux
	sequencerBase
	sequencerStep
	axiReadBase
	axiWriteBase
	axiWriteBus
	axiWriteBank
	loaderBase
	loaderBus
	unpackBit
	unpackFormat
	feederBase
	arrayProduct
	drainBase
	drainPasses
	requantizeBase
	requantizeLane
	requantizeAcc
	requantizeShift
	layerNormBase
	layerNormLane
	layerNormShift
	layerNormWidth
	layerNormProduct
	rsqrtBase
	rsqrtBit
	softmaxBase
	softmaxLane
	softmaxScore
	softmaxSum
	softmaxTable
	gatherBase
	gatherBit
	gatherAddress
	gatherSelect
	opQueueBase
	rowSumsBit
	rowSumsLane
	rowSumsBank
	layerNormToken
	loaderGroups
	numTerms
)

// terms names each term, its module first, and says what one of its amount is.
var terms = [numTerms]struct{ name, unit string }{
	axiLiteBase:      {"vit_axi_lite.base", "a module"},
	coreBase:         {"vit_accel_core.base", "a module"},
	coreMux:          {"vit_accel_core.mux", "a bit of operand, code and residual that is chosen"},
	sequencerBase:    {"vit_sequencer.base", "a module"},
	sequencerStep:    {"vit_sequencer.step", "a step of the program, where it is logic"},
	axiReadBase:      {"vit_axi_read.base", "a module"},
	axiWriteBase:     {"vit_axi_write.base", "a module"},
	axiWriteBus:      {"vit_axi_write.bus", "a bit of the bus"},
	axiWriteBank:     {"vit_axi_write.bank", "a bit of the bus and bank of results beyond the first"},
	loaderBase:       {"vit_stream_loader.base", "a module"},
	loaderBus:        {"vit_stream_loader.bus", "a bit of the bus"},
	unpackBit:        {"vit_weight_unpack.bit", "a bit of a weight"},
	unpackFormat:     {"vit_weight_unpack.format", "a bit of a weight and format beyond the second"},
	feederBase:       {"vit_array_feeder.base", "a module"},
	arrayProduct:     {"vit_pe_array.product", "a LUT of the product table"},
	drainBase:        {"vit_tile_drain.base", "a module"},
	drainPasses:      {"vit_tile_drain.passes", "a module that counts passes of a group of columns"},
	requantizeBase:   {"vit_requantize.base", "a module"},
	requantizeLane:   {"vit_requantize.lane", "a lane"},
	requantizeAcc:    {"vit_requantize.acc", "a bit of the accumulator and lane"},
	requantizeShift:  {"vit_requantize.shift", "a bit that is shifted, a lane"},
	layerNormBase:    {"vit_layernorm.base", "a module"},
	layerNormLane:    {"vit_layernorm.lane", "a lane"},
	layerNormShift:   {"vit_layernorm.shift", "a selection of a bit of the affine map's shift, a lane"},
	layerNormWidth:   {"vit_layernorm.width", "a bit of the affine map that is shifted, a lane"},
	layerNormProduct: {"vit_layernorm.product", "a lane whose channels are no power of two"},
	rsqrtBase:        {"vit_rsqrt.base", "a module"},
	rsqrtBit:         {"vit_rsqrt.bit", "a bit of the variance"},
	softmaxBase:      {"vit_softmax.base", "a module"},
	softmaxLane:      {"vit_softmax.lane", "a lane"},
	softmaxScore:     {"vit_softmax.score", "a bit of a score, a lane"},
	softmaxSum:       {"vit_softmax.sum", "a bit of the sum, a lane"},
	softmaxTable:     {"vit_softmax.table", "64 bits of the exponential table, a lane, of 100"},
	gatherBase:       {"vit_patch_gather.base", "a module"},
	gatherBit:        {"vit_patch_gather.bit", "a bit of the codes on their way"},
	gatherAddress:    {"vit_patch_gather.address", "a bit of a chunk's place in the image"},
	gatherSelect:     {"vit_patch_gather.select", "a LUT that chooses a bit of a beat"},
	opQueueBase:      {"vit_op_queue.base", "a module"},
	layerNormToken:   {"vit_layernorm.token", "a bit of a token's sums"},
	loaderGroups:     {"vit_stream_loader.groups", "a module that takes multipliers of groups"},
	rowSumsBit:       {"vit_row_sums.bit", "a bit of a token's sums"},
	rowSumsLane:      {"vit_row_sums.lane", "a lane"},
	rowSumsBank:      {"vit_row_sums.bank", "a bit of the sums and bank of row tiles beyond the first"},
}
