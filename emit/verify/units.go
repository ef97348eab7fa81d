package verify

import (
	"fmt"
	"regexp"
	"strconv"

	"vitdse/configs/network"
	"vitdse/emit"
)

// unitOf is the module that makes an op's last columns.
func unitOf(op emit.ManifestOp) string {
	switch op.Kind {
	case network.OpPatches.String():
		return "vit_patch_gather"
	case network.OpLayerNorm.String(), network.OpEmbedNorm.String():
		return "vit_layernorm"
	case network.OpPool.String(), network.OpPoolStream.String():
		return "vit_token_pool"
	case network.OpSoftmax.String():
		return "vit_softmax"
	case "store":
		return "vit_axi_write"
	}
	return "the array, vit_array_feeder to vit_tile_drain"
}

var waitsFor = regexp.MustCompile(`waits for op (\d+)`)

// hung names the unit that a run which hangs waits for.
func (r *run) hung(fault string) string {
	m := waitsFor.FindStringSubmatch(fault)
	if m == nil {
		return ""
	}
	op, err := strconv.Atoi(m[1])
	if err != nil || op >= len(r.man.Ops) {
		return ""
	}
	return fmt.Sprintf("; that op is made by %s", unitOf(r.man.Ops[op]))
}
