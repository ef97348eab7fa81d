package checkpoint

import (
	"fmt"
	"slices"
	"strings"
)

// integerOps compute with codes in operators of their own: what they round is not in scales and zero points alone.
var integerOps = []string{"DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul", "MatMulInteger", "ConvInteger",
	"QGemm", "QAttention", "QLinearAdd",
	"QLinearMul", "MatMulNBits", "BipolarQuant", "FloatQuant", "Trunc", "MatMulIntegerToFloat", "DynamicQuantizeMatMul"}

// codeOps round to codes and back.
var codeOps = []string{"QuantizeLinear", "DequantizeLinear", "Quant", "IntQuant"}

// dequantizer turns a quantized graph into the float one that it stands for, and keeps how its tensors were rounded.
type dequantizer struct {
	*onnxGraph
	o        *onnxWeights
	integers map[string]*onnxTensor // constants that are no floating-point numbers
	weights  map[string]*codes      // of float constants that codes stand for
	replaced map[string]rounding    // tensors that are others, rounded
	consumed map[*codes]bool        // that a node reads
	made     int                    // values of constants
	limit    int
}

// rounding is a tensor in the place of another: the one that was rounded to codes. Whole says that its codes are
// still to be turned into numbers.
type rounding struct {
	of    string
	codes *codes
	whole bool
}

// dequantize takes the nodes that round out of a graph. It returns nil for a graph that has none.
func (g *onnxGraph) dequantize(o *onnxWeights) (*dequantizer, error) {
	found := false
	for _, n := range g.nodes {
		if slices.Contains(integerOps, n.op) {
			return nil, fmt.Errorf("%s: is quantized in operators of integers; expected static codes of fixed scale, "+
				"which are QDQ (quantize_static with quant_format=QuantFormat.QDQ) or QONNX (Brevitas' export_qonnx)", n.title())
		}
		found = found || slices.Contains(codeOps, n.op)
	}
	if !found {
		return nil, nil
	}
	d := &dequantizer{onnxGraph: g, o: o, integers: map[string]*onnxTensor{}, weights: map[string]*codes{},
		replaced: map[string]rounding{},
		consumed: map[*codes]bool{}, limit: 1 << 20}
	for _, f := range o.c.files {
		d.limit += 16 * len(f)
	}
	for i := range g.tensors {
		if onnxTypes[g.tensors[i].dtype] == "" {
			d.integers[g.tensors[i].name] = &g.tensors[i]
		}
	}
	var kept []onnxNode
	for _, n := range g.nodes {
		keep, err := d.node(&n)
		if err != nil {
			return nil, err
		}
		if keep {
			kept = append(kept, n)
		}
	}
	g.nodes = kept
	for i, out := range g.outputs {
		if r, ok := d.replaced[out]; ok {
			g.outputs[i] = r.of
		}
	}
	g.inputs = slices.DeleteFunc(g.inputs, func(name string) bool { _, constant := o.tensors[name]; return constant })
	return d, nil
}

// node takes in one node, whose inputs become those of the float graph; it says whether the node stays.
func (d *dequantizer) node(n *onnxNode) (keep bool, err error) {
	n.codes = make([]*codes, len(n.inputs))
	first := rounding{}
	for i, in := range n.inputs {
		if r, ok := d.replaced[in]; ok {
			if i == 0 {
				first = r
			}
			n.inputs[i], n.codes[i] = r.of, r.codes
		}
	}
	if t := n.attributes["value"].tensor; n.op == "Constant" && t != nil && len(n.outputs) == 1 {
		d.integers[n.outputs[0]] = t
		return true, nil
	}
	switch {
	case slices.Contains(codeOps, n.op):
		if len(n.inputs) < 2 || n.out() == "" {
			return false, fmt.Errorf("%s: has %d inputs and %d results; expected a tensor, a scale and one result",
				n.title(), len(n.inputs), len(n.outputs))
		}
		switch n.op {
		case "QuantizeLinear":
			err = d.quantizeLinear(n)
		case "DequantizeLinear":
			err = d.dequantizeLinear(n, first)
		default:
			err = d.quant(n)
		}
		return false, err
	case first.whole && slices.Contains(passing, n.op) && n.out() != "":
		// Codes are moved before they become numbers: so are the numbers.
		inner := n.outputs[0] + "/real"
		d.replaced[n.outputs[0]] = rounding{inner, first.codes, true}
		n.outputs = []string{inner}
		return true, nil
	case first.whole:
		return false, fmt.Errorf("%s: computes with codes; expected a DequantizeLinear in front of it", n.title())
	case n.op == "Transpose" && len(n.inputs) == 1 && n.out() != "":
		return d.transpose(n)
	}
	return true, nil
}

