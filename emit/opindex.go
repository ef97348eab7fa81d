package emit

import (
	"fmt"
	"strings"

	"vitdse/configs"
	"vitdse/golden/intnet"
)

// opIndex finds the parts of the integer network by op index.
type opIndex struct {
	ops       []configs.Op
	linear    map[int]*intnet.Linear
	norm      map[int]*intnet.LayerNorm
	attention map[int]*intnet.Attention
	gelu      map[int]*intnet.GELU
}

func indexOps(net *intnet.Network) (opIndex, error) {
	if err := net.Model.OnEngine(); err != nil {
		return opIndex{}, err
	}
	ops, err := net.Model.Ops()
	if err != nil {
		return opIndex{}, err
	}
	ix := opIndex{ops, map[int]*intnet.Linear{}, map[int]*intnet.LayerNorm{},
		map[int]*intnet.Attention{}, map[int]*intnet.GELU{}}
	if len(net.Blocks) != net.Model.Depth {
		return ix, fmt.Errorf("network %s has %d blocks; its model has %d", net.Model.Name, len(net.Blocks), net.Model.Depth)
	}
	for _, op := range ops {
		var b *intnet.Block
		if op.Block >= 0 {
			b = &net.Blocks[op.Block]
		}
		ix.add(net, b, op)
	}
	return ix, nil
}

func (ix opIndex) add(net *intnet.Network, b *intnet.Block, op configs.Op) {
	i := op.Index
	switch op.Kind {
	case configs.OpPatchEmbed:
		ix.linear[i] = &net.PatchEmbed
	case configs.OpHead:
		ix.linear[i] = &net.Head
	case configs.OpLayerNorm:
		switch {
		case b == nil:
			ix.norm[i] = &net.Norm
		case op.Name[len(op.Name)-1] == '1':
			ix.norm[i] = &b.Norm1
		default:
			ix.norm[i] = &b.Norm2
		}
	case configs.OpLinear:
		ix.linear[i] = map[byte]*intnet.Linear{'q': &b.Q, 'k': &b.K, 'v': &b.V}[op.Name[len(op.Name)-1]]
	case configs.OpScores, configs.OpSoftmax, configs.OpAttnValue:
		ix.attention[i] = &b.Attn
	case configs.OpLinearAdd:
		ix.linear[i] = &b.Proj
		if strings.HasSuffix(op.Name, "fc2") {
			ix.linear[i] = &b.FC2
		}
	case configs.OpLinearGELU:
		ix.linear[i], ix.gelu[i] = &b.FC1, &b.GELU
	}
}
