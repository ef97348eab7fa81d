package export

import (
	"fmt"
	"strconv"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/intnet"
)

// writer adds a network's operators to a graph. Values are 64-bit integers but where a product
// reads codes: images x rows x channels.
type writer struct {
	*graph
	net *intnet.Network
	of  *network.Network
}

// ONNX is the network as an ONNX model: input "image", images x H x W x channels of u8, output "logits",
// images x classes of 32-bit integers, as golden/exec gives them; and metadata "logit_scale", the real value
// of one step. Networks that the graph has no form for are refused with what it is.
func ONNX(net *intnet.Network, hash string) ([]byte, error) {
	of, err := network.Compile(net.Model)
	switch {
	case err != nil:
		return nil, err
	case of.Blocks[0].Window > 0:
		return nil, fmt.Errorf("model %s is a Swin: its windows have no ONNX form here yet; use the npz", net.Model.Name)
	case configs.GoldenOnly(of) != "":
		return nil, fmt.Errorf("model %s has %s, which has no ONNX form here; use the npz",
			net.Model.Name, configs.GoldenOnly(of))
	case net.Head.Dynamic:
		return nil, fmt.Errorf("model %s has dynamic scales, which have no ONNX form here; use the npz", net.Model.Name)
	}
	w := &writer{newGraph(), net, of}
	x := w.embed()
	for i := range net.Blocks {
		x = w.block("blocks."+strconv.Itoa(i), &net.Blocks[i], x)
	}
	logits := w.classify(x)
	w.named("logits", "Cast", []string{logits}, number("to", typeI32))
	image := net.Model.Image
	return w.encode(net.Model.Name, value("image", typeU8, -1, image.Height, image.Width, image.Channels),
		value("logits", typeI32, -1, net.Model.Classes),
		[][2]string{{"design", hash}, {"logit_scale", strconv.FormatFloat(net.LogitScale, 'g', -1, 64)},
			{"contract", "docs/NUMERICS.md"}}), nil
}

// cast makes 64-bit integers of what has fewer bits.
func (w *writer) cast(name, x string) string {
	return w.op(name, "Cast", []string{x}, number("to", typeI64))
}

func (w *writer) two(name, kind, a, b string) string { return w.op(name, kind, []string{a, b}) }

// offset makes a number non-negative before a division, which truncates in ONNX: no value of the contract
// that is shifted has more bits (NUMERICS.md, 4).
const offset = 54

// shift is the arithmetic shift x >> s. ONNX shifts unsigned integers only.
func (w *writer) shift(name, x string, s uint) string {
	if s == 0 {
		return x
	}
	up := int64(1) << max(offset, s)
	moved := w.two(name+".up", "Add", x, w.scalar(up))
	return w.two(name+".shift", "Sub", w.two(name+".div", "Div", moved, w.scalar(int64(1)<<s)), w.scalar(up>>s))
}

// round is rsh(x, s).
func (w *writer) round(name, x string, s uint) string {
	if s == 0 {
		return x
	}
	return w.shift(name, w.two(name+".half", "Add", x, w.scalar(int64(1)<<(s-1))), s)
}

// saturate is sat_b(x).
func (w *writer) saturate(name, x string, bits int) string {
	return w.op(name, "Clip", []string{x, w.scalar(-1 << (bits - 1)), w.scalar(1<<(bits-1) - 1)})
}

// codes makes what MatMulInteger reads of signed codes: unsigned bytes around 128, for which no processor
// has a product that saturates.
func (w *writer) codes(name, x string) string {
	return w.op(name+".u8", "Cast", []string{w.two(name+".plus", "Add", x, w.scalar(128))}, number("to", typeU8))
}

func (w *writer) middle() string { return w.tensor("middle", typeU8, nil, []byte{128}) }

// weights is a constant matrix In x Out of unsigned bytes around 128.
func (w *writer) weights(name string, l *intnet.Linear, part func(int) int) string {
	raw := make([]byte, l.In*l.Out)
	for o := range l.Out {
		for k := range l.In {
			raw[k*l.Out+o] = byte(part(l.Weight(o, k)) + 128)
		}
	}
	return w.tensor(name, typeU8, []int{l.In, l.Out}, raw)
}

