package network

import (
	"fmt"
)

// checkViT checks the keys of a network whose blocks all have one shape.
func checkViT(m Model, f *faults) {
	ok := f.positive("dim", m.Dim)
	ok = f.positive("heads", m.Heads) && ok
	if ok && m.Dim%m.Heads != 0 {
		f.add("heads", "is %d, which does not divide dim %d", m.Heads, m.Dim)
	}
	f.positive("depth", m.Depth)
	for _, k := range []struct {
		key   string
		given bool
	}{{"depths", m.Depths != nil}, {"stage_heads", m.StageHeads != nil}, {"window", m.Window != 0}} {
		if k.given {
			f.add(k.key, "is a key of family swin; family %s has depth and heads", m.Family)
		}
	}
}

// buildViT lists a ViT or DeiT: attention over all tokens, one stage, a classifier on the class token (of distilled
// DeiT a second one on the distillation token) or on what is pooled of the patches, by attention, too.
func buildViT(m Model, b *builder) {
	d, prefix := m.Dim, 0
	for _, t := range b.n.Prefix {
		prefix += t.Count
	}
	n := prefix + m.Patches()
	b.n.Positions = true
	b.n.Stages = []Stage{{Depth: m.Depth, H: 1, W: n, Dim: d, Heads: m.Heads}}
	rows := b.patches(n, m.PatchInner())
	stream := b.add(Op{Name: "patch_embed", Kind: OpPatchEmbed, Role: RoleEmbed, Block: None, Inputs: []int{rows},
		Rows: n, Cols: d,
		Inner: m.PatchInner()}, "", EmbedLayer)
	if m.PreNorm {
		stream = b.add(Op{Name: "norm_pre", Kind: OpEmbedNorm, Role: RoleEmbedNorm, Block: None, Inputs: []int{stream},
			Rows: n, Cols: d}, "", EmbedLayer)
	}
	for i := range m.Depth {
		stream = b.block(Block{Index: i, Name: fmt.Sprintf("blocks.%d", i), First: i == 0, H: 1, W: n, Dim: d, Heads: m.Heads,
			Hidden: m.hidden(d), QKNorm: m.QKNorm,
			Turned: m.Rope != "", Gated: m.Gated, MLPNorm: m.MLPNorm, Relative: m.RelativePositions,
			Rows: m.Image.Height / m.Patch, Cols: m.Image.Width / m.Patch}, stream)
	}
	if m.Pool == PoolMap {
		stream = b.poolAttention(Block{Index: m.Depth, Name: "attn_pool", Stage: 1, First: true, H: 1, W: 1,
			Dim: d, Heads: m.Heads,
			Hidden: m.hidden(d), Keys: m.Patches()}, stream, prefix)
		x := b.outside(Op{Name: "pool", Kind: OpRequantize, Role: RoleRequantize, Inputs: []int{stream}, Rows: 1, Cols: d})
		b.outside(Op{Name: "head", Kind: OpHead, Role: RoleHead, Inputs: []int{x}, Rows: 1, Cols: m.Classes, Inner: d})
		return
	}
	pool := Op{Name: "pool", Kind: OpPool, Role: RolePool, FirstRow: prefix, Rows: 1, Cols: d, Max: m.Pool == PoolMax}
	norm := Op{Name: "norm", Kind: OpLayerNorm, Role: RoleNorm, Rows: len(heads(b.n.Prefix)), Cols: d}
	switch {
	case m.FCNorm:
		pool.Kind, pool.Inputs = OpPoolStream, []int{stream}
		stream = b.outside(pool)
		norm.Rows = 1
	case m.Pools():
		norm.FirstRow, norm.Rows = prefix, m.Patches()
	}
	norm.Inputs = []int{stream}
	x := b.outside(norm)
	if m.Pools() && !m.FCNorm {
		pool.FirstRow, pool.Inputs = 0, []int{x}
		x = b.outside(pool)
	}
	for i, head := range heads(b.n.Prefix) {
		head.Rows, head.Cols, head.Inner, head.FirstRow = 1, m.Classes, d, i
		head.Inputs = []int{x}
		if i > 0 { // its logits are added to the first's
			head.Inputs = append(head.Inputs, len(b.n.Ops)-1)
		}
		b.outside(head)
	}
	b.n.Classifiers = len(heads(b.n.Prefix))
}

// heads are the classifiers, each on the row of its own token.
func heads(prefix []Token) []Op {
	list := []Op{{Name: "head", Kind: OpHead, Role: RoleHead}}
	if len(prefix) > 1 && prefix[1].Read {
		list = append(list, Op{Name: "head_dist", Kind: OpHeadAdd, Role: RoleSecondHead})
	}
	return list
}
