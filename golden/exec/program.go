package exec

import (
	"errors"
	"slices"

	"vitdse/configs/network"
	"vitdse/golden/internal/kernel"
	"vitdse/golden/intnet"
)

// Program is a network made ready for running: its weights in the order in which the
// kernels read them. Any number of runners share it.
type Program struct {
	net  *intnet.Network
	of   *network.Network // what it computes
	ops  []network.Op
	last network.Op // the last norm

	pixels    *kernel.Patches
	patch     layer
	positions []int32      // the residual stream in front of the patch embedding; not of Swin
	patchNorm *kernel.Norm // Swin, and with pre_norm
	blocks    []block
	norm      *kernel.Norm // nil where no norm is last
	head      layer
	headDist  *layer
}

// layer is a matmul and its requantization.
type layer struct {
	in, out int
	right   *kernel.Right
	requant *kernel.Requant
	dynamic *dynamic // nil where the layer's codes have one scale for all tokens
}

// block is one transformer block and where its tokens are.
type block struct {
	geometry
	merge        *merge // Swin, where a stage begins
	norm1, norm2 *kernel.Norm
	probe        []int8 // of attention pooling: the only row of q
	pad          []int8 // Swin: what q, k and v read where a window is padded
	q, k, v      layer
	qNorm, kNorm *kernel.Norm // nil where q and k have none
	turnShift    uint         // with rope: from steps of q and k to steps of their codes
	qkvBits      int
	softmax      []*kernel.Softmax // one a head
	reciprocal   []int64           // one a head: Ch
	scale        *kernel.Scale
	bias         []int32 // Swin: added to a window's scores
	proj         layer
	fc1, fc2     layer
	gate         *gate        // of a gated MLP
	mlpNorm      *kernel.Norm // behind the gate; nil where there is none
}

// gate is a gated MLP's.
type gate struct {
	*intnet.Gate
	fc    layer
	table []int16
}

// merge is Swin's patch merging.
type merge struct {
	norm      *kernel.Norm
	reduction layer
}

// geometry is where the tokens of a block are. The attention of a ViT is one window.
type geometry struct {
	network.Block
	order   []int   // Swin: token of each row of the windows, -1 for padding
	regions []uint8 // Swin: rows of a window meet only within a region
	from    []int   // Swin: four tokens of the previous stage for each token, -1 for padding
}

// Prepare makes a network ready. It refuses networks that are not what the contract
// describes.
func Prepare(net *intnet.Network) (*Program, error) {
	of, err := network.Compile(net.Model)
	if err != nil {
		return nil, err
	}
	if err := validate(net, of); err != nil {
		return nil, err
	}
	norm := func(ln *intnet.LayerNorm) *kernel.Norm { return kernel.NewNorm(ln, net.Rsqrt) }
	p := &Program{net: net, of: of, ops: of.Ops, last: of.Last(), patch: newLayer(&net.PatchEmbed),
		head: newLayer(&net.Head)}
	if p.last.Kind.IsNorm() {
		p.norm = norm(&net.Norm)
	}
	var codes [256]int8 // sat(rsh(p-128, 8-b)) of each pixel value p
	for i := range codes {
		codes[i] = int8(sat(rsh(int64(i)-128, uint(8-net.ImageBits)), net.ImageBits))
	}
	p.pixels = kernel.NewPatches(codes, net.Model.Patch, net.Model.Image.Channels)
	for _, pos := range net.Pos {
		p.positions = append(p.positions, int32(sat(int64(pos), net.PatchEmbed.Bits)))
	}
	if net.PatchNorm != nil {
		p.patchNorm = norm(net.PatchNorm)
	}
	if net.HeadDist != nil {
		l := newLayer(net.HeadDist)
		p.headDist = &l
	}
	for i := range net.Blocks {
		p.blocks = append(p.blocks, newBlock(net, of, i))
	}
	return p, nil
}