// product is the sum of a matmul without its bias. Weights with a multiplier of their group have more than
// 8 bits: they are taken in two parts.
func (w *writer) product(name string, l *intnet.Linear, x string) string {
	a := w.codes(name, x)
	times := func(part string, f func(int) int) string {
		b := w.weights(name+"."+part, l, f)
		return w.cast(name+".acc", w.op(name+".mm", "MatMulInteger", []string{a, b, w.middle(), w.middle()}))
	}
	if l.Group == 0 {
		return times("w", func(v int) int { return v })
	}
	high := times("w_high", func(v int) int { return v >> 4 })
	low := times("w_low", func(v int) int { return v & 15 })
	return w.two(name+".sum", "Add", w.two(name+".high", "Mul", high, w.scalar(16)), low)
}

// linear is a matmul and its requantization (NUMERICS.md, 3.2).
func (w *writer) linear(name string, l *intnet.Linear, x string) string {
	multipliers := make([]int64, l.Out)
	for o, m := range l.M {
		multipliers[o] = int64(m)
	}
	acc := w.two(name+".bias", "Add", w.product(name, l, x), w.list(name+".b", l.Bias...))
	y := w.round(name+".rq", w.two(name+".scaled", "Mul", acc, w.list(name+".m", multipliers...)), l.Shift)
	return w.saturate(name, w.two(name+".zero", "Add", y, w.scalar(int64(l.Zero))), l.Bits)
}

// embed is the image's codes, the patches' product and the positions (3.1 and 3.2).
func (w *writer) embed() string {
	m := w.net.Model
	down := 8 - w.net.ImageBits
	p := w.two("pixels.centred", "Sub", w.cast("pixels", "image"), w.scalar(128))
	p = w.saturate("pixels.codes", w.round("pixels.rq", p, uint(down)), w.net.ImageBits)
	high, wide := m.Image.Height/m.Patch, m.Image.Width/m.Patch
	p = w.two("patches.cut", "Reshape", p, w.list("cut", -1, int64(high), int64(m.Patch), int64(wide), int64(m.Patch),
		int64(m.Image.Channels)))
	p = w.op("patches.order", "Transpose", []string{p}, numbers("perm", 0, 1, 3, 5, 2, 4))
	p = w.two("patches", "Reshape", p, w.list("rows", -1, int64(high*wide), int64(m.PatchInner())))
	y := w.linear("patch_embed", &w.net.PatchEmbed, p)
	pos := make([]int64, len(w.net.Pos))
	for i, v := range w.net.Pos {
		pos[i] = int64(v)
	}
	prefix := m.PrefixTokens() * m.Dim
	x := w.two("patch_embed.pos", "Add", y, w.ints("pos", []int{high * wide, m.Dim}, pos[prefix:]...))
	x = w.saturate("patch_embed.stream", x, configs.ResidualBits)
	if prefix > 0 {
		x = w.prefix(x, pos[:prefix])
	}
	if w.net.PatchNorm != nil {
		x = w.layerNorm("patch_norm", w.net.PatchNorm, x)
	}
	return x
}

// prefix puts the rows of the learned tokens, which are the same for all images, in front of the patches'.
func (w *writer) prefix(x string, pos []int64) string {
	m := w.net.Model
	images := w.op("images", "Gather", []string{w.op("image.shape", "Shape", []string{"image"}), w.list("zero", 0)},
		number("axis", 0))
	size := w.op("prefix.shape", "Concat", []string{images, w.list("prefix.size", int64(m.PrefixTokens()), int64(m.Dim))},
		number("axis", 0))
	first := w.two("prefix", "Expand", w.saturate("prefix.stream",
		w.ints("prefix.pos", []int{1, m.PrefixTokens(), m.Dim}, pos...), configs.ResidualBits), size)
	return w.op("stream", "Concat", []string{first, x}, number("axis", 1))
}

// steps is how many exponents a spread may have: D has at most 62 bits.
const steps = 32

