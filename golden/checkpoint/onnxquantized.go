package checkpoint

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// adopted is a quantized network as it was read: weights under timm's names, the codes of its layers, and what
// the contract has not.
type adopted struct {
	s     *structure
	at    int // next part
	grids Grids
	notes []note
	kept  map[string]bool // nodes whose codes were taken as they are
	heads int
}

// note says of a layer what is not as in the file, and what is in its place.
type note struct{ layer, text string }

// adopt reads a quantized graph: its weights become the checkpoint's.
func (d *dequantizer) adopt(r *graphReader) (*adopted, error) {
	s, err := d.scan(r)
	if err != nil {
		return nil, err
	}
	a := &adopted{s: s, grids: Grids{}, kept: map[string]bool{}}
	s.o.c.entries = map[string]entry{}
	if err := a.front(); err != nil {
		return nil, err
	}
	block := 0
	for ; a.at+1 < len(s.parts) && s.parts[a.at].kind == "norm" && s.parts[a.at+1].kind == "product" &&
		a.attends(); block++ {
		if err := a.block(fmt.Sprintf("blocks.%d.", block)); err != nil {
			return nil, err
		}
	}
	if block == 0 {
		return nil, fmt.Errorf("the graph is no vision transformer: behind its patches there is %s; expected a LayerNorm, "+
			"q, k, v and an attention", a.here())
	}
	if err := a.back(); err != nil {
		return nil, err
	}
	a.others()
	if a.heads > 0 {
		r.list = append(r.list, fact{"heads", a.heads, "the graph's Reshape"})
	}
	return a, nil
}

// attends says whether an attention follows before the next norm.
func (a *adopted) attends() bool {
	for _, p := range a.s.parts[a.at+1:] {
		if p.kind == "attention" || p.kind == "norm" {
			return p.kind == "attention"
		}
	}
	return false
}

// here names the next part.
func (a *adopted) here() string {
	if a.at >= len(a.s.parts) {
		return "nothing"
	}
	return "a " + a.s.parts[a.at].kind + ", " + a.s.parts[a.at].node.title()
}

// take is the next part, which must be of a kind.
func (a *adopted) take(kind, what string) (part, error) {
	if a.at >= len(a.s.parts) || a.s.parts[a.at].kind != kind {
		return part{}, fmt.Errorf("the graph is no vision transformer that is known: there is %s; expected a %s for %s",
			a.here(), kind, what)
	}
	a.at++
	return a.s.parts[a.at-1], nil
}

// store puts a constant under a parameter's name.
func (a *adopted) store(name, constant string, shape ...int) error {
	e, ok := a.s.o.tensors[constant]
	if !ok {
		return fmt.Errorf("the graph computes %s (%s); expected a constant", name, constant)
	}
	if shape != nil {
		if volume(shape) != volume(e.Shape) {
			return fmt.Errorf("%s is %v; expected %v", name, e.Shape, shape)
		}
		e.Shape = shape
	}
	a.s.o.c.entries[name] = e
	return nil
}

// front reads patches, tokens and positions.
func (a *adopted) front() error {
	conv, err := a.take("conv", "the patches")
	if err != nil {
		return err
	}
	dim := a.s.shape(conv.weight)[0]
	if err := a.store("patch_embed.proj.weight", conv.weight); err != nil {
		return err
	}
	if conv.bias != "" {
		if err := a.store("patch_embed.proj.bias", conv.bias, dim); err != nil {
			return err
		}
	}
	if err := a.weight("patch_embed", conv, a.s.weights[conv.weight], "patch_embed.proj.weight"); err != nil {
		return err
	}
	if a.s.position != "" {
		n := volume(a.s.shape(a.s.position))
		if err := a.store("pos_embed", a.s.position, 1, n/dim, dim); err != nil {
			return err
		}
	}
	for i, t := range a.s.tokens {
		name := []string{"cls_token", "reg_token"}[min(i, 1)]
		if err := a.store(name, t, 1, volume(a.s.shape(t))/dim, dim); err != nil {
			return err
		}
	}
	if a.at+1 < len(a.s.parts) && a.s.parts[a.at].kind == "norm" && a.s.parts[a.at+1].kind == "norm" {
		return a.norm("norm_pre")
	}
	return nil
}

