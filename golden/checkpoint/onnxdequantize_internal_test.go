package checkpoint

import (
	"slices"
	"testing"
)

// A matrix of constants that the graph turns is folded, of codes or of none; what is no matrix stays.
func TestTransposedConstants(t *testing.T) {
	values := &codes{axis: 0}
	d := &dequantizer{limit: 1 << 20, weights: map[string]*codes{"coded": values},
		o: &onnxWeights{tensors: map[string]entry{}}}
	matrix := entry{DType: "F32", Shape: []int{1, 2}, data: []byte{0, 0, 0, 0, 0, 0, 128, 63}}
	d.o.tensors["plain"], d.o.tensors["coded"] = matrix, matrix
	d.o.tensors["vector"] = entry{DType: "F32", Shape: []int{2}, data: matrix.data}
	for name, want := range map[string]bool{"plain": false, "coded": false, "vector": true, "computed": true} {
		keep, err := d.transpose(&onnxNode{inputs: []string{name}, outputs: []string{name + "^T"}})
		if err != nil || keep != want {
			t.Errorf("%s: the node stays is %v, %v; expected %v", name, keep, err, want)
		}
	}
	for _, name := range []string{"plain^T", "coded^T"} {
		if e := d.o.tensors[name]; !slices.Equal(e.Shape, []int{2, 1}) {
			t.Errorf("%s has shape %v; expected 2 x 1", name, e.Shape)
		}
	}
	if c := d.weights["coded^T"]; c == nil || c.axis != 1 || values.axis != 0 {
		t.Errorf("scales of what was turned are along axis %+v; expected 1, and 0 as before it", c)
	}
	if d.weights["plain^T"] != nil {
		t.Error("a float matrix has codes")
	}
}
