package checkpoint

import (
	"fmt"
	"slices"
)

// tracedGraph is a graph whose results are followed to where they come from.
type tracedGraph struct {
	*mover
	r *graphReader
}

// traced follows the graph, once.
func (r *graphReader) traced() (*tracedGraph, error) {
	if r.graph != nil {
		return r.graph, nil
	}
	image, err := r.oneImage()
	if err != nil {
		return nil, err
	}
	m, err := r.moves(r.o, image)
	if err != nil {
		return nil, err
	}
	r.graph = &tracedGraph{mover: m, r: r}
	return r.graph, nil
}

// tracedNorm is a LayerNorm over channels.
type tracedNorm struct {
	node        *onnxNode
	gamma, beta *moved
	in          *moved
}

// affine is a product with constant weights, and its bias.
type affine struct {
	node   *onnxNode
	weight *moved
	bias   *moved // nil for none
	turned bool   // the weight is In x Out
	in     *moved
	out    int
}

// oneImage is the shape of one image that the graph reads.
func (r *graphReader) oneImage() ([]int, error) {
	if len(r.size) != 4 || len(r.inputs) == 0 || slices.Max(r.size) > 1<<16 || slices.Min(r.size[1:]) < 1 ||
		r.size[0] < 0 {
		return nil, fmt.Errorf("the graph's input is %v (0 where it is open); expected the size of an image: "+
			"where rows lie follows from it, so export with images of a fixed size", r.size)
	}
	if r.size[0] > 1 {
		return nil, fmt.Errorf("the graph's input is %v; expected one image, or any number of them", r.size)
	}
	return []int{1, int(r.size[1]), int(r.size[2]), int(r.size[3])}, nil
}

// wrong says of a node that it is not what a network has in its place.
func wrong(t *moved, expected string) error {
	switch {
	case t == nil:
		return fmt.Errorf("the graph is no network that is known: there is nothing where %s is expected", expected)
	case t.node == nil:
		return fmt.Errorf("the graph is no network that is known: there is the image or a constant where %s is expected",
			expected)
	}
	return fmt.Errorf("%s: is in a place where no known network has it; expected %s", t.node.title(), expected)
}

// straight is the node whose result a tensor is, every element in its own place.
func (s *tracedGraph) straight(t *moved, expected string) (*moved, error) {
	if t == nil {
		return nil, wrong(nil, expected)
	}
	of, at, err := s.computed(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expected, err)
	}
	if at != nil {
		if i := misplaced(at, func(i int) int { return i }); i >= 0 || len(at) != volume(of.shape) {
			return nil, fmt.Errorf("%w; its rows are moved behind it", wrong(of, expected))
		}
	}
	return of, nil
}

// misplaced is the first element that is not where it should come from, -1 if there is none.
func misplaced(at []int32, want func(i int) int) int {
	for i, k := range at {
		if int(k) != want(i) {
			return i
		}
	}
	return -1
}

// places are where the elements of a tensor come from, of the node of which it is moved.
func (s *tracedGraph) places(t *moved, expected string) (*moved, []int32, error) {
	if t == nil {
		return nil, nil, wrong(nil, expected)
	}
	of, at, err := s.computed(t)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", expected, err)
	}
	if at == nil {
		at = inOrder(volume(of.shape))
	}
	return of, at, nil
}

// scalarOf is the only number of a constant.
func (s *tracedGraph) scalarOf(t *moved) (float64, bool) {
	if t == nil || t.list == nil || volume(t.shape) != 1 {
		return 0, false
	}
	v, err := s.values(t)
	return append(v, 0)[0], err == nil
}

// operands are the input of an operator of two that is a result, and the one that is a constant.
func operands(t *moved) (result, constant *moved) {
	if len(t.in) != 2 || t.in[0] == nil || t.in[1] == nil || (t.in[0].list == nil) == (t.in[1].list == nil) {
		return nil, nil
	}
	if t.in[0].list != nil {
		return t.in[1], t.in[0]
	}
	return t.in[0], t.in[1]
}

