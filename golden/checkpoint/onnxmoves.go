package checkpoint

import (
	"fmt"
	"math"
)

// A graph moves rows of tokens with many operators (Reshape, Slice and Concat for a cyclic shift, Transpose for
// windows), and exporters differ in which. What counts is where each element of a result comes from, so that is
// computed: a moved tensor knows, element by element, which element of a node's result it is.

// moved is a tensor of a graph for one image: a constant, the result of a node that computes, or elements of others.
type moved struct {
	shape []int
	whole bool   // of integers or truth values
	name  string // of a constant that stands in the file as it is

	list func() ([]float64, error) // the values of a constant, nil of what depends on the image
	made []float64                 // those, once they were asked for, of small ones

	node *onnxNode // that computes it from in; nil where it is a constant, the image or moved
	in   []*moved

	from []*moved                // of which it is made, side by side
	pick func() ([]int32, error) // for each element its place among theirs, -1 for a 0; nil where it is their own
}

// limits of what is computed of a graph: elements of one tensor, and of all together.
const (
	mostElements = 1 << 25
	perMove      = 64 // that a move costs however few it moves
	// Moves of a whole graph: a number, and so many more for each byte of its file. Swin-T has 0.9 a byte.
	leastMoves   = 1 << 25
	movesPerByte = 8
	mostKept     = 1 << 16 // elements of a constant whose values are kept
)

// mover computes where the elements of a graph's tensors come from.
type mover struct {
	o       *onnxWeights
	tensors map[string]*moved
	work    int // elements that were moved
	limit   int
}

// counts refuses graphs that would take for ever.
func (m *mover) counts(elements int) error {
	if m.work += elements + perMove; elements > mostElements || m.work > m.limit {
		return fmt.Errorf("the graph moves more than a vision transformer has (a tensor of %d elements)", elements)
	}
	return nil
}

func fits(shape []int) error {
	n := 1
	for _, d := range shape {
		if d < 0 || d > mostElements || d > 0 && n > mostElements/d {
			return fmt.Errorf("a tensor %v, which no vision transformer has", shape)
		}
		n *= d
	}
	return nil
}

// moves takes in the nodes of a graph, whose image has the given shape.
func (g *onnxGraph) moves(o *onnxWeights, image []int) (*mover, error) {
	m := &mover{o: o, tensors: map[string]*moved{g.inputs[0]: {shape: image}}, limit: leastMoves}
	for _, f := range o.c.files {
		m.limit += movesPerByte * len(f)
	}
	for i := range g.tensors {
		m.constant(g.tensors[i].name, &g.tensors[i])
	}
	for i := range g.nodes {
		n := &g.nodes[i]
		if len(n.outputs) == 0 {
			continue
		}
		if err := m.node(n); err != nil {
			return nil, fmt.Errorf("%s: %w", n.title(), err)
		}
		for _, out := range n.outputs {
			t := m.tensors[out]
			if t == nil {
				continue
			}
			if err := fits(t.shape); err != nil {
				return nil, fmt.Errorf("%s: gives %w", n.title(), err)
			}
			if t.list == nil && (len(t.shape) == 0 || volume(t.shape) == 0) {
				return nil, fmt.Errorf("%s: gives a tensor %v of the image, which no vision transformer has", n.title(), t.shape)
			}
		}
	}
	return m, nil
}

// constant takes in a tensor of the file.
func (m *mover) constant(name string, t *onnxTensor) {
	c := &moved{shape: t.dims, name: name, whole: onnxTypes[t.dtype] == ""}
	c.list = func() ([]float64, error) {
		if !c.whole {
			e := m.o.tensors[name]
			v, err := decodeValues(e.DType, e.data)
			return widened(v), err
		}
		whole := t.whole()
		if whole == nil && t.dtype == 9 { // truth values
			for _, b := range t.data {
				whole = append(whole, int64(b))
			}
		}
		list := make([]float64, len(whole))
		for i, v := range whole {
			list[i] = float64(v)
		}
		if len(list) != volume(t.dims) {
			return nil, fmt.Errorf("tensor %s has %d values; expected %v", name, len(list), t.dims)
		}
		return list, nil
	}
	m.tensors[name] = c
}

// values are those of a constant.
func (m *mover) values(t *moved) ([]float64, error) {
	if t == nil || t.list == nil {
		return nil, fmt.Errorf("depends on the image where a constant is expected")
	}
	if t.made == nil {
		if err := m.counts(volume(t.shape)); err != nil {
			return nil, err
		}
		v, err := t.list()
		if err == nil && len(v) != volume(t.shape) {
			err = fmt.Errorf("a constant has %d values; expected %v", len(v), t.shape)
		}
		if err != nil {
			return nil, err
		}
		if t.made = v; len(v) > mostKept {
			t.made = nil
		}
		return v, nil
	}
	return t.made, nil
}

