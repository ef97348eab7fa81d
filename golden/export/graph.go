// Package export writes the integer network as an ONNX graph of integer operators: MatMulInteger, integer
// arithmetic, and Gather for tables. It is a third writing of docs/NUMERICS.md, beside golden/exec
// and the hardware, for readers that know neither: ONNX Runtime gives the same logits bit for bit.
package export

import (
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Element types of TensorProto.
const (
	typeU8  = 2
	typeI32 = 6
	typeI64 = 7
)

// Field numbers of onnx.proto.
const (
	modelIR, modelProducer, modelGraph, modelOpset, modelMetadata           = 1, 2, 7, 8, 14
	graphNode, graphName, graphInitializer, graphInput, graphOutput         = 1, 2, 5, 11, 12
	nodeInput, nodeOutput, nodeName, nodeOp, nodeAttribute                  = 1, 2, 3, 4, 5
	attributeName, attributeI, attributeInts, attributeType                 = 1, 3, 8, 20
	tensorDims, tensorType, tensorName, tensorRaw                           = 1, 2, 8, 9
	valueName, valueType, typeTensor, tensorElem, tensorShape               = 1, 2, 1, 1, 2
	shapeDim, dimValue, dimParam, opsetVersion, entryKey, entryValue        = 1, 1, 2, 2, 1, 2
	attributeInt, attributeIntList                                   uint64 = 2, 7
)

// irVersion and opset are the oldest that have all operators in use with 64-bit integers.
const (
	irVersion = 8
	opset     = 17
)

// graph collects nodes and constants. Names of values are their producers'.
type graph struct {
	nodes, tensors [][]byte
	names          map[string]int
	shared         map[string]string // constants by their content
}

func newGraph() *graph { return &graph{names: map[string]int{}, shared: map[string]string{}} }

func message(fields ...[]byte) []byte {
	var out []byte
	for _, f := range fields {
		out = append(out, f...)
	}
	return out
}

func varint(field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), v)
}

func bytesField(field protowire.Number, b []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), b)
}

func text(field protowire.Number, s string) []byte { return bytesField(field, []byte(s)) }

// fresh is a name that no value has.
func (g *graph) fresh(name string) string {
	g.names[name]++
	if n := g.names[name]; n > 1 {
		return fmt.Sprintf("%s.%d", name, n)
	}
	return name
}

// attribute is a number or a list of numbers of a node.
type attribute struct {
	name string
	ints []int
	list bool
}

func number(name string, v int) attribute     { return attribute{name, []int{v}, false} }
func numbers(name string, v ...int) attribute { return attribute{name, v, true} }
func (a attribute) encode() []byte {
	if !a.list {
		return message(text(attributeName, a.name), varint(attributeI, uint64(a.ints[0])),
			varint(attributeType, attributeInt))
	}
	out := text(attributeName, a.name)
	for _, v := range a.ints {
		out = append(out, varint(attributeInts, uint64(v))...)
	}
	return append(out, varint(attributeType, attributeIntList)...)
}

// op adds a node under a name and gives the name of its result.
func (g *graph) op(name, kind string, inputs []string, attributes ...attribute) string {
	out := g.fresh(name)
	g.named(out, kind, inputs, attributes...)
	return out
}

func (g *graph) named(out, kind string, inputs []string, attributes ...attribute) {
	var node []byte
	for _, in := range inputs {
		node = append(node, text(nodeInput, in)...)
	}
	node = append(node, message(text(nodeOutput, out), text(nodeName, out), text(nodeOp, kind))...)
	for _, a := range attributes {
		node = append(node, bytesField(nodeAttribute, a.encode())...)
	}
	g.nodes = append(g.nodes, node)
}

// tensor adds a constant; one that is there already is used again.
func (g *graph) tensor(name string, kind uint64, dims []int, raw []byte) string {
	key := fmt.Sprint(kind, dims, string(raw))
	if old, ok := g.shared[key]; ok {
		return old
	}
	name = g.fresh(name)
	var t []byte
	for _, d := range dims {
		t = append(t, varint(tensorDims, uint64(d))...)
	}
	t = append(t, message(varint(tensorType, kind), text(tensorName, name), bytesField(tensorRaw, raw))...)
	g.tensors = append(g.tensors, t)
	g.shared[key] = name
	return name
}

// ints is a constant of 64-bit integers; without dims a single number.
func (g *graph) ints(name string, dims []int, values ...int64) string {
	raw := make([]byte, 0, 8*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return g.tensor(name, typeI64, dims, raw)
}

// list is a constant vector.
func (g *graph) list(name string, values ...int64) string {
	return g.ints(name, []int{len(values)}, values...)
}

// scalar is a constant number, named by itself.
func (g *graph) scalar(v int64) string { return g.ints(fmt.Sprintf("c%d", v), nil, v) }

// value is the description of an input or output. A negative dimension is the number of images.
func value(name string, kind uint64, dims ...int) []byte {
	var shape []byte
	for _, d := range dims {
		dim := varint(dimValue, uint64(d))
		if d < 0 {
			dim = text(dimParam, "images")
		}
		shape = append(shape, bytesField(shapeDim, dim)...)
	}
	tensor := message(varint(tensorElem, kind), bytesField(tensorShape, shape))
	return message(text(valueName, name), bytesField(valueType, bytesField(typeTensor, tensor)))
}

// encode is the ModelProto.
func (g *graph) encode(name string, in, out []byte, metadata [][2]string) []byte {
	var body []byte
	for _, n := range g.nodes {
		body = append(body, bytesField(graphNode, n)...)
	}
	body = append(body, text(graphName, name)...)
	for _, t := range g.tensors {
		body = append(body, bytesField(graphInitializer, t)...)
	}
	body = append(body, message(bytesField(graphInput, in), bytesField(graphOutput, out))...)
	model := message(varint(modelIR, irVersion), text(modelProducer, "vitdse"), bytesField(modelGraph, body),
		bytesField(modelOpset, varint(opsetVersion, opset)))
	for _, m := range metadata {
		model = append(model, bytesField(modelMetadata, message(text(entryKey, m[0]), text(entryValue, m[1])))...)
	}
	return model
}