func (a *adopted) norm(name string) error {
	p, err := a.take("norm", name)
	if err != nil {
		return err
	}
	n := volume(a.s.shape(p.weight))
	if err := a.store(name+".weight", p.weight, n); err != nil {
		return err
	}
	if p.bias == "" {
		a.s.o.c.entries[name+".bias"] = newEntry([]int{n}, make([]float32, n))
		return nil
	}
	return a.store(name+".bias", p.bias, n)
}

// block reads one block.
func (a *adopted) block(p string) error {
	if err := a.norm(p + "norm1"); err != nil {
		return err
	}
	var parts []int
	for a.at < len(a.s.parts) && a.s.parts[a.at].kind == "product" {
		parts = append(parts, a.at)
		a.at++
	}
	att, err := a.take("attention", p+"attn")
	if err == nil {
		err = a.qkv(p, parts, att)
	}
	if err == nil {
		_, err = a.product(p+"attn.proj", p+"ls1.gamma")
	}
	if err == nil {
		err = a.norm(p + "norm2")
	}
	if err != nil {
		return err
	}
	fc1, err := a.product(p+"mlp.fc1", "")
	if err == nil && fc1.result != nil {
		err = a.index(p+"mlp.fc1", fc1.result)
	}
	if err == nil {
		_, err = a.product(p+"mlp.fc2", p+"ls2.gamma")
	}
	return err
}

// product reads a layer, and with a name for it the layer scale behind it.
func (a *adopted) product(name, gamma string) (part, error) {
	p, err := a.take("product", name)
	if err != nil {
		return p, err
	}
	if err := a.linear(name, p); err != nil {
		return p, err
	}
	if p.gamma != "" {
		if gamma == "" {
			return p, fmt.Errorf("%s: the result of %s is scaled channel by channel (%s); "+
				"expected that behind proj and fc2 alone", p.node.title(), name, p.gamma)
		}
		return p, a.store(gamma, p.gamma, a.s.width(p))
	}
	return p, nil
}

