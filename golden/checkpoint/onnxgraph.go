package checkpoint

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// graphReader looks up what the nodes of a graph read.
type graphReader struct {
	*onnxGraph
	o        *onnxWeights
	producer map[string]onnxNode
	list     []fact
	graph    *tracedGraph // once it was followed
}

func newGraphReader(g *onnxGraph, o *onnxWeights) *graphReader {
	r := &graphReader{onnxGraph: g, o: o, producer: map[string]onnxNode{}}
	for _, n := range g.nodes {
		for _, out := range n.outputs {
			r.producer[out] = n
		}
	}
	return r
}

// read finds what the tensors of an ONNX model do not show: activation, epsilon, pooling, and a
// normalisation of the image that is part of the graph. It recognises patterns of operators, not names. Of a Swin it
// reads the tensors, too.
func (r *graphReader) read(swin bool) error {
	if err := r.epsilon(); err != nil {
		return err
	}
	if swin {
		return r.swin()
	}
	r.towerPositions()
	for _, step := range []func() error{r.attentions, r.activation, r.pooling} {
		if err := step(); err != nil {
			return err
		}
	}
	r.image()
	r.heads()
	return nil
}

// scalar is the only value of a floating-point constant.
func (r *graphReader) scalar(name string) (float64, bool) {
	v := r.values(name)
	if len(v) != 1 {
		return 0, false
	}
	return v[0], true
}

// values are those of a small floating-point constant, nil if it is none.
func (r *graphReader) values(name string) []float64 {
	e, ok := r.o.tensors[name]
	if !ok || volume(e.Shape) > 64 {
		return nil
	}
	list, err := decodeValues(e.DType, e.data)
	if err != nil {
		return nil
	}
	return widened(list)
}