// ints are the values of a constant of whole numbers.
func (m *mover) ints(t *moved) ([]int, error) {
	v, err := m.values(t)
	list := make([]int, len(v))
	for i, x := range v {
		if x != x {
			return nil, fmt.Errorf("value %d is %g where a whole number is expected", i, x)
		}
		list[i] = int(max(min(x, math.MaxInt32), math.MinInt32)) // Slice ends at the largest number there is
	}
	return list, err
}

// input is a tensor that a node reads, nil where it reads none.
func (m *mover) input(n *onnxNode, i int) *moved {
	if i >= len(n.inputs) || n.inputs[i] == "" {
		return nil
	}
	return m.tensors[n.inputs[i]]
}

// picked is a tensor of others' elements.
func (m *mover) picked(shape []int, pick func() ([]int32, error), from ...*moved) *moved {
	t := &moved{shape: shape, from: from, pick: pick, whole: from[0].whole}
	for _, f := range from {
		if f.list == nil {
			return t
		}
	}
	t.list = func() ([]float64, error) {
		var all []float64
		for _, f := range from {
			v, err := m.values(f)
			if err != nil {
				return nil, err
			}
			all = append(all, v...)
		}
		if pick == nil {
			return all, nil
		}
		at, err := pick()
		if err != nil {
			return nil, err
		}
		out := make([]float64, len(at))
		for i, k := range at {
			if k >= 0 {
				out[i] = all[k]
			}
		}
		return out, nil
	}
	return t
}

// computed is a result of the node, from what it was moved to the tensor, and which of its elements these are; nil
// where they lie in their own order.
func (m *mover) computed(t *moved) (of *moved, at []int32, err error) {
	if t.list != nil {
		return nil, nil, fmt.Errorf("is a constant where a result is expected")
	}
	if t.from == nil {
		return t, nil, nil
	}
	var list []int32
	for i, f := range t.from {
		source, part, err := m.computed(f)
		if err != nil {
			return nil, nil, err
		}
		if i > 0 && source != of {
			return nil, nil, fmt.Errorf("joins what different nodes computed")
		}
		if of = source; len(t.from) == 1 {
			list = part
			break
		}
		if part == nil {
			part = inOrder(volume(f.shape))
		}
		list = append(list, part...)
	}
	if t.pick == nil {
		return of, list, nil
	}
	if err := m.counts(volume(t.shape)); err != nil {
		return nil, nil, err
	}
	if at, err = t.pick(); err != nil || list == nil {
		return of, at, err
	}
	for i, k := range at {
		if k >= 0 {
			at[i] = list[k]
		}
	}
	return of, at, nil
}

func inOrder(n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = int32(i)
	}
	return list
}

// axis is one of so many, counted from the end where it is negative.
func axis(k, rank int) (int, error) {
	if k < 0 {
		k += rank
	}
	if k < 0 || k >= rank {
		return 0, fmt.Errorf("has axis %d of a tensor of %d", k, rank)
	}
	return k, nil
}

// strides are those of a tensor in row-major order.
func strides(shape []int) []int {
	s, n := make([]int, len(shape)), 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// walkPlaces is, for each element of a tensor of a shape, the sum of what its index along each axis stands for; below 0
// where one of these is.
func walkPlaces(shape []int, along [][]int32) []int32 {
	list := make([]int32, 1, max(1, volume(shape)))
	for k, n := range shape {
		next := make([]int32, 0, len(list)*n)
		for _, at := range list {
			for i := range n {
				if at < 0 || along[k][i] < 0 {
					next = append(next, -1)
				} else {
					next = append(next, at+along[k][i])
				}
			}
		}
		list = next
	}
	return list
}

// along lists steps from a first place on.
func along(first, step, n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = int32(first + i*step)
	}
	return list
}

// eachAxis is a pick by what an index along each axis of the result stands for.
func eachAxis(shape []int, by [][]int32) func() ([]int32, error) {
	return func() ([]int32, error) { return walkPlaces(shape, by), nil }
}

// own is what an index along each axis of a tensor stands for in itself.
func own(shape []int) [][]int32 {
	by := make([][]int32, len(shape))
	for i, s := range strides(shape) {
		by[i] = along(0, s, shape[i])
	}
	return by
}

// together is the shape of what is computed of two tensors, each repeated along its axes of one element.
func together(a, b []int) ([]int, error) {
	shape := make([]int, max(len(a), len(b)))
	for i := range shape {
		x, y := 1, 1
		if k := i - len(shape) + len(a); k >= 0 {
			x = a[k]
		}
		if k := i - len(shape) + len(b); k >= 0 {
			y = b[k]
		}
		if x != y && x != 1 && y != 1 {
			return nil, fmt.Errorf("has tensors %v and %v", a, b)
		}
		if shape[i] = x; x == 1 {
			shape[i] = y
		}
	}
	return shape, fits(shape)
}

// spread is, for each element of a shape, the element of a tensor that is repeated to it.
func spread(of, shape []int) []int32 {
	s, by := strides(of), make([][]int32, len(shape))
	for i, n := range shape {
		step := 0
		if k := i - len(shape) + len(of); k >= 0 && of[k] > 1 {
			step = s[k]
		}
		by[i] = along(0, step, n)
	}
	return walkPlaces(shape, by)
}