// layerNorm follows NUMERICS.md, 3.3, over the last axis.
func (w *writer) layerNorm(name string, l *intnet.LayerNorm, x string) string {
	sum := func(label, v string) string {
		return w.op(name+"."+label, "ReduceSum", []string{v, w.list("last", -1)}, number("keepdims", 1))
	}
	c := w.scalar(int64(l.Channels))
	s1, s2 := sum("s1", x), sum("s2", w.two(name+".square", "Mul", x, x))
	d := w.two(name+".cs2", "Mul", s2, c)
	d = w.two(name+".spread", "Sub", d, w.two(name+".s1s1", "Mul", s1, s1))
	d = w.two(name+".D", "Add", d, w.scalar(l.E))
	powers := make([]int64, 0, steps)
	for t := 1; 2*t < 63; t++ {
		powers = append(powers, 1<<(2*t))
	}
	above := w.two(name+".above", "GreaterOrEqual", d, w.list("powers", powers...))
	e := sum("e", w.cast(name+".reached", above))
	// Powers of two with exponents of either sign: a product, then a division.
	power := func(label string, exponent func(int) int) (times, over string) {
		up, down := make([]int64, steps), make([]int64, steps)
		for i := range steps {
			k := exponent(i)
			up[i], down[i] = 1<<max(0, min(k, 46)), 1<<max(0, min(-k, 62))
		}
		return w.two(name+"."+label+".up", "Gather", w.list(label+".ups", up...), e),
			w.two(name+"."+label+".down", "Gather", w.list(label+".downs", down...), e)
	}
	up, down := power("idx", func(i int) int { return 6 - 2*i })
	index := w.two(name+".idx", "Div", w.two(name+".idx.mul", "Mul", d, up), down)
	table := make([]int64, len(w.net.Rsqrt))
	for i, v := range w.net.Rsqrt {
		table[i] = int64(v)
	}
	r := w.two(name+".root", "Gather", w.list("rsqrt", table...), w.two(name+".entry", "Sub", index, w.scalar(64)))
	up, down = power(fmt.Sprintf("k%d", l.K), func(i int) int { return int(l.K) - 17 - i })
	r = w.two(name+".R", "Div", w.two(name+".R.mul", "Mul", r, up), down)
	r = w.two(name+".R.min", "Min", r, w.scalar(1<<17-1))
	n := w.two(name+".d", "Sub", w.two(name+".cx", "Mul", x, c), s1)
	n = w.round(name+".n", w.two(name+".dR", "Mul", n, r), l.K-10)
	gains := make([]int64, len(l.G))
	for i, v := range l.G {
		gains[i] = int64(v)
	}
	y := w.two(name+".gained", "Mul", n, w.list(name+".g", gains...))
	y = w.shift(name+".y", w.two(name+".moved", "Add", y, w.list(name+".b", l.B...)), l.SG)
	return w.saturate(name, y, l.Bits)
}

// block adds a transformer block.
func (w *writer) block(name string, b *intnet.Block, x string) string {
	a := w.layerNorm(name+".norm1", &b.Norm1, x)
	y := w.attention(name+".attn", b, a)
	x = w.add(name+".attn.add", x, w.linear(name+".attn.proj", &b.Proj, y))
	a = w.layerNorm(name+".norm2", &b.Norm2, x)
	h := w.linear(name+".mlp.fc1", &b.FC1, a)
	table := make([]int64, len(b.GELU.Table))
	for i, v := range b.GELU.Table {
		table[i] = int64(v)
	}
	h = w.two(name+".mlp.index", "Add", h, w.scalar(1<<(b.GELU.InBits-1)))
	h = w.two(name+".mlp.gelu", "Gather", w.list(name+".gelu", table...), h)
	return w.add(name+".mlp.add", x, w.linear(name+".mlp.fc2", &b.FC2, h))
}

// add is the residual add.
func (w *writer) add(name, x, y string) string {
	return w.saturate(name, w.two(name+".sum", "Add", x, y), configs.ResidualBits)
}