// linear stores weight and bias, and takes the codes of both ends.
func (a *adopted) linear(name string, p part) error {
	weight := p.weight
	c := a.s.weights[weight]
	if p.turned {
		e, err := a.s.o.tensors[weight].transposed()
		if err == nil {
			err = a.s.grows(volume(e.Shape))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		weight += "/transposed"
		a.s.o.tensors[weight] = e
		if c != nil {
			turned := *c
			if c.axis >= 0 {
				turned.axis = 1 - c.axis
			}
			c = &turned
		}
	}
	if err := a.store(name+".weight", weight); err != nil {
		return err
	}
	if p.bias != "" {
		if err := a.store(name+".bias", p.bias, a.s.width(p)); err != nil {
			return err
		}
	}
	if err := a.weight(name, p, c, name+".weight"); err != nil {
		return err
	}
	return a.reads(name, p.in)
}

// qkv reads one product of q, k and v side by side, or three.
func (a *adopted) qkv(p string, parts []int, att part) error {
	name, o := p+"attn.qkv", att.qkv
	for i := range o {
		if a.heads == 0 {
			a.heads = o[i].heads
		}
	}
	switch {
	case len(parts) == 1 && o[0].part == parts[0] && o[1].part == parts[0] && o[2].part == parts[0]:
		for i := range o {
			if o[i].which >= 0 && o[i].which != i {
				return fmt.Errorf("%s: part %d of the result is the attention's %s; expected q, k and v in this order",
					a.s.parts[parts[0]].node.title(), o[i].which, "qkv"[i:i+1])
			}
		}
		if err := a.linear(name, a.s.parts[parts[0]]); err != nil {
			return err
		}
	case len(parts) == 3 && slices.Contains(parts, o[0].part) && slices.Contains(parts, o[1].part) &&
		slices.Contains(parts, o[2].part):
		if err := a.apart(name, o); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s: q, k and v are of %d products; expected one or three", att.node.title(), len(parts))
	}
	return a.heads3(p+"attn.matmul", att)
}

// apart joins three layers to one: rows of q, k and v.
func (a *adopted) apart(name string, o [3]origin) error {
	joined, entries := LayerGrids{}, a.s.o.c.entries
	var w, b []float32
	var grid [3]LayerGrids
	in, biases := 0, 0
	for i := range o {
		own := name + "/" + "qkv"[i:i+1]
		if err := a.linear(own, a.s.parts[o[i].part]); err != nil {
			return err
		}
		grid[i] = a.grids[own]
		delete(a.grids, own)
		e := entries[own+".weight"]
		v, err := decodeValues(e.DType, e.data)
		if err != nil {
			return err
		}
		w, in = append(w, v...), e.Shape[1]
		if e, ok := entries[own+".bias"]; ok {
			v, err := decodeValues(e.DType, e.data)
			if err != nil {
				return err
			}
			b = append(b, v...)
			biases++
		} else {
			b = append(b, make([]float32, e.Shape[0])...)
		}
		delete(entries, own+".weight")
		delete(entries, own+".bias")
		joined.WeightBits = max(joined.WeightBits, grid[i].WeightBits)
		joined.InputBits = max(joined.InputBits, grid[i].InputBits)
		joined.WeightScale = append(joined.WeightScale, grid[i].WeightScale...)
	}
	entries[name+".weight"] = newEntry([]int{len(w) / in, in}, w)
	if biases > 0 {
		entries[name+".bias"] = newEntry([]int{len(b)}, b)
	}
	for i := range a.notes {
		a.notes[i].layer = strings.Replace(a.notes[i].layer, name+"/", name+" ", 1)
	}
	if len(joined.WeightScale) != len(b) {
		joined.WeightScale = nil
	}
	if same(grid[0].Input, grid[1].Input) && same(grid[0].Input, grid[2].Input) {
		joined.Input = grid[0].Input
	} else {
		a.say(name, "q, k and v read codes of different scales: one scale for all three is found here")
	}
	a.grids[name] = joined
	return nil
}

func same(a, b *Grid) bool { return a == b || a != nil && b != nil && *a == *b }

// back reads what is behind the blocks.
func (a *adopted) back() error {
	norm := "norm"
	if a.at < len(a.s.parts) && a.s.parts[a.at].kind == "pool" {
		a.at++
		norm = "fc_norm"
	}
	if err := a.norm(norm); err != nil {
		return err
	}
	if a.at < len(a.s.parts) && a.s.parts[a.at].kind == "pool" {
		a.at++
	}
	for i := 0; a.at < len(a.s.parts) && a.s.parts[a.at].kind == "product" && i < 2; i++ {
		if _, err := a.product([]string{"head", "head_dist"}[i], ""); err != nil {
			return err
		}
		if e, ok := a.s.o.c.entries["reg_token"]; ok && i == 1 { // the second token is that of the second head
			a.s.o.c.entries["dist_token"] = e
			delete(a.s.o.c.entries, "reg_token")
		}
	}
	if a.at < len(a.s.parts) {
		return fmt.Errorf("the graph is no vision transformer that is known: behind the head there is %s", a.here())
	}
	return nil
}

func (a *adopted) say(layer, format string, args ...any) {
	a.notes = append(a.notes, note{layer, fmt.Sprintf(format, args...)})
}

// legal refuses bits that the contract has not.
func legal(layer string, c *codes, most int) error {
	if c.bits < 2 || c.bits > most {
		return fmt.Errorf("%s: asks for codes of %d bits in %s; the integer contract has 2 to %d",
			c.node, c.bits, layer, most)
	}
	return nil
}

// weight takes the codes of a layer's weights, Out x In. The contract has symmetric ones, of a scale a layer or an
// output.
func (a *adopted) weight(layer string, p part, c *codes, name string) error {
	e := a.s.o.c.entries[name]
	g := a.grids[layer]
	defer func() { a.grids[layer] = g }()
	if c == nil {
		a.say(layer, "the weights are float in the file: their codes are found here")
		return nil
	}
	if err := legal(layer+"'s weights", c, 8); err != nil {
		return err
	}
	if g.WeightBits = c.bits; c.axis > 0 && !c.one() {
		return fmt.Errorf("%s: scales of %s's weights are along the inputs; the integer contract has one a layer or one "+
			"an output channel", c.node, layer)
	}
	values, err := decodeValues(e.DType, e.data)
	if err != nil {
		return err
	}
	out := e.Shape[0]
	scale, limit, row := make([]float64, out), math.Exp2(float64(c.bits-1))-1, len(values)/out
	lowest, beyond, lifted, top := 0, 0, 0, 0.0
	for i := range scale {
		scale[i] = c.scale[i%len(c.scale)]
		for _, v := range values[i*row : (i+1)*row] {
			switch code := math.Round(float64(v) / scale[i]); {
			case code == -limit-1:
				lowest++
			case math.Abs(code) > limit:
				beyond++
			}
		}
		top = max(top, scale[i])
	}
	if beyond > 0 {
		a.say(layer, "weights less their zero point do not fit %d bits: the contract's are symmetric, "+
			"and their codes are found here", c.bits)
		return nil
	}
	for i := range scale {
		if least := top / leastScale; scale[i] < least {
			scale[i] = least
			lifted++
		}
	}
	if lowest > 0 {
		a.say(layer, "%s %g become %g, the least that the contract has", count(lowest, "weight code"), -limit-1, -limit)
	}
	if lifted > 0 {
		a.say(layer, "scales of %s are raised to 1/%d of the layer's largest", count(lifted, "output"), leastScale)
	}
	a.kept[p.weight] = true
	g.WeightScale = scale
	return nil
}

// leastScale is the ratio of a layer's largest scale of weights to its least: docs/NUMERICS.md, section 5.
const leastScale = 512

// signed are codes of zero point and scale as the contract has them; text says why it has not.
func (c *codes) signed() (g *Grid, text string) {
	zero := c.zero[0]
	if c.least == 0 { // unsigned
		zero -= math.Exp2(float64(c.bits - 1))
	}
	if zero != math.Trunc(zero) || math.Abs(zero) > math.Exp2(float64(c.bits-1)) {
		return nil, fmt.Sprintf("the zero point is %g, which is no code", c.zero[0])
	}
	return &Grid{c.bits, c.scale[0], int(zero)}, ""
}

// static refuses scales that differ along an activation.
func static(layer string, c *codes) error {
	if c.one() {
		return nil
	}
	return fmt.Errorf("%s: asks for %d scales in what %s reads; the integer contract has one a tensor",
		c.node, len(c.scale), layer)
}

// reads takes the codes that a layer reads.
func (a *adopted) reads(layer string, c *codes) error {
	g := a.grids[layer]
	if c == nil {
		a.say(layer, "what it reads is float in the file: its codes are found here")
		return nil
	}
	if err := legal(layer, c, 8); err != nil {
		return err
	}
	if err := static(layer, c); err != nil {
		return err
	}
	text := ""
	g.InputBits = c.bits
	if g.Input, text = c.signed(); g.Input == nil {
		a.say(layer, "%s: the codes that it reads are found here", text)
	} else {
		a.kept[c.node] = true
	}
	if c.most-c.least+1 < math.Exp2(float64(c.bits)) {
		a.say(layer, "the narrow range of the codes that it reads is %d bits whole", c.bits)
	}
	a.grids[layer] = g
	return nil
}

// heads3 takes the codes of q, k and v, which have no zero point in the contract.
func (a *adopted) heads3(layer string, att part) error {
	g := LayerGrids{}
	for i, o := range att.qkv {
		what, c := "qkv"[i:i+1], o.codes
		if c == nil {
			c = a.s.parts[o.part].result
		}
		if c == nil {
			a.say(layer, "%s is float in the file: its codes are found here", what)
			continue
		}
		if err := legal(layer+"'s "+what, c, 8); err != nil {
			return err
		}
		if err := static(layer, c); err != nil {
			return err
		}
		g.InputBits = max(g.InputBits, c.bits)
		grid, text := c.signed()
		if grid != nil && grid.Zero != 0 {
			text = fmt.Sprintf("%s has a zero point, which the contract has not there", what)
		}
		if text != "" {
			a.say(layer, "%s: its codes are found here, a head at a time", text)
			continue
		}
		a.kept[c.node] = true
		if o.codes != nil {
			grid.Scale /= math.Abs(o.factor)
		}
		g.QKV[i] = grid
	}
	for i, q := range g.QKV {
		if q != nil && q.Bits != g.InputBits {
			a.say(layer, "%s has %d bits in the file and %d here, as the widest of q, k and v: its codes are found here",
				"qkv"[i:i+1], q.Bits, g.InputBits)
			g.QKV[i] = nil
		}
	}
	a.grids[layer] = g
	return nil
}

// index takes the codes in front of the activation's function.
func (a *adopted) index(layer string, c *codes) error {
	if err := static(layer, c); err != nil {
		return err
	}
	g := a.grids[layer]
	text := ""
	if c.bits < 4 || c.bits > 10 {
		text = fmt.Sprintf("its result has %d bits in the file, the index of the activation's table 4 to 10", c.bits)
	} else if g.Output, text = c.signed(); text == "" {
		a.kept[c.node] = true
	}
	if text != "" {
		a.say(layer, "%s: the index is found here", text)
	}
	a.grids[layer] = g
	return nil
}
