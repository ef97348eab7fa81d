package checkpoint

import (
	"fmt"
	"slices"
)

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