// attention follows NUMERICS.md, 3.4: images x heads x rows x channels of a head.
func (w *writer) attention(name string, b *intnet.Block, x string) string {
	m, at := w.net.Model, &b.Attn
	heads := func(part string, l *intnet.Linear, perm ...int) string {
		v := w.linear(name+"."+part, l, x)
		v = w.two(name+"."+part+".split", "Reshape", v,
			w.list("heads", 0, int64(m.Tokens()), int64(m.Heads), int64(m.Dim/m.Heads)))
		return w.codes(name+"."+part+".head", w.op(name+"."+part+".turn", "Transpose", []string{v}, numbers("perm", perm...)))
	}
	q, k, v := heads("q", &b.Q, 0, 2, 1, 3), heads("k", &b.K, 0, 2, 3, 1), heads("v", &b.V, 0, 2, 1, 3)
	acc := w.cast(name+".scores", w.op(name+".qk", "MatMulInteger", []string{q, k, w.middle(), w.middle()}))
	perHead := func(label string, n int, value func(int) int64) string {
		values := make([]int64, n)
		for i := range values {
			values[i] = value(i)
		}
		return w.ints(name+"."+label, []int{n, 1, 1}, values...)
	}
	most := w.op(name+".max", "ReduceMax", []string{acc}, numbers("axes", -1), number("keepdims", 1))
	gap := w.two(name+".gap.m", "Mul", w.two(name+".gap", "Sub", most, acc),
		perHead("m", len(at.M), func(i int) int64 { return int64(at.M[i]) }))
	index := w.two(name+".index", "Min", w.round(name+".v", gap, at.Shift), w.scalar(1<<w.net.Exp.Index-1))
	table := make([]int64, len(w.net.Exp.Table))
	for i, e := range w.net.Exp.Table {
		table[i] = int64(e)
	}
	e := w.two(name+".softmax", "Gather", w.list("exp", table...), index)
	z := w.op(name+".Z", "ReduceSum", []string{e, w.list("last", -1)}, number("keepdims", 1))
	rm := w.two(name+".RM", "Div", perHead("ch", len(at.Ch), func(i int) int64 { return at.Ch[i] }), z)
	zero := w.tensor("zero_u8", typeU8, nil, []byte{0})
	e = w.op(name+".numerators", "Cast", []string{e}, number("to", typeU8))
	o := w.cast(name+".O", w.op(name+".ev", "MatMulInteger", []string{e, v, zero, w.middle()}))
	y := w.round(name+".y", w.two(name+".O.RM", "Mul", o, rm), at.OutShift)
	y = w.saturate(name+".av", w.two(name+".zero", "Add", y, w.scalar(int64(at.OutZero))), at.OutBits)
	y = w.op(name+".side", "Transpose", []string{y}, numbers("perm", 0, 2, 1, 3))
	return w.two(name+".joined", "Reshape", y, w.list("joined", 0, int64(m.Tokens()), int64(m.Dim)))
}

// pool is the mean or the largest of rows, images x 1 x channels.
func (w *writer) pool(name string, x string) string {
	p := w.net.Pool
	if p.Max {
		return w.op(name, "ReduceMax", []string{x}, numbers("axes", 1), number("keepdims", 1))
	}
	sum := w.op(name+".sum", "ReduceSum", []string{x, w.list("axis1", 1)}, number("keepdims", 1))
	sum = w.two(name+".moved", "Sub", sum, w.scalar(int64(p.Tokens)*int64(p.InZero)))
	y := w.round(name+".rq", w.two(name+".scaled", "Mul", sum, w.scalar(int64(p.A))), p.Shift)
	return w.saturate(name, w.two(name+".zero", "Add", y, w.scalar(int64(p.Zero))), p.Bits)
}

// rows are some of the rows of images x rows x channels.
func (w *writer) rows(name, x string, from, n int) string {
	return w.op(name, "Slice", []string{x, w.list("from", int64(from)), w.list("to", int64(from+n)), w.list("axis1", 1)})
}

// classify is the last norm, in front of a pooling or behind it, and the heads (3.6 and 3.8).
func (w *writer) classify(x string) string {
	norm := w.of.At(network.None, network.RoleNorm)
	pool, pools := w.of.Find(network.RolePool)
	inFront := pool.Kind == network.OpPoolStream
	if pools && inFront {
		x = w.pool("pool", w.rows("pool.rows", x, pool.FirstRow, w.net.Pool.Tokens))
	} else {
		x = w.rows("norm.rows", x, norm.FirstRow, norm.Rows)
	}
	x = w.layerNorm("norm", &w.net.Norm, x)
	if pools && !inFront {
		x = w.pool("pool", x)
	}
	head := func(name string, l *intnet.Linear, row int64) string {
		return w.linear(name, l, w.op(name+".row", "Gather", []string{x, w.scalar(row)}, number("axis", 1)))
	}
	logits := head("head", &w.net.Head, 0)
	if w.net.HeadDist == nil {
		return logits
	}
	sum := w.two("heads.sum", "Add", logits, head("head_dist", w.net.HeadDist, 1))
	return w.saturate("heads", sum, w.net.HeadDist.Bits)
}