// Rebuilt is the program of a network that differs from this program's in one block alone.
func (p *Program) Rebuilt(net *intnet.Network, at int) (*Program, error) {
	c := &checker{dynamic: net.Head.Dynamic}
	c.block(&net.Blocks[at], p.of.Blocks[at])
	if err := errors.Join(c.errs...); err != nil {
		return nil, err
	}
	next := *p
	next.net, next.blocks = net, slices.Clone(p.blocks)
	next.blocks[at] = newBlock(net, p.of, at)
	return &next, nil
}

// newBlock makes a block of a network ready.
func newBlock(net *intnet.Network, of *network.Network, i int) block {
	norm := func(ln *intnet.LayerNorm) *kernel.Norm { return kernel.NewNorm(ln, net.Rsqrt) }
	b := &net.Blocks[i]
	next := block{geometry: newGeometry(of, i), norm1: norm(&b.Norm1), norm2: norm(&b.Norm2), pad: b.Pad,
		turnShift: uint(turnFrac + intnet.FineBits - 1 - b.Attn.QKVBits), qkvBits: b.Attn.QKVBits, probe: b.Probe,
		k: newLayer(&b.K), v: newLayer(&b.V), proj: newLayer(&b.Proj), fc1: newLayer(&b.FC1), fc2: newLayer(&b.FC2),
		bias: b.Attn.Bias}
	if b.Probe == nil {
		next.q = newLayer(&b.Q)
	}
	switch {
	case next.fc1.dynamic != nil:
		next.fc1.dynamic.gelu = b.GELU.Fine
	case b.Gate != nil:
		next.gate = &gate{b.Gate, newLayer(&b.Gate.FC), b.GELU.Fine}
	default:
		next.fc1.requant.WithTable(b.GELU.Table)
	}
	if b.MLPNorm != nil {
		next.mlpNorm = norm(b.MLPNorm)
	}
	if b.QNorm != nil {
		next.qNorm, next.kNorm = norm(b.QNorm), norm(b.KNorm)
	}
	next.attend(&b.Attn, &net.Exp)
	if b.Merge != nil {
		next.merge = &merge{norm(&b.Merge.Norm), newLayer(&b.Merge.Reduction)}
	}
	return next
}

// newLayer prepares a layer; the multipliers of its groups go into its weights.
func newLayer(l *intnet.Linear) layer {
	w := make([]int16, len(l.W))
	for i, v := range l.W {
		w[i] = int16(v)
	}
	if l.Group > 0 {
		for i := range w {
			w[i] = int16(l.Weight(i/l.In, i%l.In))
		}
	}
	if l.Dynamic { // the bias is added to the shifted sum
		return layer{in: l.In, out: l.Out, right: kernel.NewRight(w, make([]int64, l.Out)), dynamic: &dynamic{lin: l}}
	}
	return layer{in: l.In, out: l.Out, right: kernel.NewRight(w, l.Bias), requant: kernel.NewRequant(l)}
}

// attend prepares softmax and value product. A row's reciprocal is at most Ch divided by
// the numerator of its largest score, and numerators times 8-bit values are at most 128
// times their sum.
func (b *block) attend(a *intnet.Attention, exp *intnet.Exp) {
	top := int64(0)
	for h, m := range a.M {
		b.softmax = append(b.softmax, kernel.NewSoftmax(exp, m, a.Shift))
		top = max(top, a.Ch[h])
	}
	b.reciprocal = a.Ch
	b.scale = kernel.NewScale(top/int64(exp.Table[0]), 128*top, a.OutShift, a.OutZero, a.OutBits)
}

func newGeometry(of *network.Network, block int) geometry {
	g := geometry{Block: of.Blocks[block], order: of.At(block, network.RoleQuery).Gather,
		regions: of.At(block, network.RoleSoftmax).Regions}
	if g.Merges() {
		g.from = of.At(block, network.RoleMergeNorm).Gather
	}
	return g
}

// inFront is the number of values of the residual stream in front of a block, or behind
// the last one.
func (p *Program) inFront(block int) int {
	if block > 0 { // a patch merging belongs to the block behind it
		block--
	}
	return p.blocks[block].Tokens() * p.blocks[block].Dim
}
