package checkpoint

import (
	"fmt"
	"slices"
)

// A quantized graph is read by its structure, not by names: tools that quantize rename constants, share equal ones
// between layers and fold others. A vision transformer's parts stand in one order, which no such tool changes:
// patches, tokens, and for each block norm, q k v, attention, proj, norm, fc1, fc2; then norm, pooling, head.

// part is one of them.
type part struct {
	kind   string // conv, norm, product, attention, pool
	node   onnxNode
	weight string // constants; "" for none
	bias   string
	gamma  string // layer scale behind a product
	turned bool   // the weight is In x Out
	out    string // the result, with bias
	in     *codes // of what is read
	result *codes // of what is written, as the next node reads it
	qkv    [3]origin
}

// origin is where an attention takes q, k or v from.
type origin struct {
	part   int     // the product
	which  int     // of three parts of its result; -1 where it is the whole
	factor float64 // that it was multiplied with
	codes  *codes
	heads  int // 0 where no Reshape shows them
}

// structure is a graph as a list of parts.
type structure struct {
	*dequantizer
	r        *graphReader
	parts    []part
	owner    map[string]int    // the product of which a tensor is the result, moved perhaps
	soft     map[string]int    // tensors that come from a softmax, moved perhaps: its scores' node
	tokens   []string          // constants in front of the patches
	position string            // what is added to the tokens
	norms    map[string]int    // results of LayerNorms in parts, without offset
	consumer map[string]string // the operator that reads codes, for what is said of them
}

