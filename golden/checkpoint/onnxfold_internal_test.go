package checkpoint

import (
	"slices"
	"testing"
)

// Constants of a graph are folded as ONNX defines its operators: numbers become integers towards 0, integers are divided
// towards 0, and a remainder has the divisor's sign.
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
			if err := m.node(&onnxNode{op: c.op, inputs: c.inputs, outputs: []string{"y"}, attributes: c.attributes}); err != nil {
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
