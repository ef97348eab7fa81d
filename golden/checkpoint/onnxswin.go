package checkpoint

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"vitdse/configs"
	"vitdse/configs/network"
)

// A Swin is read by the structure of its graph alone, from its result backwards: the names of many of its constants are
// not there (the reduction of a patch merging has no bias to be named after, tables of relative positions are gathered
// by the exporter). Every operator on the way must be one that the network has, and the rows of every window and patch
// merging must be those that the network gathers: shift, window, padding and mask are compared element by element.

// swinMerge is a patch merging: its rows as the tokens of the stage before, four side by side.
type swinMerge struct {
	before    int // blocks behind it
	norm      tracedNorm
	reduction affine
	order     []int
}

// swinBlock is a block. Order is the token in each row of its windows, -1 for padding.
type swinBlock struct {
	tracedAttention
	norm1, norm2 tracedNorm
	fc1, fc2     affine
	order        []int // windows x rows
	back         []int // the row of each token
}

// tracedSwin is what was read of a Swin so far.
type tracedSwin struct {
	*tracedGraph
	blocks     []swinBlock // the last one first
	merges     []swinMerge // the last one first; in front of the block of index before, counted from the end
	norm       tracedNorm
	embedded   tracedNorm
	patches    *moved // the Conv
	head       affine
	activation string
}

// isSwin says whether a graph has a LayerNorm right behind the patches, as Swin has; tokens may be moved between.
func (r *graphReader) isSwin() bool {
	for _, n := range r.nodes {
		if n.op != "LayerNormalization" || len(n.inputs) < 2 {
			continue
		}
		at := n.inputs[0]
		for range 16 {
			before, ok := r.producer[at]
			if ok && before.op == "Conv" {
				return true
			}
			if !ok || len(before.inputs) == 0 || before.op != "Slice" && !slices.Contains(passing, before.op) {
				break
			}
			at = before.inputs[0]
		}
	}
	return false
}

// swin reads a Swin, whose tensors become the checkpoint's.
func (r *graphReader) swin() error {
	if len(r.outputs) == 0 {
		return errors.New("the graph has no result")
	}
	g, err := r.traced()
	if err != nil {
		return err
	}
	s := &tracedSwin{tracedGraph: g}
	if err := s.read(s.tensors[r.outputs[0]]); err != nil {
		return err
	}
	if err := s.image(); err != nil {
		return err
	}
	slices.Reverse(s.blocks)
	slices.Reverse(s.merges)
	return s.adopt()
}

// read reads the graph from its result back to the patches.
func (s *tracedSwin) read(out *moved) error {
	end, err := s.straight(out, "the head")
	if err != nil {
		return err
	}
	var ok bool
	if s.head, ok = s.affine(end); !ok {
		return wrong(end, "the head, a product with a bias: a Swin without head is not carried")
	}
	last, err := s.pooled(s.head.in)
	if err != nil {
		return err
	}
	if s.norm, err = s.layerNorm(last, "the last LayerNorm"); err != nil {
		return err
	}
	at := s.norm.in
	for {
		stream, err := s.straight(at, "a residual stream")
		if err != nil {
			return err
		}
		switch a, product := s.affine(stream); {
		case stream.node != nil && stream.node.op == "LayerNormalization":
			return s.front(stream)
		case product && a.bias == nil:
			at, err = s.merge(a)
		case stream.node != nil && stream.node.op == "Add":
			at, err = s.block(stream)
		default:
			return wrong(stream, "a residual stream")
		}
		if err != nil {
			return err
		}
	}
}

