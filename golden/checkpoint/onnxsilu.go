package checkpoint

import (
	"fmt"
	"slices"
	"strings"
)

// gates are how libraries name the layer behind whose result SiLU stands in a gated MLP, and the other's.
var gates = [][2]string{{".fc1_g.", ".fc1_x."}, {".gate_proj.", ".up_proj."}}

// silu reads MLPs with SiLU, x sigmoid(x), from the results of the graph's Sigmoid nodes: in front of the second layer,
// or, gated, times the value, with a LayerNorm behind that or not. Which part is the gate is read, not assumed.
func (r *graphReader) silu() error {
	s, err := r.traced()
	if err != nil {
		return fmt.Errorf("the activation is SiLU, and %w", err)
	}
	consumers := map[string][]*onnxNode{}
	for i := range r.nodes {
		for _, in := range r.nodes[i].inputs {
			consumers[in] = append(consumers[in], &r.nodes[i])
		}
	}
	kinds := map[bool]bool{}
	for i := range r.nodes {
		n := &r.nodes[i]
		if n.op != "Sigmoid" {
			continue
		}
		gated, err := s.gateOf(n, consumers)
		if err != nil {
			return fmt.Errorf("%s: is no SiLU in an MLP that is known: %w", n.title(), err)
		}
		kinds[gated] = true
	}
	if len(kinds) > 1 {
		return fmt.Errorf("the graph has MLPs with a gate and without; carried is one kind in all blocks")
	}
	r.list = append(r.list, fact{"activation", "silu", "the graph's Sigmoid"},
		fact{"gated", kinds[true], "the graph's Sigmoid"})
	return nil
}

// gateOf says whether the SiLU of a Sigmoid is a gate.
func (s *tracedGraph) gateOf(sigmoid *onnxNode, consumers map[string][]*onnxNode) (gated bool, err error) {
	const expected = "a layer in front of SiLU"
	only := func(name string, ops ...string) (*onnxNode, error) {
		list := consumers[name]
		if len(list) != 1 || !slices.Contains(ops, list[0].op) {
			return nil, fmt.Errorf("%s goes to %d nodes; expected one, of %s", name, len(list), strings.Join(ops, " or "))
		}
		return list[0], nil
	}
	product, err := only(sigmoid.out(), "Mul")
	if err != nil {
		return false, err
	}
	x := sigmoid.inputs[0]
	if !slices.Contains(product.inputs, x) {
		return false, fmt.Errorf("%s multiplies it with something else", product.title())
	}
	of, at, err := s.places(s.tensors[x], expected)
	if err != nil {
		return false, err
	}
	layer, ok := s.affine(of)
	if !ok || layer.bias == nil {
		return false, wrong(of, expected+" with a bias")
	}
	next, err := only(product.out(), "MatMul", "Gemm", "Mul")
	if err != nil {
		return false, err
	}
	second := func(n *onnxNode) error {
		if _, ok := s.affine(s.tensors[n.out()]); !ok {
			return fmt.Errorf("%s is no layer with constant weights", n.title())
		}
		return nil
	}
	own := func(i int) int { return i }
	if next.op != "Mul" {
		if len(at) != volume(of.shape) || misplaced(at, own) >= 0 {
			return false, fmt.Errorf("it is of a part of what %s gives", layer.node.title())
		}
		return false, second(next)
	}
	other := next.inputs[0]
	if other == product.out() {
		other = next.inputs[1]
	}
	valueOf, places, err := s.places(s.tensors[other], "the value of a gated MLP")
	if err != nil {
		return true, err
	}
	value, ok := s.affine(valueOf)
	switch half := layer.out / 2; {
	case !ok || value.bias == nil:
		return true, wrong(valueOf, "the value of a gated MLP, a layer with a bias")
	case of == valueOf: // in one layer, the gate first
		part := func(from int) func(i int) int {
			return func(i int) int { return i/half*layer.out + from + i%half }
		}
		if 2*half != layer.out || 2*len(at) != volume(of.shape) || len(places) != len(at) ||
			misplaced(at, part(0)) >= 0 || misplaced(places, part(half)) >= 0 {
			return true, fmt.Errorf("the gate is not the first half of what %s gives, or the value not the second",
				layer.node.title())
		}
	default:
		named := slices.ContainsFunc(gates, func(g [2]string) bool {
			return strings.Contains("."+layer.bias.name, g[0]) && strings.Contains("."+value.bias.name, g[1])
		})
		if !named || misplaced(at, own) >= 0 || misplaced(places, own) >= 0 || len(at) != volume(of.shape) ||
			len(places) != volume(valueOf.shape) {
			return true, fmt.Errorf("the gate is of %q and the value of %q; expected names with fc1_g and fc1_x, "+
				"or gate_proj and up_proj", layer.bias.name, value.bias.name)
		}
	}
	behind, err := only(next.out(), "MatMul", "Gemm", "LayerNormalization")
	if err == nil && behind.op == "LayerNormalization" {
		behind, err = only(behind.outputs[0], "MatMul", "Gemm")
	}
	if err != nil {
		return true, err
	}
	return true, second(behind)
}
