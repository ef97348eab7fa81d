// Package network says what a vision transformer computes: a [Model] is what a model file describes, a [Network] the
// same compiled into a list of ops. One builder a family makes the list; everything else (prices, programs, integer
// networks, fronts) folds over it and knows no family.
package network

import "fmt"

// Network is a model compiled: its ops in execution order, and what they are grouped by. It is read-only; any number
// of goroutines may share it.
type Network struct {
	Model  Model
	Prefix []Token // learned tokens in front of the patches
	// Positions says whether every token has a learned position that is added to the patch embedding.
	Positions bool

	Ops    []Op
	Layers []Layer // quantization layers, in the order in which an image meets them
	Blocks []Block // transformer blocks
	Stages []Stage // residual streams, one after the other
	// LayerClasses is the number of classes of Layers.
	LayerClasses int
	// Classifiers is the number of heads whose logits the last op sums up: the result is their mean.
	Classifiers int

	macs int64
}

// Token is learned tokens of one kind by their name in timm's checkpoints.
type Token struct {
	Name  string
	Count int
	Read  bool // a classifier reads its row, where nothing is pooled
}

// Compile makes the op list of a model. It refuses a model that its Validate refuses.
func Compile(m Model) (*Network, error) {
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("model %s: %w", m.Name, err)
	}
	f := familyOf(m.Family)
	b := &builder{n: &Network{Model: m, Ops: make([]Op, 0, 12*(m.blocks()+1)), Layers: make([]Layer, 0, 6*(m.blocks()+1)),
		Prefix: f.tokens(m), Classifiers: 1}, layers: map[string]int{}, classes: map[class]int{}}
	f.build(m, b)
	b.classify()
	b.n.count()
	return b.n, nil
}

// MustCompile is Compile for a model that has been validated; it panics where Compile fails.
func MustCompile(m Model) *Network {
	n, err := Compile(m)
	if err != nil {
		panic(err)
	}
	return n
}

// Layer is the quantization layer of a name, and whether there is one.
func (n *Network) Layer(name string) (Layer, bool) {
	for _, l := range n.Layers { // dozens
		if l.Name == name {
			return l, true
		}
	}
	return Layer{}, false
}

// Find is the first op of a role, and whether there is one.
func (n *Network) Find(role Role) (Op, bool) {
	for _, op := range n.Ops {
		if op.Role == role {
			return op, true
		}
	}
	return Op{}, false
}

// At is the op of a block (None outside) that has a role; it panics if there is none.
func (n *Network) At(block int, role Role) Op {
	for _, op := range n.Ops {
		if op.Block == block && op.Role == role {
			return op
		}
	}
	panic("network: no such op")
}

// Last is the op whose codes heads or a pooling of codes read: the last norm, or what takes its place.
func (n *Network) Last() Op {
	if op, ok := n.Find(RoleRequantize); ok {
		return op
	}
	return n.At(None, RoleNorm)
}

// LayerAt is the quantization layer of a block (None outside) that has a role; it panics if there is none.
func (n *Network) LayerAt(block int, role LayerRole) Layer {
	for _, l := range n.Layers {
		if l.Block == block && l.Role == role {
			return l
		}
	}
	panic("network: no such layer")
}

// Used is the number of an op's rows that reach the result: behind the last block's attention only those of
// the tokens that heads read.
func (n *Network) Used(op Op) int {
	if n.Blocks[len(n.Blocks)-1].Keys > 0 {
		return op.Rows
	}
	if _, pools := n.Find(RolePool); pools || op.Block != len(n.Blocks)-1 || op.Role < RoleContext {
		return op.Rows
	}
	return n.At(None, RoleNorm).Rows
}

// LayerNames are the names of Layers.
func (n *Network) LayerNames() []string {
	names := make([]string, len(n.Layers))
	for i, l := range n.Layers {
		names[i] = l.Name
	}
	return names
}

// LayerOf is the quantization layer of an op.
func (n *Network) LayerOf(op Op) Layer { return n.Layers[op.Layer] }

// Next is the first op behind an op that has a role; it panics if there is none.
func (n *Network) Next(op int, role Role) int {
	for op++; n.Ops[op].Role != role; op++ {
	}
	return op
}

// MACs is the number of products of one image: padding, and the prefix rows of the patch embedding, are not counted.
func (n *Network) MACs() int64 { return n.macs }

func (n *Network) count() {
	for _, op := range n.Ops {
		n.macs += op.MACs()
		if op.Role == RoleEmbed {
			n.macs -= int64(n.Model.PrefixTokens()) * int64(op.Cols) * int64(op.Inner)
		}
	}
}
