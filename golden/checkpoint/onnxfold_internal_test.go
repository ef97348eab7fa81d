package checkpoint

import (
	"slices"
	"testing"
)

// Constants of a graph are folded as ONNX defines its operators: numbers become integers towards 0, integers are
// divided towards 0, and a remainder has the divisor's sign.
func TestFoldedConstants(t *testing.T) {
	real, whole := []float64{1.7, -2.3, 7}, []float64{7, -7, 6}
	number := func(v int64) map[string]onnxAttribute { return map[string]onnxAttribute{"to": {number: v}} }
	for _, c := range []struct {
		op         string
		inputs     []string
		attributes map[string]onnxAttribute
		want       []float64
		whole      bool
	}{
		{"Cast", []string{"real"}, number(7), []float64{1, -2, 7}, true}, // INT64
		{"Cast", []string{"real"}, number(1), real, false},
		{"Cast", []string{"real"}, number(11), real, false}, // DOUBLE
		{"Cast", []string{"whole"}, number(7), whole, true},
		{"Cast", []string{"whole"}, number(1), whole, false},
		{"CastLike", []string{"real", "whole"}, nil, []float64{1, -2, 7}, true},
		{"CastLike", []string{"whole", "real"}, nil, whole, false},
		{"Div", []string{"whole", "three"}, nil, []float64{2, -2, 2}, true},
		{"Div", []string{"real", "half"}, nil, []float64{3.4, -4.6, 14}, false},
		{"Mod", []string{"whole", "three"}, nil, []float64{1, 2, 0}, true},
		{"Less", []string{"whole", "three"}, nil, []float64{0, 1, 0}, true},
		{"Neg", []string{"whole"}, nil, []float64{-7, 7, -6}, false},
	} {
		t.Run(c.op, func(t *testing.T) {
			m := &mover{limit: 1 << 10, tensors: map[string]*moved{"real": numbers([]int{3}, false, real),
				"whole": numbers([]int{3}, true, whole), "three": numbers(nil, true, []float64{3}),
				"half": numbers([]int{1}, false, []float64{0.5})}}
			n := onnxNode{op: c.op, inputs: c.inputs, outputs: []string{"y"}, attributes: c.attributes}
			if err := m.node(&n); err != nil {
				t.Fatal(err)
			}
			y := m.tensors["y"]
			got, err := m.values(y)
			if err != nil || !slices.Equal(got, c.want) || !slices.Equal(y.shape, []int{3}) {
				t.Errorf("%v of shape %v, %v; expected %v", got, y.shape, err, c.want)
			}
			if c.op != "Neg" && y.whole != c.whole {
				t.Errorf("the result is of integers: %v; expected %v", y.whole, c.whole)
			}
		})
	}
}

// A product is a layer where a result is multiplied with a matrix of constants, and nothing else.
func TestLayersOfAGraph(t *testing.T) {
	constant := func(shape ...int) *moved { return numbers(shape, false, make([]float64, volume(shape))) }
	result := func(shape ...int) *moved { return &moved{shape: shape, node: &onnxNode{op: "Softmax"}} }
	gemm := func(name string, a onnxAttribute) *onnxNode {
		return &onnxNode{op: "Gemm", attributes: map[string]onnxAttribute{name: a}}
	}
	matmul, x := &onnxNode{op: "MatMul"}, result(1, 2, 4)
	for name, c := range map[string]struct {
		node *onnxNode
		in   []*moved
		want bool
	}{
		"matrix":           {matmul, []*moved{x, constant(4, 3)}, true},
		"three dimensions": {matmul, []*moved{x, constant(1, 4, 3)}, false},
		"two results":      {matmul, []*moved{x, result(4, 3)}, false},
		"no operand":       {matmul, []*moved{x, nil}, false},
		"two constants":    {matmul, []*moved{constant(2, 4), constant(4, 3)}, false},
		"bias":             {gemm("beta", onnxAttribute{float: 1}), []*moved{x, constant(4, 3), constant(3)}, true},
		"computed bias":    {gemm("beta", onnxAttribute{float: 1}), []*moved{x, constant(4, 3), result(3)}, false},
		"short bias":       {gemm("beta", onnxAttribute{float: 1}), []*moved{x, constant(4, 3), constant(1)}, false},
		"factor":           {gemm("alpha", onnxAttribute{float: 2}), []*moved{x, constant(4, 3)}, false},
		"another operator": {&onnxNode{op: "Mul"}, []*moved{x, constant(4, 3)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &tracedGraph{mover: &mover{limit: 1 << 10}}
			if _, ok := s.affine(&moved{shape: []int{1, 2, 3}, node: c.node, in: c.in}); ok != c.want {
				t.Errorf("is a layer: %v; expected %v", ok, c.want)
			}
		})
	}
}