// pooled is the LayerNorm of which a mean over all tokens is.
func (s *tracedSwin) pooled(t *moved) (*moved, error) {
	const expected = "the mean over all tokens"
	mean, err := s.straight(t, expected)
	if err != nil {
		return nil, err
	}
	var axes []int
	switch {
	case mean.node == nil:
		return nil, wrong(mean, expected)
	case mean.node.op == "ReduceMean":
		if axes, err = s.reduced(mean.node); err != nil {
			return nil, err
		}
	case mean.node.op == "GlobalAveragePool":
		axes = inRange(2, len(mean.in[0].shape))
	default:
		return nil, wrong(mean, expected)
	}
	of, at, err := s.places(mean.in[0], "the last LayerNorm")
	if err != nil || of.node == nil {
		return nil, err
	}
	shape := mean.in[0].shape
	kept := make([][]int32, len(shape)) // of each element the result that it is a part of
	for step, i := 1, len(shape)-1; i >= 0; i-- {
		if slices.Contains(axes, i) || slices.Contains(axes, i-len(shape)) {
			kept[i] = along(0, 0, shape[i])
			continue
		}
		kept[i] = along(0, step, shape[i])
		step *= shape[i]
	}
	channels, seen := of.shape[len(of.shape)-1], make([]bool, volume(of.shape))
	for i, to := range walkPlaces(shape, kept) {
		if k := int(at[i]); k < 0 || k%channels != int(to) || seen[k] {
			return nil, fmt.Errorf("%s: is no mean over all tokens, channel by channel", mean.node.title())
		}
		seen[at[i]] = true
	}
	if slices.Contains(seen, false) {
		return nil, fmt.Errorf("%s: is a mean over some tokens; expected all", mean.node.title())
	}
	return of, nil
}

