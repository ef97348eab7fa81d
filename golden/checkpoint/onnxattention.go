package checkpoint

import (
	"fmt"
	"math"
	"slices"
)

// tracedAttention is an attention, in one window of all rows or in many.
type tracedAttention struct {
	qkv            []affine // one, or q, k and v
	proj           affine
	windows, heads int
	rows, width    int       // of a window; of a head
	added          []float64 // to scores: windows x heads x rows x rows; nil for nothing
	softmax        *onnxNode
	turning        bool       // q and k may turn
	turn           [2]turning // of q and k, if so
	scores         []string   // what the product of q and k reads
}

// attention reads what is between the windows of a block, or all rows, and proj, and is the windows.
func (s *tracedGraph) attention(b *tracedAttention) (*moved, error) {
	value, at, err := s.places(b.proj.in, "the product of attention and v")
	if err != nil {
		return nil, err
	}
	if value.node == nil || value.node.op != "MatMul" || len(value.shape) < 3 || value.in[0].list != nil ||
		value.in[1].list != nil {
		return nil, wrong(value, "the product of attention and v")
	}
	k := len(value.shape)
	b.heads, b.rows, b.width = value.shape[k-3], value.shape[k-2], value.shape[k-1]
	b.windows = volume(value.shape[:k-3])
	heads, rows, width, channels := b.heads, b.rows, b.width, b.heads*b.width
	if len(at) != volume(value.shape) || misplaced(at, func(i int) int {
		row, head, c := i/channels, i%channels/width, i%width
		return ((row/rows*heads+head)*rows+row%rows)*width + c
	}) >= 0 {
		return nil, fmt.Errorf("%s: its heads do not lie side by side behind it", value.node.title())
	}
	soft, err := s.straight(value.in[0], "a softmax")
	if err != nil {
		return nil, err
	}
	if soft.node == nil || soft.node.op != "Softmax" {
		return nil, wrong(soft, "a softmax")
	}
	if a, ok := soft.node.attributes["axis"]; ok && a.number != -1 && int(a.number) != len(soft.shape)-1 {
		return nil, fmt.Errorf("%s: is along axis %d; expected the last", soft.node.title(), a.number)
	}
	if b.softmax = soft.node; volume(soft.shape) != b.windows*heads*rows*rows || soft.shape[len(soft.shape)-1] != rows {
		return nil, fmt.Errorf("%s: is of scores %v; expected %d windows, %d heads, %d rows of %d",
			soft.node.title(), soft.shape, b.windows, heads, rows, rows)
	}
	scores, factor, err := s.scores(b, soft.in[0])
	if err != nil {
		return nil, err
	}
	var qkv [3]layerPart
	b.scores = scores.node.inputs
	for i, t := range []*moved{scores.in[0], scores.in[1], value.in[1]} {
		f := 1.0
		if b.turning && i < 2 {
			qkv[i], f, b.turn[i], err = s.turnedHeads(b, t, i == 1)
		} else {
			qkv[i], f, err = s.headsOf(b, t, i == 1)
		}
		if err != nil {
			return nil, err
		}
		if factor *= f; i == 2 && f != 1 {
			return nil, fmt.Errorf("%s: v is scaled by %g", value.node.title(), f)
		}
	}
	if want := 1 / math.Sqrt(float64(width)); math.Abs(factor-want) > 1e-5*want {
		return nil, fmt.Errorf("%s: scores are scaled by %g; expected 1/sqrt(%d)", scores.node.title(), factor, width)
	}
	return s.joined(b, qkv)
}

// scores follows a softmax back to the product of q and k: what was added to it, and the factor.
func (s *tracedGraph) scores(b *tracedAttention, t *moved) (*moved, float64, error) {
	const expected = "scores, the product of q and k"
	factor := 1.0
	for range 8 {
		of, err := s.straight(t, expected)
		if err != nil {
			return nil, 0, err
		}
		if of.node == nil {
			return nil, 0, wrong(of, expected)
		}
		if of.node.op == "MatMul" && of.in[0].list == nil && of.in[1].list == nil {
			if volume(of.shape) != b.windows*b.heads*b.rows*b.rows {
				return nil, 0, wrong(of, expected)
			}
			return of, factor, nil
		}
		result, constant := operands(of)
		if result == nil {
			return nil, 0, wrong(of, expected)
		}
		switch v, scalar := s.scalarOf(constant); {
		case of.node.op == "Mul" && scalar:
			factor *= v
		case of.node.op == "Div" && scalar && constant == of.in[1]:
			factor /= v
		case of.node.op == "Add" && volume(result.shape) == volume(of.shape):
			list, err := s.spreads(of.shape, constant)
			if err != nil {
				return nil, 0, fmt.Errorf("%s: %w", of.node.title(), err)
			}
			if b.added == nil {
				b.added = make([]float64, len(list[0]))
			}
			for i, v := range list[0] {
				b.added[i] += v * factor
			}
		default:
			return nil, 0, wrong(of, expected)
		}
		t = result
	}
	return nil, 0, wrong(nil, expected)
}

