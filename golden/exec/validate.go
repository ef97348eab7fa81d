package exec

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/internal/kernel"
	"vitdse/golden/intnet"
)

// checker gathers what is wrong with a network: the kernels check no index.
type checker struct {
	errs    []error
	dynamic bool // the layers' scales are each token's own
}

func (c *checker) add(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// validate checks what the fast arithmetic relies on.
func validate(net *intnet.Network, of *network.Network) error {
	m := net.Model
	if len(net.Blocks) != len(of.Blocks) {
		return fmt.Errorf("network has %d blocks; model %s has %d", len(net.Blocks), m.Name, len(of.Blocks))
	}
	c := &checker{dynamic: net.Head.Dynamic}
	if n := len(net.Exp.Table); n == 0 || n > kernel.MaxExp || net.Exp.Table[0] == 0 || net.Exp.Table[n-1] != 0 {
		c.add("the table of softmax numerators has %d entries; expected 1..%d, of which the first is not 0 and the last is",
			n, kernel.MaxExp)
	}
	if i := slices.IndexFunc(net.Exp.Table, func(e uint16) bool { return e > kernel.MaxNumerator }); i >= 0 {
		c.add("softmax numerator %d is %d; expected at most %d", i, net.Exp.Table[i], kernel.MaxNumerator)
	}
	if n := len(net.Rsqrt); n != 192 {
		c.add("the table of reciprocal roots has %d entries; expected 192", n)
	}
	c.linear(&net.PatchEmbed, m.PatchInner(), m.Dim, false)
	for i := range net.Blocks {
		c.block(&net.Blocks[i], of.Blocks[i])
	}
	d := of.Blocks[len(of.Blocks)-1].Dim
	if of.Last().Kind.IsNorm() {
		c.norm(&net.Norm, d)
	}
	c.linear(&net.Head, d, m.Classes, c.dynamic)
	switch {
	case (net.HeadDist != nil) != (of.Classifiers == 2):
		c.add("a second head is there or missing; family %s", m.Family)
	case net.HeadDist != nil:
		c.linear(net.HeadDist, d, m.Classes, c.dynamic)
	}
	c.around(net, of)
	if n := m.Tokens() * (m.Dim / max(1, m.Heads)) / 2; m.Rope != "" && (len(net.Cos) != n || len(net.Sin) != n) ||
		m.Rope == "" && (net.Cos != nil || net.Sin != nil) {
		c.add("tables of %d cosines and %d sines; expected %d with rotary embeddings, none without",
			len(net.Cos), len(net.Sin), n)
	}
	return errors.Join(c.errs...)
}

// block checks what one block has.
func (c *checker) block(b *intnet.Block, shape network.Block) {
	d := shape.Dim
	c.errs = append(c.errs, validateWindows(b, shape))
	if b.Merge != nil {
		c.norm(&b.Merge.Norm, 2*d)
		c.linear(&b.Merge.Reduction, 2*d, d, false)
	}
	c.norm(&b.Norm1, d)
	c.norm(&b.Norm2, d)
	for _, l := range []*intnet.Linear{&b.Q, &b.K, &b.V, &b.Proj} {
		if l != &b.Q || shape.Keys == 0 {
			c.linear(l, d, d, c.dynamic)
		}
	}
	c.queries(b, shape)
	c.linear(&b.FC1, d, shape.Hidden, c.dynamic)
	c.linear(&b.FC2, shape.Hidden, d, c.dynamic)
	c.gate(b, shape)
	index := &b.FC1
	if b.Gate != nil {
		index = &b.Gate.FC
	}
	if table := max(len(b.GELU.Table), len(b.GELU.Fine)); table != 1<<index.Bits ||
		(b.GELU.Fine != nil) != (c.dynamic || b.Gate != nil) {
		c.add("%s: has %d entries; expected %d, one for each index of %d bits", b.GELU.Name, table, 1<<index.Bits, index.Bits)
	}
	if a := &b.Attn; len(a.M) != shape.Heads || len(a.Ch) != shape.Heads {
		c.add("%s: has constants of %d and %d heads; expected %d", a.Name, len(a.M), len(a.Ch), shape.Heads)
	}
}

// gate checks what a gated MLP has, and no other.
func (c *checker) gate(b *intnet.Block, shape network.Block) {
	if (b.Gate != nil) != shape.Gated || (b.MLPNorm != nil) != shape.MLPNorm {
		c.add("%s: the gate of its MLP, or the norm behind it, is there or missing; expected a gate: %v, a norm: %v",
			shape.Name, shape.Gated, shape.MLPNorm)
		return
	}
	if b.Gate == nil {
		return
	}
	c.linear(&b.Gate.FC, shape.Dim, shape.Hidden, false)
	bits := b.FC2.ActBits
	if b.MLPNorm != nil {
		bits = intnet.FineBits
		if c.norm(b.MLPNorm, shape.Hidden); b.MLPNorm.Bits != b.FC2.ActBits {
			c.add("%s: writes %d bits; expected those that %s reads, %d",
				b.MLPNorm.Name, b.MLPNorm.Bits, b.FC2.Name, b.FC2.ActBits)
		}
	}
	if c.dynamic || b.FC1.Bits != intnet.FineBits || b.Gate.Bits != bits || b.Gate.Shift > 48 {
		c.add("%s: values of %d bits, products of %d, a shift of %d, scales of each token's own: %v; expected %d, %d, "+
			"at most 48, false",
			b.FC1.Name, b.FC1.Bits, b.Gate.Bits, b.Gate.Shift, c.dynamic, intnet.FineBits, bits)
	}
}

// queries checks the widths of q and k, and their norms.
func (c *checker) queries(b *intnet.Block, shape network.Block) {
	if norms := b.QNorm != nil; norms != shape.QKNorm || norms != (b.KNorm != nil) {
		c.add("%s: the norms of q and k are there or missing; expected them: %v", shape.Name, shape.QKNorm)
		return
	}
	bits := b.Attn.QKVBits
	if shape.Keys > 0 {
		if len(b.Probe) != shape.Dim || b.Q.Out != 0 || b.K.Bits != bits || b.V.Bits != bits || bits > 8 || c.dynamic {
			c.add("%s: a query of %d codes, k and v of %d and %d bits, scales of each token's own: %v; expected %d codes, "+
				"%d bits, at most 8, false",
				shape.Name, len(b.Probe), b.K.Bits, b.V.Bits, c.dynamic, shape.Dim, bits)
		}
		return
	}
	if b.Probe != nil {
		c.add("%s: has a learned query; expected one in attention pooling only", shape.Name)
	}
	if shape.Turned {
		if bits = intnet.FineBits; c.dynamic {
			c.add("%s: scales of each token's own; expected none with rotary embeddings", shape.Name)
		}
	}
	if shape.QKNorm {
		bits = intnet.FineBits
		for _, ln := range []*intnet.LayerNorm{b.QNorm, b.KNorm} {
			if c.norm(ln, shape.HeadDim()); ln.Bits != b.Attn.QKVBits {
				c.add("%s: writes %d bits; expected those of attention, %d", ln.Name, ln.Bits, b.Attn.QKVBits)
			}
		}
		if c.dynamic {
			c.add("%s: scales of each token's own; expected none with a norm of q and k", shape.Name)
		}
	}
	if b.Q.Bits != bits || b.K.Bits != bits || b.V.Bits != b.Attn.QKVBits || b.Attn.QKVBits > 8 {
		c.add("%s: q, k and v have %d, %d and %d bits; expected %d, %d and %d, and at most 8 for attention",
			shape.Name, b.Q.Bits, b.K.Bits, b.V.Bits, bits, bits, b.Attn.QKVBits)
	}
}

// around checks what only some networks have in front of the blocks and behind them.
func (c *checker) around(net *intnet.Network, of *network.Network) {
	if _, norms := of.Find(network.RoleEmbedNorm); norms != (net.PatchNorm != nil) {
		c.add("the norm behind the patch embedding is there or missing; its op is there: %v", norms)
	}
	if net.PatchNorm != nil {
		c.norm(net.PatchNorm, of.Blocks[0].Dim)
	}
	op, pools := of.Find(network.RolePool)
	if last := of.Last(); last.Kind == network.OpRequantize {
		op, pools = last, true
	}
	if pools != (net.Pool != nil) {
		c.add("the pool is there or missing; its op is there: %v", pools)
	}
	if p := net.Pool; p != nil && pools {
		tokens, bits := of.Ops[op.Inputs[0]].Rows-op.FirstRow, net.Head.ActBits
		if op.Kind == network.OpPoolStream {
			bits = configs.ResidualBits
		}
		if p.Tokens != tokens || p.Bits != bits || p.Max != op.Max {
			c.add("the pool is of %d tokens to %d bits, maximum %v; expected %d tokens, %d bits, maximum %v",
				p.Tokens, p.Bits, p.Max, tokens, bits, op.Max)
		}
	}
	if c.dynamic && (net.Pool != nil || net.PatchNorm != nil) {
		c.add("scales of each token's own; expected none in a Swin, and none with a pool or a norm in front of the blocks")
	}
}

func (c *checker) linear(l *intnet.Linear, in, out int, dynamic bool) {
	switch {
	case l.In != in || l.Out != out || len(l.W) != in*out || len(l.Bias) != out || len(l.M) != out:
		c.add("%s: is not a complete %d x %d layer", l.Name, out, in)
	case l.AccBits > 32:
		c.add("%s: accumulator of %d bits; at most 32 are covered", l.Name, l.AccBits)
	case l.Dynamic != dynamic:
		c.add("%s: scales of each token's own: %v; expected %v, as in the other layers", l.Name, l.Dynamic, dynamic)
	}
	if err := validateGroups(l); err != nil {
		c.errs = append(c.errs, err)
	}
	if i := slices.Index(l.W, math.MinInt8); i >= 0 {
		c.add("%s: weight %d is -128; codes are symmetric, -127..127", l.Name, i)
	}
}

func (c *checker) norm(ln *intnet.LayerNorm, channels int) {
	if ln.Channels != channels || len(ln.G) != channels || len(ln.B) != channels || ln.K < 10 {
		c.add("%s: has gains of %d and offsets of %d channels, k %d; expected %d channels, and k at least 10",
			ln.Name, len(ln.G), len(ln.B), ln.K, channels)
	}
}

// validateGroups checks the multipliers of a layer with groups.
func validateGroups(l *intnet.Linear) error {
	if l.Group == 0 && len(l.GroupM) == 0 {
		return nil
	}
	if l.Group < 1 || l.In%l.Group != 0 || len(l.GroupM) != l.Out*(l.In/l.Group) {
		return fmt.Errorf("%s: has %d multipliers for groups of %d; expected one for each of the %d x %d/%d",
			l.Name, len(l.GroupM), l.Group, l.Out, l.In, l.Group)
	}
	for i, m := range l.GroupM {
		if m < 1 || m > 16 {
			return fmt.Errorf("%s: multiplier %d is %d; expected 1..16", l.Name, i, m)
		}
	}
	return nil
}

// validateWindows checks what belongs to a block of Swin, and to no other, and the biases of relative positions.
func validateWindows(b *intnet.Block, s network.Block) error {
	n := s.WindowTokens()
	switch {
	case s.Relative && len(b.Attn.Bias) != s.Heads*n*n:
		return fmt.Errorf("%s.attn: has %d biases; expected %d", s.Name, len(b.Attn.Bias), s.Heads*n*n)
	case !s.Relative && b.Attn.Bias != nil:
		return fmt.Errorf("%s.attn: has biases of relative positions; its model has none", s.Name)
	case s.Window == 0 && (b.Pad != nil || b.Merge != nil):
		return fmt.Errorf("%s: has a window's padding or a patch merging; it has no windows", s.Name)
	case s.Window == 0:
		return nil
	case len(b.Pad) != s.Dim:
		return fmt.Errorf("%s: has %d codes of padding; expected %d", s.Name, len(b.Pad), s.Dim)
	case (b.Merge != nil) != s.Merges():
		return fmt.Errorf("%s: a patch merging is there or missing", s.Name)
	case b.Merge != nil && b.Merge.Norm.Channels != 2*s.Dim:
		return fmt.Errorf("%s: has %d channels; expected %d", b.Merge.Norm.Name, b.Merge.Norm.Channels, 2*s.Dim)
	}
	return nil
}