func inRange(from, to int) []int {
	var list []int
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

// front reads patch embedding and the norm behind it.
func (s *tracedSwin) front(norm *moved) error {
	var err error
	if s.embedded, err = s.layerNorm(norm, "the norm behind the patches"); err != nil {
		return err
	}
	conv, at, err := s.places(s.embedded.in, "the patches")
	if err != nil {
		return err
	}
	if conv.node == nil || conv.node.op != "Conv" || len(conv.in) < 2 || conv.in[1].list == nil {
		return wrong(conv, "the patches, a Conv")
	}
	channels, tokens := conv.shape[1], conv.shape[2]*conv.shape[3]
	if misplaced(at, func(i int) int { return i%channels*tokens + i/channels }) >= 0 || len(at) != volume(conv.shape) {
		return fmt.Errorf("%s: its patches are read in another order than row by row", conv.node.title())
	}
	s.patches = conv
	return nil
}

// merge reads a patch merging, and is the stream that it reads.
func (s *tracedSwin) merge(reduction affine) (*moved, error) {
	const expected = "the LayerNorm of a patch merging"
	t, err := s.straight(reduction.in, expected)
	if err != nil {
		return nil, err
	}
	m := swinMerge{before: len(s.blocks), reduction: reduction}
	if m.norm, err = s.layerNorm(t, expected); err != nil {
		return nil, err
	}
	of, at, err := s.places(m.norm.in, "the tokens of a patch merging")
	if err != nil {
		return nil, err
	}
	width := t.shape[len(t.shape)-1]
	if width%4 != 0 {
		return nil, fmt.Errorf("%s: joins %d channels; expected those of four tokens", t.node.title(), width)
	}
	if m.order = rowsOf(at, width/4); m.order == nil {
		return nil, fmt.Errorf("%s: joins parts of tokens; expected four whole tokens", t.node.title())
	}
	s.merges = append(s.merges, m)
	return of, nil
}

// rowsOf are the rows that lie one behind the other in a tensor, -1 for padding; nil where rows are torn.
func rowsOf(at []int32, width int) []int {
	rows := make([]int, 0, len(at)/width)
	for i := 0; i+width <= len(at); i += width {
		first := at[i]
		for c, k := range at[i : i+width] {
			if first < 0 && k >= 0 || first >= 0 && (int(first)%width != 0 || int(k) != int(first)+c) {
				return nil
			}
		}
		if rows = append(rows, int(first)/width); first < 0 {
			rows[len(rows)-1] = network.Padding
		}
	}
	return rows
}

// image takes the size of the image, and a normalisation in front of the patches.
func (s *tracedSwin) image() error {
	known := func() bool {
		return slices.ContainsFunc(s.r.list, func(f fact) bool { return f.key == "image.height" })
	}
	if s.r.image(); known() {
		return nil
	}
	if of, err := s.straight(s.patches.in[0], "the image"); err == nil && of.node == nil {
		s.r.imageSize(*s.patches.node)
	}
	if !known() {
		return fmt.Errorf("%s: what it reads is not the image, or the image as (x - mean)/std", s.patches.node.title())
	}
	return nil
}

// stages are the numbers of blocks and of heads of each.
func (s *tracedSwin) stages() (depths, heads []int) {
	first := 0
	for i := 0; i <= len(s.merges); i++ {
		end := len(s.blocks)
		if i < len(s.merges) {
			end -= s.merges[i].before
		}
		depths = append(depths, end-first)
		if end > first {
			heads = append(heads, s.blocks[first].heads)
		}
		first = end
	}
	return depths, heads
}

// model is the one whose network the graph has to be.
func (s *tracedSwin) model() (configs.Model, error) {
	conv := s.patches
	depths, heads := s.stages()
	m := blank(true)
	m.Patch, m.Dim, m.Depths, m.StageHeads, m.Classes = conv.in[1].shape[2], conv.in[1].shape[0], depths, heads, s.head.out
	m.Image = configs.ImageShape{Height: conv.in[0].shape[2], Width: conv.in[0].shape[3], Channels: conv.in[0].shape[1]}
	m.Window, m.Mean, m.Std = 0, slices.Repeat(m.Mean, m.Image.Channels), slices.Repeat(m.Std, m.Image.Channels)
	if len(s.blocks) == 0 || slices.Contains(depths, 0) {
		return m, fmt.Errorf("the graph has stages of %v blocks; expected one block or more in each", depths)
	}
	m.MLPRatio = ratio(s.blocks[0].fc1.out, m.Dim)
	for _, b := range s.blocks {
		side := int(math.Sqrt(float64(b.rows)) + 0.5)
		if side*side != b.rows || m.Window != 0 && m.Window != side {
			return m, fmt.Errorf("%s: is of windows of %d tokens; expected squares, of one size in all stages "+
				"(%dx%d in others): stages whose windows differ are not carried", b.softmax.title(), b.rows, m.Window, m.Window)
		}
		m.Window = side
	}
	if err := m.Validate(); err != nil {
		return m, fmt.Errorf("the graph is of a Swin that is not carried: %w", err)
	}
	return m, nil
}

// adopt holds the graph against the network of its model, and stores its tensors under timm's names.
func (s *tracedSwin) adopt() error {
	m, err := s.model()
	if err != nil {
		return err
	}
	net, err := network.Compile(m)
	if err != nil {
		return err
	}
	c := s.o.c
	c.entries, c.ordered, s.o.used = map[string]entry{}, true, nil
	for i := range s.blocks {
		if err := s.adoptBlock(&s.blocks[i], net, i); err != nil {
			return fmt.Errorf("block %s: %w", net.Blocks[i].Name, err)
		}
	}
	for i, p := range s.merges {
		stage := i + 1
		name := fmt.Sprintf("layers.%d.downsample", stage)
		block := len(s.blocks) - p.before
		if want := net.At(block, network.RoleMergeNorm).Gather; !slices.Equal(p.order, want) {
			return fmt.Errorf("%s: joins other tokens than the patch merging %s does, or in another order",
				p.norm.node.title(), name)
		}
		if err := s.storeNorm(name+".norm", p.norm, 4*net.Stages[i].Dim); err != nil {
			return err
		}
		if err := s.storeLayer(name+".reduction", p.reduction); err != nil {
			return err
		}
	}
	last := net.Stages[len(net.Stages)-1]
	for _, store := range []func() error{
		func() error { return s.store("patch_embed.proj.weight", s.patches.in[1]) },
		func() error {
			if len(s.patches.in) < 3 || s.patches.in[2] == nil {
				return nil
			}
			return s.store("patch_embed.proj.bias", s.patches.in[2], m.Dim)
		},
		func() error { return s.storeNorm("patch_embed.norm", s.embedded, m.Dim) },
		func() error { return s.storeNorm("norm", s.norm, last.Dim) },
		func() error { return s.storeLayer("head.fc", s.head) },
	} {
		if err := store(); err != nil {
			return err
		}
	}
	const from = "the graph's nodes"
	floats := func(list []int) []float64 {
		var out []float64
		for _, v := range list {
			out = append(out, float64(v))
		}
		return out
	}
	s.r.list = append(s.r.list, fact{"depths", floats(m.Depths), from}, fact{"stage_heads", floats(m.StageHeads), from},
		fact{"window", m.Window, from}, fact{"activation", s.activation, from})
	return nil
}