// layerPart is a layer's result from a column on.
type layerPart struct {
	layer affine
	of    *moved
	first int
}

// headsOf follows q, k (turned) or v of all heads back to the layer that computes it, and is the factor on the way.
func (s *tracedGraph) headsOf(b *tracedAttention, t *moved, turned bool) (layerPart, float64, error) {
	const expected = "a layer for q, k or v"
	factor := 1.0
	heads, rows, width := b.heads, b.rows, b.width
	if volume(t.shape) != b.windows*heads*rows*width {
		return layerPart{}, 0, fmt.Errorf("q, k or v is %v; expected %d windows of %d heads, %d rows and %d channels",
			t.shape, b.windows, heads, rows, width)
	}
	of, at, err := s.places(t, expected)
	for err == nil {
		if layer, ok := s.affine(of); ok {
			p := layerPart{layer: layer, of: of, first: int(at[0]) % layer.out}
			bad := misplaced(at, func(i int) int {
				c, row := i%width, i/width%rows
				if turned {
					row, c = i%rows, i/rows%width
				}
				head, window := i/(rows*width)%heads, i/(rows*width*heads)
				return (window*rows+row)*layer.out + p.first + head*width + c
			})
			if bad >= 0 {
				return p, 0, fmt.Errorf("%s: its result is cut into heads and windows in another way than is known",
					layer.node.title())
			}
			return p, factor, nil
		}
		result, constant := (*moved)(nil), (*moved)(nil)
		if of.node != nil {
			result, constant = operands(of)
		}
		v, scalar := s.scalarOf(constant)
		switch {
		case result == nil || !scalar || volume(result.shape) != volume(of.shape):
			return layerPart{}, 0, wrong(of, expected)
		case of.node.op == "Mul":
			factor *= v
		case of.node.op == "Div" && constant == of.in[1]:
			factor /= v
		default:
			return layerPart{}, 0, wrong(of, expected)
		}
		var inner []int32
		if of, inner, err = s.places(result, expected); err == nil {
			for i, k := range at {
				if k >= 0 {
					at[i] = inner[k]
				}
			}
		}
	}
	return layerPart{}, 0, err
}

// joined takes the layers of q, k and v: one of all three side by side, or three of the same rows.
func (s *tracedGraph) joined(b *tracedAttention, qkv [3]layerPart) (*moved, error) {
	channels := b.heads * b.width
	q := qkv[0]
	switch {
	case q.of == qkv[1].of && q.of == qkv[2].of && q.layer.out == 3*channels:
		for i, p := range qkv {
			if p.first != i*channels {
				return nil, fmt.Errorf("%s: its columns from %d on are the attention's %s; expected q, k and v in this order",
					q.layer.node.title(), p.first, "qkv"[i:i+1])
			}
		}
		b.qkv = []affine{q.layer}
	case q.layer.out == channels && qkv[1].layer.out == channels && qkv[2].layer.out == channels:
		for _, p := range qkv {
			b.qkv = append(b.qkv, p.layer)
		}
	default:
		return nil, fmt.Errorf("%s: q, k and v are of layers of %d, %d and %d outputs; expected one of %d or three of %d",
			q.layer.node.title(), q.layer.out, qkv[1].layer.out, qkv[2].layer.out, 3*channels, channels)
	}
	_, rows, err := s.places(q.layer.in, "the windows of an attention")
	for _, p := range qkv[1:] {
		of, others, wrong := s.places(p.layer.in, "the windows of an attention")
		if first, _, _ := s.computed(q.layer.in); err == nil && (wrong != nil || of != first || !slices.Equal(rows, others)) {
			err = fmt.Errorf("%s: q, k and v read different rows", b.softmax.title())
		}
	}
	return q.layer.in, err
}

// storeQKV stores the layers of q, k and v as one.
func (s *tracedGraph) storeQKV(name string, b *tracedAttention) error {
	if len(b.qkv) == 1 {
		return s.storeLayer(name, b.qkv[0])
	}
	var weights, bias []float32
	biases, in := false, 0
	for _, a := range b.qkv {
		e, err := s.entry(a.weight)
		if err == nil && a.turned {
			e, err = e.transposed()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		v, err := decodeValues(e.DType, e.data)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		weights, in = append(weights, v...), e.Shape[1]
		v = make([]float32, a.out)
		if a.bias != nil {
			list, err := s.values(a.bias)
			if err != nil {
				return err
			}
			v, biases = narrowed(list), true
		}
		bias = append(bias, v...)
	}
	s.o.c.entries[name+".weight"] = newEntry([]int{len(weights) / in, in}, weights)
	if biases {
		s.o.c.entries[name+".bias"] = newEntry([]int{len(bias)}, bias)
	}
	return nil
}
