package network

import "fmt"

// maxStages bounds the patch mergings of a Swin; the published ones have three.
const maxStages = 8

// checkSwin checks the keys of a network of stages. A stage's grid of tokens may be
// ragged (it is padded to whole windows), but not smaller than a window: frameworks
// disagree on what that means.
func checkSwin(m Model, f *faults) {
	if m.Depth != 0 {
		f.add("depth", "is not a key of family swin, which has depths: one number a stage")
	}
	if m.Heads != 0 {
		f.add("heads", "is not a key of family swin, which has stage_heads: one number a stage")
	}
	ok := f.positive("dim", m.Dim)
	ok = f.positive("window", m.Window) && ok
	ok = ok && m.Patch > 0
	if len(m.Depths) < 1 || len(m.Depths) > maxStages {
		f.add("depths", "has %d stages; expected 1..%d", len(m.Depths), maxStages)
		return
	}
	if len(m.StageHeads) != len(m.Depths) {
		f.add("stage_heads", "has %d values; expected one for each of the %d stages of depths",
			len(m.StageHeads), len(m.Depths))
		return
	}
	if m.Dim<<(len(m.Depths)-1) > maxShape {
		f.add("dim", "is %d, which %d patch mergings double to %d; at most %d is sensible",
			m.Dim, len(m.Depths)-1, m.Dim<<(len(m.Depths)-1), maxShape)
	}
	for i := range m.Depths {
		f.positive(fmt.Sprintf("depths[%d]", i), m.Depths[i])
		key := fmt.Sprintf("stage_heads[%d]", i)
		if !f.positive(key, m.StageHeads[i]) || !ok {
			continue
		}
		s := m.stage(i)
		if s.Dim%s.Heads != 0 {
			f.add(key, "is %d, which does not divide the stage's %d channels", s.Heads, s.Dim)
		}
		if min(s.H, s.W) < m.Window {
			f.add("window", "is %d; stage %d has only %dx%d tokens: expected a larger image or a smaller window",
				m.Window, i, s.H, s.W)
			ok = false
		}
	}
}

// stage is the geometry of a Swin's stage i: every patch merging halves the sides of the
// grid, rounding up, and doubles the channels.
func (m Model) stage(i int) Stage {
	s := Stage{Index: i, Depth: m.Depths[i], Dim: m.Dim << i, Heads: m.StageHeads[i],
		H: m.Image.Height / m.Patch, W: m.Image.Width / m.Patch}
	for range i {
		s.H, s.W = (s.H+1)/2, (s.W+1)/2
	}
	return s
}

// buildSwin lists a Swin: stages of blocks with windowed attention, a patch merging in front of each stage but the
// first, and a classifier on the mean over the tokens.
func buildSwin(m Model, b *builder) {
	first := m.stage(0)
	b.n.Stages = []Stage{first}
	n, d := first.Tokens(), first.Dim
	rows := b.patches(n, m.PatchInner())
	embedded := b.add(Op{Name: "patch_embed", Kind: OpLinear, Role: RoleEmbed, Block: None, Inputs: []int{rows},
		Rows: n, Cols: d,
		Inner: m.PatchInner()}, "", EmbedLayer)
	stream := b.add(Op{Name: "patch_embed.norm", Kind: OpEmbedNorm, Role: RoleEmbedNorm, Block: None,
		Inputs: []int{embedded}, Rows: n,
		Cols: d}, "", EmbedLayer)
	for i := range m.Depths {
		s := m.stage(i)
		if i > 0 {
			b.n.Stages = append(b.n.Stages, s)
			stream = b.merge(m.stage(i-1), s, stream)
		}
		for local := range s.Depth {
			stream = b.block(m.swinBlock(len(b.n.Blocks), s, local), stream)
		}
	}
	last := b.n.Stages[len(m.Depths)-1]
	x := b.outside(Op{Name: "norm", Kind: OpLayerNorm, Role: RoleNorm, Inputs: []int{stream},
		Rows: last.Tokens(), Cols: last.Dim})
	mean := b.outside(Op{Name: "pool", Kind: OpPool, Role: RolePool, Inputs: []int{x}, Rows: 1, Cols: last.Dim})
	b.outside(Op{Name: "head", Kind: OpHead, Role: RoleHead, Inputs: []int{mean}, Rows: 1, Cols: m.Classes,
		Inner: last.Dim})
}

// merge lists the patch merging between two stages: four tokens side by side, their norm, and a matmul to half of
// their channels.
func (b *builder) merge(from, to Stage, stream int) int {
	name := mergeName(to.Index)
	op := Op{Block: len(b.n.Blocks), Stage: to.Index, Rows: to.Tokens()}
	norm := op
	norm.Name, norm.Kind, norm.Role, norm.Inputs = name+".norm", OpLayerNorm, RoleMergeNorm, []int{stream}
	norm.Cols, norm.Gather, norm.Join = 4*from.Dim, mergeOrder(from, to), 4
	x := b.add(norm, name, MergeLayer)
	op.Name, op.Kind, op.Role, op.Inputs = name+".reduction", OpMerge, RoleMerge, []int{x}
	op.Cols, op.Inner = to.Dim, 4*from.Dim
	return b.add(op, name, MergeLayer)
}

// mergeName is timm's module path of the patch merging in front of a stage.
func mergeName(stage int) string { return fmt.Sprintf("layers.%d.downsample", stage) }

// mergeOrder lists, for each token of a stage and each of the four that its patch merging joins, the token of the
// stage before, or Padding. The four are in the order (0,0), (1,0), (0,1), (1,1) of row and column.
func mergeOrder(from, to Stage) []int {
	order := make([]int, 0, 4*to.Tokens())
	for y := range to.H {
		for x := range to.W {
			for _, d := range [4][2]int{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
				at := Padding
				if py, px := 2*y+d[0], 2*x+d[1]; py < from.H && px < from.W {
					at = py*from.W + px
				}
				order = append(order, at)
			}
		}
	}
	return order
}

// swinBlock is the geometry of a block, the local one of its stage.
func (m Model) swinBlock(index int, s Stage, local int) Block {
	b := Block{Index: index, Name: fmt.Sprintf("layers.%d.blocks.%d", s.Index, local), Stage: s.Index, First: local == 0,
		H: s.H, W: s.W, Dim: s.Dim, Heads: s.Heads, Hidden: m.hidden(s.Dim), Window: m.Window,
		Relative: true}
	if local%2 == 1 { // every second block; a side of one window has nothing to shift
		if s.H > m.Window {
			b.ShiftY = m.Window / 2
		}
		if s.W > m.Window {
			b.ShiftX = m.Window / 2
		}
	}
	return b
}
