package checkpoint

import (
	"fmt"
	"math"
	"slices"
)

// node takes in one node of a graph.
func (m *mover) node(n *onnxNode) error {
	if n.op == "Constant" {
		return m.constantNode(n)
	}
	for i, in := range n.inputs {
		if in != "" && m.tensors[in] == nil {
			return fmt.Errorf("reads %s, which nothing gives (input %d)", in, i)
		}
	}
	t := m.input(n, 0)
	if t == nil {
		return fmt.Errorf("reads nothing")
	}
	var out *moved
	var err error
	switch n.op {
	case "Reshape", "Flatten", "Squeeze", "Unsqueeze":
		var shape []int
		if shape, err = m.reshape(n, t); err == nil {
			if out = m.picked(shape, nil, t); volume(shape) != volume(t.shape) {
				err = fmt.Errorf("makes %v of %v", shape, t.shape)
			}
		}
	case "Identity", "Dropout":
		out = t
	case "Cast", "CastLike":
		out = m.cast(n, t)
	case "Transpose":
		out, err = m.transpose(n, t)
	case "Slice":
		out, err = m.slice(n, t)
	case "Pad":
		out, err = m.pad(n, t)
	case "Concat":
		out, err = m.concat(n)
	case "Gather":
		out, err = m.gather(n, t)
	case "Split":
		return m.split(n, t)
	case "Expand":
		var shape []int
		if shape, err = m.ints(m.input(n, 1)); err == nil {
			out, err = m.expand(t, shape)
		}
	case "Shape":
		out = m.shapeOf(n, t.shape)
	default:
		out, err = m.compute(n)
	}
	if err != nil {
		return err
	}
	m.tensors[n.outputs[0]] = out
	return nil
}

// constantNode is a node that holds a tensor, or a few numbers.
func (m *mover) constantNode(n *onnxNode) error {
	if t := n.attributes["value"].tensor; t != nil {
		m.constant(n.outputs[0], t)
		return nil
	}
	if a, ok := n.attributes["value_float"]; ok {
		m.tensors[n.outputs[0]] = numbers(nil, false, []float64{float64(a.float)})
		return nil
	}
	if a, ok := n.attributes["value_int"]; ok {
		m.tensors[n.outputs[0]] = numbers(nil, true, []float64{float64(a.number)})
		return nil
	}
	a, ok := n.attributes["value_ints"]
	if !ok {
		return fmt.Errorf("holds no numbers")
	}
	list := make([]float64, len(a.ints))
	for i, v := range a.ints {
		list[i] = float64(v)
	}
	m.tensors[n.outputs[0]] = numbers([]int{len(list)}, true, list)
	return nil
}

// numbers are a constant that is there.
func numbers(shape []int, whole bool, list []float64) *moved {
	return &moved{shape: shape, whole: whole, list: func() ([]float64, error) { return list, nil }}
}

// shapeOf is a Shape.
func (m *mover) shapeOf(n *onnxNode, shape []int) *moved {
	from, to := 0, len(shape)
	if a, ok := n.attributes["start"]; ok {
		from = min(max(int(a.number), -len(shape)), len(shape))
	}
	if a, ok := n.attributes["end"]; ok {
		to = min(max(int(a.number), -len(shape)), len(shape))
	}
	if from < 0 {
		from += len(shape)
	}
	if to < 0 {
		to += len(shape)
	}
	list := []float64{}
	for _, d := range shape[min(from, to):to] {
		list = append(list, float64(d))
	}
	return numbers([]int{len(list)}, true, list)
}