// transpose folds a matrix of weights that the graph turns.
func (d *dequantizer) transpose(n *onnxNode) (keep bool, err error) {
	e, ok := d.o.tensors[n.inputs[0]]
	if perm := n.attributes["perm"].ints; !ok || len(e.Shape) != 2 || perm != nil && !slices.Equal(perm, []int64{1, 0}) {
		return true, nil
	}
	if err := d.grows(volume(e.Shape)); err != nil {
		return false, err
	}
	if d.o.tensors[n.outputs[0]], err = e.transposed(); err != nil {
		return false, err
	}
	if c := d.weights[n.inputs[0]]; c != nil {
		turned := *c
		if c.axis >= 0 {
			turned.axis = 1 - c.axis
		}
		d.weights[n.outputs[0]] = &turned
	}
	return false, nil
}

// grows counts the values of constants that are made: a file in which one stands for many would grow without bound.
func (d *dequantizer) grows(values int) error {
	if d.made += values; d.made > d.limit {
		return fmt.Errorf("one constant is the weight of more layers than the file can hold")
	}
	return nil
}

// linear are the codes of QuantizeLinear or DequantizeLinear, with the type of a tensor of codes where there is one.
func (d *dequantizer) linear(n *onnxNode, dtype uint64) (*codes, error) {
	if n.attributes["block_size"].number != 0 {
		return nil, fmt.Errorf("%s: scales are of blocks of %d (block_size); expected one of the tensor, "+
			"or one an output channel", n.title(), n.attributes["block_size"].number)
	}
	c := &codes{node: n.title(), zero: []float64{0}, axis: 1}
	if a, ok := n.attributes["axis"]; ok {
		c.axis = int(a.number)
	}
	var err error
	if c.scale, err = d.constant(n, 1, "scale"); err != nil {
		return nil, err
	}
	if len(n.inputs) > 2 && n.inputs[2] != "" {
		t := d.integers[n.inputs[2]]
		if t == nil {
			return nil, fmt.Errorf("%s: the zero point %s is no constant; expected static codes", n.title(), n.inputs[2])
		}
		if err := d.o.load(t); err != nil {
			return nil, fmt.Errorf("tensor %s: %w", t.name, err)
		}
		if c.zero, err = t.integers(); err != nil {
			return nil, fmt.Errorf("%s: %w", n.title(), err)
		}
		if dtype == 0 {
			dtype = t.dtype
		}
	}
	if a := n.attributes["output_dtype"]; dtype == 0 && a.number != 0 {
		dtype = uint64(a.number)
	}
	if dtype == 0 {
		dtype = 2 // the operator's default
	}
	kind, ok := onnxIntegers[dtype]
	if !ok {
		return nil, fmt.Errorf("%s: codes are of ONNX type %d; expected integers of 2 to 8 bits", n.title(), dtype)
	}
	c.bits = kind.bits
	c.least, c.most = span(kind.bits, kind.signed)
	if len(c.zero) == 0 || len(c.scale) == 0 {
		return nil, fmt.Errorf("%s: scale or zero point is empty", n.title())
	}
	return c, c.positive()
}

// constant is the value of an input that must be known.
func (d *dequantizer) constant(n *onnxNode, i int, what string) ([]float64, error) {
	e, ok := d.o.tensors[n.inputs[i]]
	if !ok {
		return nil, fmt.Errorf("%s: the %s %s is no constant; expected static codes, whose scales the file holds",
			n.title(), what, n.inputs[i])
	}
	v, err := decodeValues(e.DType, e.data)
	if err != nil || len(v) == 0 {
		return nil, fmt.Errorf("%s: the %s %s cannot be read: %v", n.title(), what, n.inputs[i], err)
	}
	return widened(v), nil
}

func (d *dequantizer) quantizeLinear(n *onnxNode) error {
	c, err := d.linear(n, 0)
	if err != nil {
		return err
	}
	if _, constant := d.o.tensors[n.inputs[0]]; constant {
		if err := d.rounded(n, c); err != nil {
			return err
		}
		d.replaced[n.outputs[0]] = rounding{n.outputs[0], c, true}
		return nil
	}
	d.replaced[n.outputs[0]] = rounding{n.inputs[0], c, true}
	return nil
}

