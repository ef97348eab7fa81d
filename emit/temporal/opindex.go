package temporal

import (
	"fmt"

	"vitdse/configs/network"
	"vitdse/golden/intnet"
)

// opIndex finds the parts of the integer network by op index.
type opIndex struct {
	net       *network.Network
	ops       []network.Op
	linear    map[int]*intnet.Linear
	norm      map[int]*intnet.LayerNorm
	attention map[int]*intnet.Attention
	gelu      map[int]*intnet.GELU
	pool      map[int]*intnet.Pool
}

func indexOps(net *intnet.Network) (opIndex, error) {
	compiled, err := network.Compile(net.Model)
	if err != nil {
		return opIndex{}, err
	}
	ix := opIndex{compiled, compiled.Ops, map[int]*intnet.Linear{}, map[int]*intnet.LayerNorm{},
		map[int]*intnet.Attention{}, map[int]*intnet.GELU{}, map[int]*intnet.Pool{}}
	if len(net.Blocks) != len(compiled.Blocks) {
		return ix, fmt.Errorf("network %s has %d blocks; its model has %d",
			net.Model.Name, len(net.Blocks), len(compiled.Blocks))
	}
	for _, op := range ix.ops {
		var b *intnet.Block
		if op.Block >= 0 {
			b = &net.Blocks[op.Block]
		}
		ix.add(net, b, op)
	}
	return ix, nil
}

func (ix opIndex) add(net *intnet.Network, b *intnet.Block, op network.Op) {
	i := op.Index
	switch op.Role {
	case network.RoleEmbed:
		ix.linear[i] = &net.PatchEmbed
	case network.RoleEmbedNorm:
		ix.norm[i] = net.PatchNorm
	case network.RolePool:
		ix.pool[i] = net.Pool
	case network.RoleMergeNorm:
		ix.norm[i] = &b.Merge.Norm
	case network.RoleMerge:
		ix.linear[i] = &b.Merge.Reduction
	case network.RoleNorm1:
		ix.norm[i] = &b.Norm1
	case network.RoleQuery:
		ix.linear[i] = &b.Q
	case network.RoleKey:
		ix.linear[i] = &b.K
	case network.RoleValue:
		ix.linear[i] = &b.V
	case network.RoleScores, network.RoleSoftmax, network.RoleContext:
		ix.attention[i] = &b.Attn
	case network.RoleProj:
		ix.linear[i] = &b.Proj
	case network.RoleNorm2:
		ix.norm[i] = &b.Norm2
	case network.RoleFC1:
		ix.linear[i], ix.gelu[i] = &b.FC1, &b.GELU
	case network.RoleFC2:
		ix.linear[i] = &b.FC2
	case network.RoleNorm:
		ix.norm[i] = &net.Norm
	case network.RoleHead:
		ix.linear[i] = &net.Head
	case network.RoleSecondHead:
		ix.linear[i] = net.HeadDist
	}
}
