package checkpoint

import (
	"fmt"
	"math"
	"slices"

	"vitdse/configs/network"
)

// block reads a block that ends in a sum, and is the stream that it reads.
func (s *tracedSwin) block(end *moved) (*moved, error) {
	var b swinBlock
	// The MLP.
	skip, branch, layer, err := s.branch(end)
	if err != nil {
		return nil, err
	}
	b.fc2 = layer
	if _, err := s.straight(branch, "an MLP"); err != nil {
		return nil, err
	}
	if b.fc1, err = s.activated(b.fc2.in); err != nil {
		return nil, err
	}
	middle, err := s.straight(skip, "a residual stream")
	if err != nil {
		return nil, err
	}
	if b.norm2, err = s.normOf(b.fc1.in, middle, "the LayerNorm in front of an MLP"); err != nil {
		return nil, err
	}
	// The attention.
	skip, branch, layer, err = s.branch(middle)
	if err != nil {
		return nil, err
	}
	b.proj = layer
	stream, err := s.straight(skip, "a residual stream")
	if err != nil {
		return nil, err
	}
	x, err := s.attention(&b.tracedAttention)
	if err != nil {
		return nil, err
	}
	_, at, err := s.places(x, "the windows of an attention")
	if err != nil {
		return nil, err
	}
	channels := b.heads * b.width
	if b.order = rowsOf(at, channels); b.order == nil || len(b.order) != b.windows*b.rows {
		return nil, fmt.Errorf("%s: its windows are not of whole tokens", b.softmax.title())
	}
	norm, _, _ := s.computed(x)
	if b.norm1, err = s.layerNorm(norm, "the LayerNorm in front of an attention"); err != nil {
		return nil, err
	}
	if before, err := s.straight(b.norm1.in, "a residual stream"); err != nil || before != stream {
		return nil, fmt.Errorf("%s: reads another residual stream than its attention is added to", b.norm1.node.title())
	}
	_, back, err := s.places(branch, "an attention")
	if err != nil {
		return nil, err
	}
	b.back = rowsOf(back, channels)
	s.blocks = append(s.blocks, b)
	return stream, nil
}

// branch takes a sum of a residual stream and a layer's result apart.
func (s *tracedGraph) branch(sum *moved) (skip, branch *moved, layer affine, err error) {
	const expected = "the sum of a residual stream and a layer"
	if sum.node == nil || sum.node.op != "Add" || len(sum.in) != 2 || sum.in[0].list != nil || sum.in[1].list != nil {
		return nil, nil, layer, wrong(sum, expected)
	}
	for i := 1; i >= 0; i-- {
		of, _, err := s.places(sum.in[i], expected)
		if err != nil {
			return nil, nil, layer, err
		}
		if layer, ok := s.affine(of); ok && layer.bias != nil {
			return sum.in[1-i], sum.in[i], layer, nil
		}
	}
	return nil, nil, layer, wrong(sum, expected+" with a bias")
}

// normOf is the LayerNorm that a layer reads, which has to read the given stream.
func (s *tracedGraph) normOf(t, stream *moved, expected string) (tracedNorm, error) {
	of, err := s.straight(t, expected)
	if err != nil {
		return tracedNorm{}, err
	}
	n, err := s.layerNorm(of, expected)
	if err != nil {
		return n, err
	}
	if before, err := s.straight(n.in, "a residual stream"); err != nil || before != stream {
		return n, fmt.Errorf("%s: reads another residual stream than what follows it is added to", n.node.title())
	}
	return n, nil
}

// activated is the layer behind which the activation stands that a tensor is.
func (s *tracedSwin) activated(t *moved) (affine, error) {
	const expected = "an activation of a layer's result"
	var leaf *moved
	var find func(t *moved, depth int) error
	find = func(t *moved, depth int) error {
		of, err := s.straight(t, expected)
		if err != nil {
			return err
		}
		if _, ok := s.affine(of); ok {
			if leaf != nil && leaf != of {
				return fmt.Errorf("%s: the activation is of two layers; a gated MLP is not carried in a Swin", of.node.title())
			}
			leaf = of
			return nil
		}
		if of.node == nil || depth == 0 {
			return wrong(of, expected)
		}
		for _, in := range of.in {
			if in == nil || in.list != nil {
				continue
			}
			if err := find(in, depth-1); err != nil {
				return err
			}
		}
		return nil
	}
	if err := find(t, 8); err != nil {
		return affine{}, err
	}
	layer, _ := s.affine(leaf)
	name, err := s.activationOf(t, leaf)
	if err != nil {
		return layer, err
	}
	if s.activation != "" && s.activation != name {
		return layer, fmt.Errorf("the graph has the activations %s and %s; carried is one in all blocks", s.activation, name)
	}
	s.activation = name
	return layer, nil
}

// functions are the activations that are carried.
var functions = []struct {
	name string
	of   func(x float64) float64
}{
	{"gelu", func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }},
	{"gelu_tanh", func(x float64) float64 { return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))) }},
	{"quick_gelu", func(x float64) float64 { return x / (1 + math.Exp(-1.702*x)) }},
	{"relu", func(x float64) float64 { return max(x, 0) }},
	{"silu", func(x float64) float64 { return x / (1 + math.Exp(-x)) }},
}

// activationOf finds the function that a part of the graph computes, by its values.
func (s *tracedGraph) activationOf(t, leaf *moved) (string, error) {
	for _, f := range functions {
		same := true
		for x := -4.0; x <= 4 && same; x += 0.25 {
			y, err := s.at(t, leaf, x)
			if err != nil {
				return "", err
			}
			same = math.Abs(y-f.of(x)) <= 2e-6
		}
		if same {
			return f.name, nil
		}
	}
	of, _, _ := s.computed(t)
	return "", fmt.Errorf("%s: the activation is none of gelu, gelu_tanh, quick_gelu, relu and silu", of.node.title())
}