// rounded makes the constant that a rounded constant is.
func (d *dequantizer) rounded(n *onnxNode, c *codes) error {
	e := d.o.tensors[n.inputs[0]]
	v, err := decodeValues(e.DType, e.data)
	if err == nil {
		err = d.grows(len(v))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", n.title(), err)
	}
	if c.axis < 0 && len(c.scale) > 1 {
		c.axis += len(e.Shape)
	}
	if err := c.fits(e.Shape); err != nil {
		return err
	}
	if max(len(c.scale), len(c.zero)) == 1 {
		c.axis = -1
	}
	d.o.tensors[n.outputs[0]], d.weights[n.outputs[0]] = newEntry(e.Shape, c.real(e.Shape, c.round(e.Shape, v))), c
	return nil
}

func (d *dequantizer) dequantizeLinear(n *onnxNode, of rounding) error {
	t := d.integers[n.inputs[0]]
	if t == nil || of.codes != nil {
		if of.codes == nil || !of.whole {
			return fmt.Errorf("%s: %s holds no codes; expected a QuantizeLinear in front of it, or a constant",
				n.title(), n.inputs[0])
		}
		c, err := d.linear(n, 0)
		if err == nil && !c.same(of.codes) {
			err = fmt.Errorf("%s: scale or zero point differ from those of %s", n.title(), of.codes.node)
		}
		d.replaced[n.outputs[0]] = rounding{of.of, of.codes, false}
		return err
	}
	c, err := d.linear(n, t.dtype)
	if err != nil {
		return err
	}
	if err := d.o.load(t); err != nil {
		return fmt.Errorf("tensor %s: %w", t.name, err)
	}
	list, err := t.integers()
	if err == nil {
		err = d.grows(len(list))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", n.title(), err)
	}
	if c.axis < 0 {
		c.axis += len(t.dims)
	}
	if err := c.fits(t.dims); err != nil {
		return err
	}
	if max(len(c.scale), len(c.zero)) == 1 {
		c.axis = -1
	}
	d.o.tensors[n.outputs[0]], d.weights[n.outputs[0]] = newEntry(t.dims, c.real(t.dims, list)), c
	return nil
}

// roundings are the rounding modes of QONNX to the nearest code.
var roundings = []string{"", "ROUND", "HALF_EVEN", "HALF_UP", "ROUND_HALF_UP", "HALF_DOWN"}

// quant takes in QONNX's Quant: https://github.com/fastmachinelearning/qonnx, docs/qonnx-custom-ops.
func (d *dequantizer) quant(n *onnxNode) error {
	if len(n.inputs) != 4 {
		return fmt.Errorf("%s: has %d inputs; expected tensor, scale, zero point and bits", n.title(), len(n.inputs))
	}
	if mode := n.attributes["rounding_mode"].text; !slices.Contains(roundings, strings.ToUpper(mode)) {
		return fmt.Errorf("%s: rounding_mode is %s; expected ROUND, the hardware rounds to the nearest code", n.title(), mode)
	}
	c := &codes{node: n.title(), axis: -1}
	var bits []float64
	var err error
	for i, dst := range []*[]float64{&c.scale, &c.zero, &bits} {
		if *dst, err = d.constant(n, i+1, []string{"scale", "zero point", "number of bits"}[i]); err != nil {
			return err
		}
	}
	c.bits = int(bits[0])
	if len(bits) != 1 || float64(c.bits) != bits[0] || c.bits < 1 || c.bits > 32 {
		return fmt.Errorf("%s: asks for %v bits; expected one whole number, 2 to 8", n.title(), bits)
	}
	signed := n.attributes["signed"].number != 0
	c.least, c.most = span(c.bits, signed)
	if n.attributes["narrow"].number != 0 {
		if signed {
			c.least++
		} else {
			c.most--
		}
	}
	shape := d.o.tensors[n.inputs[1]].Shape
	e, constant := d.o.tensors[n.inputs[0]]
	for i, k := range shape {
		if k == 1 {
			continue
		}
		if c.axis >= 0 {
			return fmt.Errorf("%s: scales are of shape %v; expected one of the tensor, or one an output channel",
				n.title(), shape)
		}
		if c.axis = i - len(shape); constant {
			c.axis += len(e.Shape)
		}
	}
	if err := c.positive(); err != nil {
		return err
	}
	if constant {
		return d.rounded(n, c)
	}
	d.replaced[n.outputs[0]] = rounding{n.inputs[0], c, false}
	return nil
}