// affine is the product that a node ends.
func (s *tracedGraph) affine(t *moved) (affine, bool) {
	if t == nil || t.node == nil {
		return affine{}, false
	}
	a := affine{node: t.node, turned: true}
	matrix := func(w *moved) bool { return w != nil && w.list != nil && len(w.shape) == 2 }
	switch t.node.op {
	case "Add":
		result, bias := operands(t)
		if result == nil {
			return a, false
		}
		of, err := s.straight(result, "a product")
		if err != nil || of.node == nil || of.node.op != "MatMul" {
			return a, false
		}
		in, ok := s.affine(of)
		if !ok || volume(bias.shape) != in.out || len(bias.shape) == 0 || bias.shape[len(bias.shape)-1] != in.out {
			return a, false
		}
		in.bias = bias
		return in, true
	case "MatMul":
		a.in, a.weight = t.in[0], t.in[1]
	case "Gemm":
		a.in, a.weight = t.in[0], t.in[1]
		a.turned = t.node.attributes["transB"].number == 0
		for _, name := range []string{"alpha", "beta"} {
			if f, ok := t.node.attributes[name]; ok && f.float != 1 {
				return a, false
			}
		}
		if len(t.in) > 2 && t.in[2] != nil {
			if a.bias = t.in[2]; a.bias.list == nil {
				return a, false
			}
		}
	default:
		return a, false
	}
	if !matrix(a.weight) || a.in.list != nil {
		return a, false
	}
	a.out = t.shape[len(t.shape)-1]
	return a, a.bias == nil || volume(a.bias.shape) == a.out
}

// layerNorm is the LayerNorm that a node is.
func (s *tracedGraph) layerNorm(t *moved, expected string) (tracedNorm, error) {
	if t == nil || t.node == nil || t.node.op != "LayerNormalization" || len(t.in) < 2 {
		return tracedNorm{}, wrong(t, expected)
	}
	n := tracedNorm{node: t.node, in: t.in[0], gamma: t.in[1]}
	if len(t.in) > 2 {
		n.beta = t.in[2]
	}
	width := t.shape[len(t.shape)-1]
	if a, ok := t.node.attributes["axis"]; ok && a.number != -1 && int(a.number) != len(t.shape)-1 {
		return n, fmt.Errorf("%s: is over the axes from %d on; expected the last, the channels", t.node.title(), a.number)
	}
	for _, c := range []*moved{n.gamma, n.beta} {
		if c != nil && (c.list == nil || volume(c.shape) != width) {
			return n, fmt.Errorf("%s: gain or offset is no constant of %d channels", t.node.title(), width)
		}
	}
	return n, nil
}

// store puts a constant under a parameter's name.
func (s *tracedGraph) store(name string, t *moved, shape ...int) error {
	e, err := s.entry(t)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if shape != nil {
		if volume(shape) != volume(e.Shape) {
			return fmt.Errorf("%s is %v; expected %v", name, e.Shape, shape)
		}
		e.Shape = shape
	}
	s.o.c.entries[name] = e
	return nil
}

// entry is a constant as a tensor of a checkpoint.
func (s *tracedGraph) entry(t *moved) (entry, error) {
	if t.name != "" && !t.whole {
		return s.o.tensors[t.name], nil
	}
	v, err := s.values(t)
	return newEntry(t.shape, narrowed(v)), err
}

func narrowed(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

func (s *tracedGraph) storeNorm(name string, n tracedNorm, channels int) error {
	if err := s.store(name+".weight", n.gamma, channels); err != nil {
		return err
	}
	if n.beta == nil {
		s.o.c.entries[name+".bias"] = newEntry([]int{channels}, make([]float32, channels))
		return nil
	}
	return s.store(name+".bias", n.beta, channels)
}

func (s *tracedGraph) storeLayer(name string, a affine) error {
	e, err := s.entry(a.weight)
	if err == nil && a.turned {
		e, err = e.transposed()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.o.c.entries[name+".weight"] = e
	if a.bias == nil {
		return nil
	}
	return s.store(name+".bias", a.bias, a.out)
}
