package checkpoint

import (
	"fmt"
	"math"
	"slices"
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

// reshape is a Reshape, Flatten, Squeeze or Unsqueeze: the shape of its result.
func (m *mover) reshape(n *onnxNode, t *moved) ([]int, error) {
	rank := len(t.shape)
	axes := make([]int, 0, rank)
	if a := m.input(n, 1); a != nil {
		var err error
		if axes, err = m.ints(a); err != nil {
			return nil, err
		}
	}
	for _, v := range n.attributes["axes"].ints {
		axes = append(axes, int(v))
	}
	switch n.op {
	case "Reshape":
		return target(t.shape, axes, n.attributes["allowzero"].number != 0)
	case "Flatten":
		k := 1
		if a, ok := n.attributes["axis"]; ok {
			k = int(a.number)
		}
		if k < 0 {
			k += rank
		}
		if k < 0 || k > rank {
			return nil, fmt.Errorf("has axis %d of a tensor of %d", k, rank)
		}
		return []int{volume(t.shape[:k]), volume(t.shape[k:])}, nil
	case "Squeeze":
		var shape []int
		for i, d := range t.shape {
			if d != 1 || len(axes) > 0 && !slices.Contains(axes, i) && !slices.Contains(axes, i-rank) {
				shape = append(shape, d)
			}
		}
		return shape, nil
	}
	shape, total := []int(nil), rank+len(axes)
	for i, next := 0, 0; i < total; i++ {
		if slices.Contains(axes, i) || slices.Contains(axes, i-total) {
			shape = append(shape, 1)
		} else if next < rank {
			shape = append(shape, t.shape[next])
			next++
		}
	}
	return shape, nil
}

// target is the shape that a Reshape asks for.
func target(have, asked []int, zero bool) ([]int, error) {
	shape, open, n := slices.Clone(asked), -1, 1
	for i, d := range shape {
		switch {
		case d == 0 && !zero && i < len(have):
			shape[i] = have[i]
		case d == -1 && open < 0:
			open = i
			continue
		case d < 0:
			return nil, fmt.Errorf("asks for the shape %v", asked)
		}
		if n *= shape[i]; n > mostElements {
			return nil, fmt.Errorf("asks for the shape %v", asked)
		}
	}
	if open >= 0 {
		shape[open] = volume(have) / max(1, n)
	}
	if volume(shape) != volume(have) {
		return nil, fmt.Errorf("makes %v of %v", asked, have)
	}
	return shape, nil
}

// slice is a Slice: its result.
func (m *mover) slice(n *onnxNode, t *moved) (*moved, error) {
	rank := len(t.shape)
	var lists [4][]int
	for i := range lists {
		if in := m.input(n, i+1); in != nil {
			var err error
			if lists[i], err = m.ints(in); err != nil {
				return nil, err
			}
		}
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	shape, by := slices.Clone(t.shape), own(t.shape)
	for i, from := range starts {
		k, step := i, 1
		if axes != nil && i < len(axes) {
			k = axes[i]
		}
		k, err := axis(k, rank)
		if err != nil || i >= len(ends) {
			return nil, fmt.Errorf("has starts %v, ends %v and axes %v", starts, ends, axes)
		}
		if i < len(steps) {
			step = steps[i]
		}
		d, to := t.shape[k], ends[i]
		if from < 0 {
			from += d
		}
		if to < 0 && (step > 0 || to > -d-1) {
			to += d
		}
		count := 0
		switch {
		case step > 0:
			from, to = min(max(from, 0), d), min(max(to, 0), d)
			count = max(0, (to-from+step-1)/step)
		case step < 0:
			from, to = min(max(from, -1), d-1), min(max(to, -1), d-1)
			count = max(0, (from-to-step-1)/-step)
		default:
			return nil, fmt.Errorf("has step 0")
		}
		s := strides(t.shape)[k]
		shape[k], by[k] = count, along(from*s, step*s, count)
	}
	return m.picked(shape, eachAxis(shape, by), t), nil
}

// pad is a Pad with zeros.
func (m *mover) pad(n *onnxNode, t *moved) (*moved, error) {
	if mode := n.attributes["mode"].text; mode != "" && mode != "constant" {
		return nil, fmt.Errorf("pads by %s; expected zeros", mode)
	}
	pads := make([]int, 0, 2*len(t.shape))
	for _, v := range n.attributes["pads"].ints {
		pads = append(pads, int(v))
	}
	if in := m.input(n, 1); in != nil {
		var err error
		if pads, err = m.ints(in); err != nil {
			return nil, err
		}
	}
	if in := m.input(n, 2); in != nil {
		if v, err := m.values(in); err != nil || len(v) > 0 && v[0] != 0 {
			return nil, fmt.Errorf("pads with %v; expected zeros", v)
		}
	}
	rank := len(t.shape)
	if len(pads) != 2*rank || m.input(n, 3) != nil {
		return nil, fmt.Errorf("has %d pads; expected two for each of %d axes", len(pads), rank)
	}
	shape, by := slices.Clone(t.shape), own(t.shape)
	for k := range rank {
		front, behind := pads[k], pads[rank+k]
		if front < 0 || behind < 0 {
			return nil, fmt.Errorf("cuts off: pads are %v", pads)
		}
		if shape[k] += front + behind; shape[k] > mostElements {
			return nil, fmt.Errorf("has pads %v", pads)
		}
		by[k] = slices.Concat(slices.Repeat([]int32{-1}, front), by[k], slices.Repeat([]int32{-1}, behind))
	}
	return m.picked(shape, eachAxis(shape, by), t), nil
}

// concat is a Concat: parts side by side along an axis.
func (m *mover) concat(n *onnxNode) (*moved, error) {
	var parts []*moved
	for i := range n.inputs {
		t := m.input(n, i)
		if t == nil || i > 0 && len(t.shape) != len(parts[0].shape) {
			return nil, fmt.Errorf("joins tensors of different shapes")
		}
		parts = append(parts, t)
	}
	k, err := axis(int(n.attributes["axis"].number), len(parts[0].shape))
	if err != nil {
		return nil, err
	}
	shape, total := slices.Clone(parts[0].shape), 0
	outer, inner := volume(shape[:k]), volume(shape[k+1:])
	for _, p := range parts {
		if volume(p.shape[:k]) != outer || volume(p.shape[k+1:]) != inner {
			return nil, fmt.Errorf("joins tensors of different shapes")
		}
		total += p.shape[k]
	}
	shape[k] = total
	return m.picked(shape, func() ([]int32, error) {
		list := make([]int32, 0, volume(shape))
		for i := range outer {
			first := 0
			for _, p := range parts {
				size := p.shape[k] * inner
				list = append(list, along(first+i*size, 1, size)...)
				first += outer * size
			}
		}
		return list, nil
	}, parts...), nil
}

// gather is a Gather by constant indices.
func (m *mover) gather(n *onnxNode, t *moved) (*moved, error) {
	index := m.input(n, 1)
	at, err := m.ints(index)
	if err != nil {
		return nil, err
	}
	k, err := axis(int(n.attributes["axis"].number), len(t.shape))
	if err != nil {
		return nil, err
	}
	size, inner := t.shape[k], volume(t.shape[k+1:])
	for i, v := range at {
		if at[i], err = axis(v, size); err != nil {
			return nil, fmt.Errorf("reads element %d of %d", v, size)
		}
	}
	shape := slices.Concat(t.shape[:k], index.shape, t.shape[k+1:])
	return m.picked(shape, func() ([]int32, error) {
		list := make([]int32, 0, volume(shape))
		for o := range volume(t.shape[:k]) {
			for _, v := range at {
				list = append(list, along((o*size+v)*inner, 1, inner)...)
			}
		}
		return list, nil
	}, t), nil
}

// split cuts a tensor along an axis, one part for each of the node's results.
func (m *mover) split(n *onnxNode, t *moved) error {
	k, err := axis(int(n.attributes["axis"].number), len(t.shape))
	if err != nil {
		return err
	}
	var sizes []int
	for _, v := range n.attributes["split"].ints {
		sizes = append(sizes, int(v))
	}
	if in := m.input(n, 1); in != nil {
		if sizes, err = m.ints(in); err != nil {
			return err
		}
	}
	each := (t.shape[k] + len(n.outputs) - 1) / len(n.outputs)
	first := 0
	for i, out := range n.outputs {
		size := min(each, t.shape[k]-first)
		if sizes != nil && i < len(sizes) {
			size = sizes[i]
		}
		if size < 0 || first+size > t.shape[k] {
			return fmt.Errorf("cuts %d elements into %v", t.shape[k], sizes)
		}
		shape, by := slices.Clone(t.shape), own(t.shape)
		shape[k], by[k] = size, by[k][first:first+size]
		m.tensors[out] = m.picked(shape, eachAxis(shape, by), t)
		first += size
	}
	return nil
}

// transpose is a Transpose: axes in another order.
func (m *mover) transpose(n *onnxNode, t *moved) (*moved, error) {
	rank := len(t.shape)
	perm := n.attributes["perm"].ints
	if perm == nil {
		for k := range rank {
			perm = append(perm, int64(rank-1-k))
		}
	}
	shape, by, all := make([]int, rank), make([][]int32, rank), own(t.shape)
	if len(perm) != rank {
		return nil, fmt.Errorf("has %d axes of %d", len(perm), rank)
	}
	for i, p := range perm {
		k, err := axis(int(p), rank)
		if err != nil {
			return nil, err
		}
		shape[i], by[i] = t.shape[k], all[k]
	}
	if volume(shape) != volume(t.shape) {
		return nil, fmt.Errorf("has the axes %v", perm)
	}
	return m.picked(shape, eachAxis(shape, by), t), nil
}

// expand repeats a tensor along axes of one element.
func (m *mover) expand(t *moved, asked []int) (*moved, error) {
	shape, err := together(t.shape, asked)
	if err != nil {
		return nil, err
	}
	return m.picked(shape, func() ([]int32, error) { return spread(t.shape, shape), nil }, t), nil
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