func widened(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

// scaled is the constant that a value was multiplied with, 1 if it was not.
func (r *graphReader) scaled(name string) float64 {
	n := r.producer[name]
	for i, in := range n.inputs {
		if s, ok := r.scalar(in); ok && n.op == "Mul" && len(n.inputs) == 2 {
			return s
		} else if ok && n.op == "Div" && i == 1 {
			return 1 / s
		}
	}
	return 1
}

// activation finds the function of the MLPs by its operator.
func (r *graphReader) activation() error {
	found := map[string]bool{}
	for _, n := range r.nodes {
		switch n.op {
		case "Erf":
			found["gelu"] = true
		case "Gelu":
			found[map[string]string{"tanh": "gelu_tanh"}[n.attributes["approximate"].text]] = true
			if n.attributes["approximate"].text != "tanh" {
				delete(found, "")
				found["gelu"] = true
			}
		case "FastGelu", "Tanh":
			found["gelu_tanh"] = true
		case "QuickGelu":
			found["quick_gelu"] = true
		case "Relu":
			found["relu"] = true
		case "Neg", "RotaryEmbedding", "Sin", "Cos":
			if !slices.ContainsFunc(r.list, func(f fact) bool { return f.key == "rope" }) {
				return fmt.Errorf("the graph has %s, and no attention whose queries and keys it was seen to turn (rotary "+
					"position embeddings, RoPE): it is another network", n.op)
			}
		case "Sigmoid":
			if s := r.scaled(n.inputs[0]); math.Abs(s-1.702) < 1e-3 {
				found["quick_gelu"] = true
			} else {
				found["SiLU"] = true
			}
		case "HardSwish", "HardSigmoid", "Elu", "LeakyRelu", "Mish", "PRelu", "Celu", "Selu", "Softplus":
			found[n.op] = true
		}
	}
	names := sortedSet(found)
	if len(names) == 1 && found["SiLU"] {
		return r.silu()
	}
	switch len(names) {
	case 0:
		return nil
	case 1:
		f, err := activation(names[0], "the graph's nodes")
		r.list = append(r.list, f)
		return err
	}
	return fmt.Errorf("the graph has the activations %s; carried is one in all blocks", strings.Join(names, " and "))
}

// zeros says whether a name is of a constant of zeros.
func (r *graphReader) zeros(name string) bool {
	e, ok := r.o.tensors[name]
	v, err := decodeValues(e.DType, e.data)
	return ok && err == nil && !slices.ContainsFunc(v, func(x float32) bool { return x != 0 })
}

func sortedSet(m map[string]bool) []string {
	var list []string
	for n := range m {
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// epsilon finds that of the LayerNorms: an attribute, or what is added under a root.
func (r *graphReader) epsilon() error {
	var found []float64
	add := func(v float64) {
		if !slices.ContainsFunc(found, func(w float64) bool { return math.Abs(v-w) <= 1e-3*w }) {
			found = append(found, v)
		}
	}
	for _, n := range r.nodes {
		switch n.op {
		case "LayerNormalization", "SkipLayerNormalization":
			if a, ok := n.attributes["epsilon"]; ok {
				add(float64(a.float))
			} else {
				add(1e-5) // the operator's default
			}
		case "Sqrt":
			if sum := r.producer[n.inputs[0]]; sum.op == "Add" {
				for _, in := range sum.inputs {
					if v, ok := r.scalar(in); ok {
						add(v)
					}
				}
			}
		case "SimplifiedLayerNormalization", "RMSNormalization":
			return fmt.Errorf("the graph has %s: RMSNorm is not carried", n.op)
		}
	}
	switch len(found) {
	case 0:
		return nil
	case 1:
		r.list = append(r.list, fact{"layer_norm_eps", shortest(found[0]), "the graph's LayerNorms"})
		return nil
	}
	return fmt.Errorf("the graph's LayerNorms have the epsilons %v; carried is one for all", found)
}

// shortest is the number of the fewest digits that a float32 stands for: 1e-6 for 9.99999997e-7.
func shortest(v float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', -1, 32), 64)
	if err != nil {
		return v
	}
	return short
}

// passing are operators that hand their first input on, as far as pooling goes.
var passing = []string{"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Cast", "Dropout", "Transpose"}

// pooling follows the graph from its result backwards, over the head, to the operator that leaves one
// token of many.
func (r *graphReader) pooling() error {
	if len(r.outputs) == 0 {
		return nil
	}
	if is, err := r.probes(); is || err != nil {
		r.list = append(r.list, fact{"pool", "map", "the graph's attention"})
		return err
	}
	at, norm := r.outputs[0], false
	for range 64 {
		n, ok := r.producer[at]
		if !ok || len(n.inputs) == 0 {
			return nil
		}
		next := n.inputs[0]
		switch {
		case slices.Contains(passing, n.op), n.op == "Gemm", n.op == "MatMul":
		case n.op == "LayerNormalization":
			norm = true
		case n.op == "Add" || n.op == "Mul":
			if next = r.dynamic(n); next == "" {
				return nil // a sum of two heads
			}
		case n.op == "Div" && r.producer[next].op == "Sub": // a LayerNorm in parts
			norm, next = true, r.producer[next].inputs[0]
		case n.op == "Gather":
			return r.token(r.o.whole[n.inputs[1]], norm)
		case n.op == "Slice" && len(n.inputs) > 2:
			return r.token(r.o.whole[n.inputs[1]], norm)
		case n.op == "ReduceMean" || n.op == "ReduceMax":
			return r.pool(n, norm)
		default:
			return nil
		}
		at = next
	}
	return nil
}

// dynamic is the one input of a node that is no constant, "" if there are two.
func (r *graphReader) dynamic(n onnxNode) string {
	found := ""
	for _, in := range n.inputs {
		if _, constant := r.o.tensors[in]; constant {
			continue
		}
		if found != "" {
			return ""
		}
		found = in
	}
	return found
}

func (r *graphReader) token(index []int64, _ bool) error {
	if len(index) > 0 && index[0] != 0 {
		return fmt.Errorf("the graph's head reads token %d; carried is the class token, 0", index[0])
	}
	r.list = append(r.list, fact{"pool", "token", "the graph's nodes"})
	return nil
}

// pool is a mean or a maximum over the tokens.
func (r *graphReader) pool(n onnxNode, norm bool) error {
	axes := n.attributes["axes"].ints
	if len(n.inputs) > 1 {
		axes = r.o.whole[n.inputs[1]]
	}
	if len(axes) != 1 || axes[0] != 1 && axes[0] != -2 {
		return fmt.Errorf("the graph's %s in front of the head is over the axes %v; carried is one over the tokens, axis 1",
			n.op, axes)
	}
	kind := map[string]string{"ReduceMean": "avg", "ReduceMax": "max"}[n.op]
	first := int64(0)
	if s := r.producer[n.inputs[0]]; s.op == "Slice" && len(s.inputs) > 2 {
		if from := r.o.whole[s.inputs[1]]; len(from) == 1 {
			first = from[0]
		}
	}
	from := "the graph's " + n.op
	r.list = append(r.list, fact{"pool", kind, from}, fact{"fc_norm", norm, from},
		fact{"tokens left out of the pooling", int(first), from})
	return nil
}

// image follows the graph from its input to the patch embedding: an affine map of each channel on the
// way is the normalisation of the image.
func (r *graphReader) image() {
	if len(r.inputs) == 0 {
		return
	}
	consumers := map[string][]onnxNode{}
	for _, n := range r.nodes {
		for _, in := range n.inputs {
			consumers[in] = append(consumers[in], n)
		}
	}
	at, constants := r.inputs[0], []string(nil)
	scale, offset, touched := []float64{1}, []float64{0}, false
	for range 32 {
		next := consumers[at]
		if len(next) != 1 {
			return
		}
		n := next[0]
		switch {
		case n.op == "Conv":
			r.imageSize(n)
			if touched {
				r.normalised(scale, offset)
				r.o.used = append(r.o.used, constants...)
			}
			return
		case n.op == "Cast", n.op == "Identity", n.op == "Transpose":
		case len(n.inputs) == 2 && (n.op == "Div" || n.op == "Mul" || n.op == "Sub" || n.op == "Add"):
			other := n.inputs[1]
			if other == at {
				other = n.inputs[0]
			}
			v := r.values(other)
			if v == nil || len(v) != 1 && len(scale) != 1 && len(v) != len(scale) {
				return
			}
			touched, constants = true, append(constants, other)
			scale, offset = broadcast(scale, len(v)), broadcast(offset, len(v))
			for c := range scale {
				x := v[c%len(v)]
				switch n.op {
				case "Div":
					scale[c], offset[c] = scale[c]/x, offset[c]/x
				case "Mul":
					scale[c], offset[c] = scale[c]*x, offset[c]*x
				case "Sub":
					offset[c] -= x
				case "Add":
					offset[c] += x
				}
			}
		default:
			return
		}
		at = n.out()
	}
}

func broadcast(v []float64, n int) []float64 {
	if len(v) >= n {
		return v
	}
	return slices.Repeat(v, n)
}

// normalised takes the normalisation scale*x + offset = (x/255 - mean)/std, or (x - mean)/std where the
// scale shows that x is 0..1 already.
func (r *graphReader) normalised(scale, offset []float64) {
	var mean, std []float64
	for c, s := range scale {
		if s < 0.1 { // a std below 0.04 would be none of images
			s *= 255
		}
		mean, std = append(mean, -offset[c]/s), append(std, 1/s)
	}
	r.list = append(r.list, fact{"mean", mean, "the graph in front of its patches"},
		fact{"std", std, "the graph in front of its patches"})
}