// cast gives numbers another type; what depends on the image stays what it is.
func (m *mover) cast(n *onnxNode, t *moved) *moved {
	out := m.picked(t.shape, nil, t)
	to := n.attributes["to"].number
	if out.whole = onnxTypes[uint64(to)] == "" && to != 11; n.op == "CastLike" {
		out.whole = m.input(n, 1) != nil && m.input(n, 1).whole
	}
	if t.list != nil && out.whole && !t.whole {
		out.list = func() ([]float64, error) {
			v, err := m.values(t)
			v = slices.Clone(v)
			for i := range v {
				v[i] = math.Trunc(v[i])
			}
			return v, err
		}
	}
	return out
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// twofold are operators of two numbers; of one they read the first.
var twofold = map[string]func(a, b float64) float64{
	"Add": func(a, b float64) float64 { return a + b }, "Sub": func(a, b float64) float64 { return a - b },
	"Mul": func(a, b float64) float64 { return a * b }, "Div": func(a, b float64) float64 { return a / b },
	"Pow": math.Pow, "Min": math.Min, "Max": math.Max,
	"Mod":            func(a, b float64) float64 { return a - b*math.Floor(a/b) },
	"Equal":          func(a, b float64) float64 { return truth(a == b) },
	"Greater":        func(a, b float64) float64 { return truth(a > b) },
	"GreaterOrEqual": func(a, b float64) float64 { return truth(a >= b) },
	"Less":           func(a, b float64) float64 { return truth(a < b) },
	"LessOrEqual":    func(a, b float64) float64 { return truth(a <= b) },
	"And":            func(a, b float64) float64 { return truth(a != 0 && b != 0) },
	"Or":             func(a, b float64) float64 { return truth(a != 0 || b != 0) },
}

// onefold are operators of one number.
var onefold = map[string]func(a float64) float64{
	"Sqrt": math.Sqrt, "Neg": func(a float64) float64 { return -a }, "Floor": math.Floor, "Ceil": math.Ceil,
	"Abs": math.Abs, "Reciprocal": func(a float64) float64 { return 1 / a }, "Exp": math.Exp, "Erf": math.Erf,
	"Sin": math.Sin, "Cos": math.Cos, "Tanh": math.Tanh,
	"Sigmoid": func(a float64) float64 { return 1 / (1 + math.Exp(-a)) },
	"Relu":    func(a float64) float64 { return max(a, 0) }, "Not": func(a float64) float64 { return truth(a == 0) },
	"IsNaN": func(a float64) float64 { return truth(a != a) },
}

// truths are operators whose results are no floating-point numbers.
var truths = []string{"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Not", "IsNaN"}

// compute takes in a node that computes: numbers where all that it reads are constants, and else a result.
func (m *mover) compute(n *onnxNode) (*moved, error) {
	out := &moved{node: n}
	constant := true
	for i := range n.inputs {
		t := m.input(n, i)
		out.in = append(out.in, t)
		constant = constant && (t == nil || t.list != nil)
	}
	a, b := out.in[0], m.input(n, 1)
	var err error
	two, one := twofold[n.op], onefold[n.op]
	switch {
	case two != nil && len(out.in) == 2 && b != nil:
		if out.shape, err = together(a.shape, b.shape); err != nil || !constant {
			break
		}
		out.whole = a.whole && b.whole || slices.Contains(truths, n.op)
		out.list = func() ([]float64, error) {
			v, err := m.spreads(out.shape, a, b)
			if err != nil {
				return nil, err
			}
			for i := range v[0] {
				if v[0][i] = two(v[0][i], v[1][i]); n.op == "Div" && out.whole {
					v[0][i] = math.Trunc(v[0][i])
				}
			}
			return v[0], nil
		}
	case one != nil || n.op == "Gelu":
		if out.shape, out.whole = a.shape, slices.Contains(truths, n.op); !constant || one == nil {
			break
		}
		out.list = func() ([]float64, error) {
			v, err := m.values(a)
			v = slices.Clone(v)
			for i := range v {
				v[i] = one(v[i])
			}
			return v, err
		}
	case constant && n.op != "Resize":
		return m.fold(n, out.in)
	default:
		out.shape, err = m.result(n, out.in)
	}
	if out.list != nil {
		out.node, out.in = nil, nil
	}
	return out, err
}

// spreads are the values of constants, each repeated to a shape.
func (m *mover) spreads(shape []int, of ...*moved) ([][]float64, error) {
	if err := m.counts(len(of) * volume(shape)); err != nil {
		return nil, err
	}
	var all [][]float64
	for _, t := range of {
		v, err := m.values(t)
		if err != nil {
			return nil, err
		}
		list := make([]float64, volume(shape))
		for i, k := range spread(t.shape, shape) {
			list[i] = v[k]
		}
		all = append(all, list)
	}
	return all, nil
}

// fold is what some operators make of constants.
func (m *mover) fold(n *onnxNode, in []*moved) (*moved, error) {
	out := &moved{whole: in[0].whole}
	switch {
	case n.op == "ConstantOfShape":
		shape, err := m.ints(in[0])
		if err == nil {
			err = fits(shape)
		}
		if err != nil {
			return nil, err
		}
		out.shape, out.whole = shape, false
		value := 0.0
		if t := n.attributes["value"].tensor; t != nil {
			out.whole = onnxTypes[t.dtype] == ""
			if w := t.whole(); len(w) > 0 {
				value = float64(w[0])
			} else if e, err := t.entry(); err == nil && !out.whole {
				if v, err := decodeValues(e.DType, e.data); err == nil && len(v) > 0 {
					value = float64(v[0])
				}
			} else if len(t.data) > 0 {
				value = float64(t.data[0])
			}
		}
		out.list = func() ([]float64, error) { return slices.Repeat([]float64{value}, volume(shape)), nil }
	case n.op == "Range" && len(in) == 3:
		var v [3]float64
		for i := range v {
			list, err := m.values(in[i])
			if err != nil || len(list) != 1 {
				return nil, fmt.Errorf("counts by %v, %w", list, err)
			}
			v[i] = list[0]
		}
		count := math.Ceil((v[1] - v[0]) / v[2])
		if !(count >= 0 && count < mostElements) {
			return nil, fmt.Errorf("counts from %g to %g by %g", v[0], v[1], v[2])
		}
		list := make([]float64, int(count))
		for i := range list {
			list[i] = v[0] + float64(i)*v[2]
		}
		return numbers([]int{len(list)}, in[0].whole, list), nil
	case n.op == "Where" && len(in) == 3:
		shape, err := together(in[1].shape, in[2].shape)
		if err == nil {
			shape, err = together(in[0].shape, shape)
		}
		if err != nil {
			return nil, err
		}
		out.shape, out.whole = shape, in[1].whole
		out.list = func() ([]float64, error) {
			v, err := m.spreads(shape, in...)
			if err != nil {
				return nil, err
			}
			for i, is := range v[0] {
				if v[0][i] = v[2][i]; is != 0 {
					v[0][i] = v[1][i]
				}
			}
			return v[0], nil
		}
	case n.op == "ScatterND" && len(in) == 3 && n.attributes["reduction"].text != "add":
		out.shape = in[0].shape
		out.list = func() ([]float64, error) { return m.scatter(in) }
	default:
		return nil, fmt.Errorf("computes with constants, and is not known; simplify the graph (onnxsim)")
	}
	return out, nil
}

// scatter puts values at indices of a constant.
func (m *mover) scatter(in []*moved) ([]float64, error) {
	data, err := m.values(in[0])
	if err != nil {
		return nil, err
	}
	data = slices.Clone(data)
	index, err := m.ints(in[1])
	if err != nil {
		return nil, err
	}
	updates, err := m.values(in[2])
	if err != nil || len(in[1].shape) == 0 {
		return nil, fmt.Errorf("puts values at no index, %w", err)
	}
	rank := in[1].shape[len(in[1].shape)-1]
	if rank < 1 || rank > len(in[0].shape) {
		return nil, fmt.Errorf("puts values at indices of %d axes", rank)
	}
	s, inner := strides(in[0].shape), volume(in[0].shape[rank:])
	for i := 0; i+rank <= len(index) && (i/rank+1)*inner <= len(updates); i += rank {
		at := 0
		for k, v := range index[i : i+rank] {
			if v, err = axis(v, in[0].shape[k]); err != nil {
				return nil, err
			}
			at += v * s[k]
		}
		copy(data[at:at+inner], updates[i/rank*inner:])
	}
	return data, nil
}

// result is the shape of what a node computes of the image.
func (m *mover) result(n *onnxNode, in []*moved) ([]int, error) {
	a := in[0].shape
	var b []int
	if len(in) > 1 && in[1] != nil {
		b = in[1].shape
	}
	switch n.op {
	case "LayerNormalization", "Softmax":
		return a, nil
	case "Where":
		shape := a
		for _, t := range in[1:] {
			var err error
			if shape, err = together(shape, t.shape); err != nil {
				return nil, err
			}
		}
		return shape, nil
	case "Resize": // of position embeddings
		if sizes := m.input(n, 3); sizes != nil {
			return m.ints(sizes)
		}
		scales, err := m.values(m.input(n, 2))
		if err != nil || len(scales) != len(a) {
			return nil, fmt.Errorf("resizes %v by %v", a, scales)
		}
		shape := slices.Clone(a)
		for i, s := range scales {
			shape[i] = int(math.Floor(float64(shape[i]) * s))
		}
		return shape, nil
	case "MatMul":
		if len(a) < 2 || len(b) < 2 || a[len(a)-1] != b[len(b)-2] {
			return nil, fmt.Errorf("multiplies %v and %v", a, b)
		}
		outer, err := together(a[:len(a)-2], b[:len(b)-2])
		return append(outer, a[len(a)-2], b[len(b)-1]), err
	case "Gemm":
		if len(a) != 2 || len(b) != 2 || n.attributes["transA"].number != 0 {
			return nil, fmt.Errorf("multiplies %v and %v", a, b)
		}
		if n.attributes["transB"].number != 0 {
			return []int{a[0], b[0]}, nil
		}
		return []int{a[0], b[1]}, nil
	case "Conv":
		return convolved(n, a, b)
	case "GlobalAveragePool":
		if len(a) < 3 {
			return nil, fmt.Errorf("reads %v", a)
		}
		return append(slices.Clone(a[:2]), slices.Repeat([]int{1}, len(a)-2)...), nil
	case "ReduceMean", "ReduceMax":
		axes, err := m.reduced(n)
		if err != nil {
			return nil, err
		}
		var shape []int
		for i, d := range a {
			switch keep := n.attributes["keepdims"]; {
			case !slices.Contains(axes, i) && !slices.Contains(axes, i-len(a)):
				shape = append(shape, d)
			case keep.number != 0 || !hasAttribute(n, "keepdims"):
				shape = append(shape, 1)
			}
		}
		return shape, nil
	}
	return nil, fmt.Errorf("is not an operator of a vision transformer that is known")
}

func hasAttribute(n *onnxNode, name string) bool { _, ok := n.attributes[name]; return ok }

// reduced are the axes of a ReduceMean or ReduceMax.
func (m *mover) reduced(n *onnxNode) ([]int, error) {
	if in := m.input(n, 1); in != nil {
		return m.ints(in)
	}
	var axes []int
	for _, v := range n.attributes["axes"].ints {
		axes = append(axes, int(v))
	}
	return axes, nil
}

// convolved is the shape of a Conv that cuts its image into patches.
func convolved(n *onnxNode, image, weight []int) ([]int, error) {
	if len(image) != 4 || len(weight) != 4 || weight[2] < 1 || weight[3] < 1 || image[1] != weight[1] {
		return nil, fmt.Errorf("reads %v with weights %v", image, weight)
	}
	stride := n.attributes["strides"].ints
	plain := func(name string, value int64) bool {
		return !slices.ContainsFunc(n.attributes[name].ints, func(v int64) bool { return v != value })
	}
	if len(stride) != 2 || stride[0] != int64(weight[2]) || stride[1] != int64(weight[3]) || !plain("pads", 0) ||
		!plain("dilations", 1) || n.attributes["group"].number > 1 || image[2]%weight[2] != 0 || image[3]%weight[3] != 0 {
		return nil, fmt.Errorf("has weights %v, strides %v and pads %v on an image %v; expected patches side by side",
			weight, stride, n.attributes["pads"].ints, image)
	}
	return []int{image[0], weight[0], image[2] / weight[2], image[3] / weight[3]}, nil
}