// scan finds the parts of a graph.
func (d *dequantizer) scan(r *graphReader) (*structure, error) {
	s := &structure{dequantizer: d, r: r, owner: map[string]int{}, soft: map[string]int{}, norms: map[string]int{},
		consumer: map[string]string{}}
	for i, n := range s.nodes {
		if len(n.inputs) == 0 || len(n.outputs) == 0 {
			continue
		}
		s.reads(n)
		if err := s.see(i, n); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// reads keeps by what node codes are read, and gives them to the product that made them.
func (s *structure) reads(n onnxNode) {
	for i, in := range n.inputs {
		if n.codes == nil || n.codes[i] == nil {
			continue
		}
		if _, constant := s.o.tensors[in]; !constant && !slices.Contains(passing, n.op) {
			_, soft := s.soft[in]
			s.consumer[n.codes[i].node] = map[bool]string{true: "softmax", false: n.op}[soft]
		}
		if p, ok := s.owner[in]; ok && s.parts[p].result == nil {
			s.parts[p].result = n.codes[i]
		}
	}
}

// shape is that of a constant, nil if it is none or empty.
func (s *structure) shape(name string) []int {
	e, ok := s.o.tensors[name]
	if !ok || volume(e.Shape) == 0 {
		return nil
	}
	return e.Shape
}

// vector is the length of a constant that has one axis of more than one value, 0 for others.
func (s *structure) vector(name string) int {
	shape := s.shape(name)
	if len(shape) == 0 || volume(shape[:len(shape)-1]) != 1 {
		return 0
	}
	return shape[len(shape)-1]
}

func (s *structure) add(p part) {
	p.out = p.node.outputs[0]
	if p.kind == "product" {
		s.owner[p.out] = len(s.parts)
	}
	s.parts = append(s.parts, p)
}

// see takes in one node.
func (s *structure) see(i int, n onnxNode) error {
	switch {
	case n.op == "Conv" && len(n.inputs) > 1 && len(s.shape(n.inputs[1])) == 4:
		s.add(part{kind: "conv", node: n, weight: n.inputs[1], bias: input(n, 2)})
	case (n.op == "MatMul" || n.op == "Gemm") && len(n.inputs) > 1 && len(s.shape(n.inputs[1])) == 2:
		p := part{kind: "product", node: n, weight: n.inputs[1], bias: input(n, 2), turned: n.op == "MatMul" ||
			n.attributes["transB"].number == 0}
		p.in = s.codesOf(n, 0)
		s.add(p)
	case n.op == "MatMul" && len(n.inputs) == 2 && s.shape(n.inputs[0]) == nil && s.shape(n.inputs[1]) == nil:
		return s.attention(n)
	case n.op == "Softmax":
		at, _ := s.scores(n.inputs[0])
		s.soft[n.outputs[0]] = at
	case n.op == "LayerNormalization" && len(n.inputs) > 1:
		s.add(part{kind: "norm", node: n, weight: n.inputs[1], bias: input(n, 2)})
	case n.op == "Concat":
		for _, in := range n.inputs {
			if len(s.shape(in)) == 3 {
				s.tokens = append(s.tokens, in)
			}
		}
	case n.op == "Add" || n.op == "Mul":
		s.with(n)
	case n.op == "ReduceMean" || n.op == "ReduceMax":
		if s.tokenAxis(n) {
			s.add(part{kind: "pool", node: n})
		}
	case slices.Contains(passing, n.op):
		if p, ok := s.owner[n.inputs[0]]; ok {
			s.owner[n.outputs[0]] = p
		}
		if at, ok := s.soft[n.inputs[0]]; ok {
			s.soft[n.outputs[0]] = at
		}
	}
	return nil
}

func input(n onnxNode, i int) string {
	if i < len(n.inputs) {
		return n.inputs[i]
	}
	return ""
}

// tokenAxis says whether a reduction is over the tokens, not over the channels as in a LayerNorm.
func (s *structure) tokenAxis(n onnxNode) bool {
	axes := n.attributes["axes"].ints
	if len(n.inputs) > 1 {
		axes = s.o.whole[n.inputs[1]]
	}
	return len(axes) == 1 && (axes[0] == 1 || axes[0] == -2)
}

// with takes in the sum or product of a tensor and a constant: a bias, positions, a layer scale, a LayerNorm's gain and
// offset.
func (s *structure) with(n onnxNode) {
	if len(n.inputs) != 2 {
		return
	}
	at, of := n.inputs[0], n.inputs[1]
	if s.shape(of) == nil {
		at, of = of, at
	}
	shape, wide := s.shape(of), s.vector(of)
	if shape == nil {
		return
	}
	p, made := s.owner[at]
	norm, normed := s.norms[at]
	switch {
	case n.op == "Add" && made && s.parts[p].bias == "" && s.parts[p].gamma == "" && wide == s.width(s.parts[p]):
		s.parts[p].bias, s.parts[p].result = of, nil
		s.owner[n.outputs[0]] = p
	case n.op == "Mul" && made && s.parts[p].gamma == "" && wide > 1 && wide == s.width(s.parts[p]):
		s.parts[p].gamma, s.parts[p].result = of, nil
		s.owner[n.outputs[0]] = p
	case n.op == "Add" && normed && s.parts[norm].bias == "" && wide > 1:
		s.parts[norm].bias = of
	case n.op == "Mul" && wide > 1 && s.normalises(at):
		s.norms[n.outputs[0]] = len(s.parts)
		s.parts = append(s.parts, part{kind: "norm", node: n, weight: of, out: n.outputs[0]})
	case n.op == "Add" && s.position == "" && len(s.parts) == 1 && len(shape) >= 2 && !made:
		s.position = of
	}
}

// normalises says whether a tensor is that of a LayerNorm in parts in front of its gain: something over a root.
func (s *structure) normalises(name string) bool {
	n := s.r.producer[name]
	for _, in := range n.inputs {
		by := s.r.producer[in]
		if n.op == "Div" && by.op == "Sqrt" || n.op == "Mul" &&
			(by.op == "Reciprocal" || by.op == "Rsqrt" || by.op == "Div") {
			return true
		}
	}
	return false
}

// width is a product's number of outputs.
func (s *structure) width(p part) int {
	shape := s.shape(p.weight)
	if p.turned {
		return shape[1]
	}
	return shape[0]
}

// codesOf are the codes that a node reads, or from which what it reads was moved.
func (s *structure) codesOf(n onnxNode, i int) *codes {
	for range 8 {
		if n.codes != nil && n.codes[i] != nil {
			return n.codes[i]
		}
		before := s.r.producer[n.inputs[i]]
		if !slices.Contains(passing, before.op) && before.op != "Gather" && before.op != "Slice" || len(before.inputs) == 0 {
			return nil
		}
		n, i = before, 0
	}
	return nil
}

// scores follows a softmax back to the product of q and k: its place among the nodes.
func (s *structure) scores(name string) (int, bool) {
	for range 16 {
		n, ok := s.r.producer[name]
		if !ok || len(n.inputs) == 0 {
			return -1, false
		}
		if n.op == "MatMul" && len(n.inputs) == 2 {
			for i := range s.nodes {
				if len(s.nodes[i].outputs) > 0 && s.nodes[i].outputs[0] == name {
					return i, true
				}
			}
		}
		next := n.inputs[0]
		if s.shape(next) != nil && len(n.inputs) > 1 {
			next = n.inputs[1]
		}
		name = next
	}
	return -1, false
}

// attention takes in a product of two tensors that are no constants: of scores, or of their softmax with v.
func (s *structure) attention(n onnxNode) error {
	at, soft := s.soft[n.inputs[0]]
	if !soft {
		return nil // scores, which the softmax finds
	}
	if at < 0 {
		return fmt.Errorf("%s: no product of q and k leads to its softmax", n.title())
	}
	p, scores := part{kind: "attention", node: n}, s.nodes[at]
	for i, side := range []struct {
		n onnxNode
		i int
	}{{scores, 0}, {scores, 1}, {n, 1}} {
		o, err := s.back(side.n, side.i)
		if err != nil {
			return err
		}
		p.qkv[i] = o
	}
	s.add(p)
	return nil
}

// back follows what a node reads to the product that it is of.
func (s *structure) back(n onnxNode, i int) (origin, error) {
	o, start := origin{which: -1, factor: 1}, n
	for range 32 {
		if o.codes == nil && n.codes != nil {
			o.codes = n.codes[i]
		}
		name := n.inputs[i]
		if p, ok := s.owner[name]; ok {
			o.part = p
			for range 8 {
				before := s.r.producer[name]
				if !slices.Contains(passing, before.op) {
					break
				}
				o.sees(s.o.whole[input(before, 1)], s.width(s.parts[p]))
				name = input(before, 0)
			}
			return o, nil
		}
		n = s.r.producer[name]
		i = 0
		switch {
		case len(n.inputs) == 0:
			return o, fmt.Errorf("%s: what it reads (%s) is of no product with a constant: "+
				"the graph is no vision transformer that is known", start.title(), name)
		case slices.Contains(passing, n.op):
		case n.op == "Split":
			o.which = slices.Index(n.outputs, name)
		case n.op == "Gather" && len(s.o.whole[input(n, 1)]) == 1:
			o.which = int(s.o.whole[n.inputs[1]][0])
		case n.op == "Slice":
		case (n.op == "Mul" || n.op == "Div") && len(n.inputs) == 2:
			if s.shape(n.inputs[0]) != nil {
				i = 1
			}
			v, ok := s.r.scalar(n.inputs[1-i])
			if !ok {
				return o, fmt.Errorf("%s: is between a product and its attention; expected a scale", n.title())
			}
			if n.op == "Div" {
				v = 1 / v
			}
			o.factor *= v
		default:
			return o, fmt.Errorf("%s: what it reads (%s) is no product with a constant: "+
				"the graph is no vision transformer that is known", start.title(), name)
		}
	}
	return o, fmt.Errorf("%s: no product with a constant leads to it", start.title())
}

// sees takes the number of heads from the shape that a Reshape gives what a product of q, k or v, or of all three in
// one, has computed.
func (o *origin) sees(shape []int64, width int) {
	if n := len(shape); o.heads == 0 && n > 1 && shape[n-2] > 1 {
		o.heads = int(max(headsIn(shape, int64(width)), headsIn(shape, int64(width/3))))
	}
}