// at is what a part of the graph computes where a node gives x.
func (s *tracedGraph) at(t, leaf *moved, x float64) (float64, error) {
	if v, ok := s.scalarOf(t); ok {
		return v, nil
	}
	if t.list != nil {
		return 0, fmt.Errorf("an activation has constants that differ from channel to channel")
	}
	of, _, err := s.computed(t)
	if err != nil {
		return 0, err
	}
	if of == leaf {
		return x, nil
	}
	var v []float64
	for _, in := range of.in {
		if in == nil {
			continue
		}
		y, err := s.at(in, leaf, x)
		if err != nil {
			return 0, err
		}
		v = append(v, y)
	}
	switch two, one := twofold[of.node.op], onefold[of.node.op]; {
	case two != nil && len(v) == 2:
		return two(v[0], v[1]), nil
	case one != nil && len(v) == 1:
		return one(v[0]), nil
	case of.node.op == "Gelu" && of.node.attributes["approximate"].text == "tanh":
		return functions[1].of(v[0]), nil
	case of.node.op == "Gelu":
		return functions[0].of(v[0]), nil
	}
	return 0, wrong(of, "an activation")
}

// adoptBlock holds a block against that of the network, and stores its tensors.
func (s *tracedSwin) adoptBlock(b *swinBlock, net *network.Network, i int) error {
	shape := net.Blocks[i]
	if b.heads != shape.Heads || b.heads*b.width != shape.Dim || b.fc1.out != shape.Hidden {
		return fmt.Errorf("has %d heads of %d channels and %d hidden channels; expected %d of %d and %d",
			b.heads, b.width, b.fc1.out, shape.Heads, shape.HeadDim(), shape.Hidden)
	}
	if want := shape.WindowOrder(); !slices.Equal(b.order, want) {
		return otherOrder(b, shape)
	}
	home := len(b.back) == shape.Tokens()
	for token, row := range b.back {
		home = home && row >= 0 && row < len(b.order) && b.order[row] == token
	}
	if !home {
		return fmt.Errorf("%s: its rows do not go back to the tokens that they came from", b.proj.node.title())
	}
	if err := s.positions(&b.tracedAttention, shape, shape.WindowRegions()); err != nil {
		return err
	}
	name := shape.Name
	if err := s.storeQKV(name+".attn.qkv", &b.tracedAttention); err != nil {
		return err
	}
	for _, n := range []struct {
		name string
		norm tracedNorm
	}{{".norm1", b.norm1}, {".norm2", b.norm2}} {
		if err := s.storeNorm(name+n.name, n.norm, shape.Dim); err != nil {
			return err
		}
	}
	for _, l := range []struct {
		name  string
		layer affine
	}{{".attn.proj", b.proj}, {".mlp.fc1", b.fc1}, {".mlp.fc2", b.fc2}} {
		if err := s.storeLayer(name+l.name, l.layer); err != nil {
			return err
		}
	}
	return nil
}

// otherOrder says by which shift a block's windows differ from a Swin's.
func otherOrder(b *swinBlock, shape network.Block) error {
	want := fmt.Sprintf("%d rows and %d columns", shape.ShiftY, shape.ShiftX)
	for y := range shape.Window {
		for x := range shape.Window {
			other := shape
			other.ShiftY, other.ShiftX = y, x
			if slices.Equal(b.order, other.WindowOrder()) {
				return fmt.Errorf("%s: its windows of %d are shifted by %d rows and %d columns; expected %s",
					b.softmax.title(), shape.Window, y, x, want)
			}
		}
	}
	return fmt.Errorf("%s: its windows of %dx%d tokens on a grid of %dx%d hold other tokens than those of a Swin, "+
		"shifted by %s", b.softmax.title(), shape.Window, shape.Window, shape.H, shape.W, want)
}

// masked is what is added at least to scores that do not count: frameworks add -100.
const masked = -50

// positions recovers the table of relative positions from what is added to the scores, and checks the mask between rows
// of different regions.
func (s *tracedGraph) positions(b *tracedAttention, shape network.Block, regions []uint8) error {
	n, heads := b.rows, b.heads
	size := shape.RelativePositions() * heads
	table, known := make([]float32, size), make([]bool, size)
	if b.added == nil {
		b.added = make([]float64, b.windows*heads*n*n)
	}
	for pass := range 2 { // what counts, then what does not
		for at, v := range b.added {
			w, h, i, j := at/(heads*n*n), at/(n*n)%heads, at/n%n, at%n
			meet := regions[w*n+i] == regions[w*n+j]
			k := shape.RelativePosition(i, j)*heads + h
			switch {
			case pass == 1 && !meet:
				if !(v-float64(table[k]) <= masked) {
					return fmt.Errorf("%s: row %d of window %d attends to row %d, which the shift brought from elsewhere; "+
						"expected a mask between them", b.softmax.title(), i, w, j)
				}
			case pass == 1 || !meet:
			case !known[k]:
				table[k], known[k] = float32(v), true
			case table[k] != float32(v):
				return fmt.Errorf("%s: to the score of rows %d and %d of window %d %g is added, to others of the same "+
					"relative position %g; expected one number: a table of relative positions, and a mask between what a shift "+
					"brings together", b.softmax.title(), i, j, w, v, table[k])
			}
		}
	}
	s.o.c.entries[shape.Name+".attn.relative_position_bias_table"] = newEntry([]int{size / heads, heads}, table)
	return nil
}
