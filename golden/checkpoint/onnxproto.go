package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The messages of onnx.proto (ONNX 1.x, IR version 3 and later), as far as weights need
// them. Numbers are field numbers of that file.

// onnxTensor is a TensorProto.
type onnxTensor struct {
	name     string
	dims     []int
	dtype    uint64
	data     []byte // little-endian values
	external map[string]string
	ints     []int64 // values of an integer tensor, where they are in a list of their own
}

// onnxNode is a NodeProto.
type onnxNode struct {
	name, op, domain string
	inputs           []string
	outputs          []string
	attributes       map[string]onnxAttribute

	codes []*codes // of each input, nil where it was never rounded; set by dequantize
}

// title names the node in an error.
func (n onnxNode) title() string {
	name := n.name
	if name == "" {
		name = n.out()
	}
	return fmt.Sprintf("node %s (%s)", name, n.op)
}

// onnxAttribute is an AttributeProto; which field counts depends on the attribute.
type onnxAttribute struct {
	number int64
	float  float32
	text   string
	ints   []int64
	tensor *onnxTensor
}

// out is the node's only result, "" if it has more.
func (n onnxNode) out() string {
	if len(n.outputs) != 1 {
		return ""
	}
	return n.outputs[0]
}

type onnxGraph struct {
	nodes           []onnxNode
	tensors         []onnxTensor // initializers
	inputs, outputs []string
	size            []int64 // of the first input, 0 where it is no number
}

// fields calls visit for every field of a message: b for length-delimited ones and the
// bytes of fixed ones, v for varints.
func fields(msg []byte, visit func(num protowire.Number, v uint64, b []byte) error) error {
	for len(msg) > 0 {
		num, kind, n := protowire.ConsumeTag(msg)
		if n < 0 {
			return protowire.ParseError(n)
		}
		msg = msg[n:]
		var v uint64
		var b []byte
		switch kind {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(msg)
		case protowire.BytesType:
			b, n = protowire.ConsumeBytes(msg)
		default:
			n = protowire.ConsumeFieldValue(num, kind, msg)
			if n > 0 {
				b = msg[:n]
			}
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		msg = msg[n:]
		if err := visit(num, v, b); err != nil {
			return err
		}
	}
	return nil
}

// parseModel finds the graph of a ModelProto.
func parseModel(file []byte) (g onnxGraph, err error) {
	found := false
	err = fields(file, func(num protowire.Number, _ uint64, b []byte) error {
		if num != 7 || b == nil {
			return nil
		}
		found = true
		return g.parse(b)
	})
	if err == nil && !found {
		err = errors.New("there is no graph in it")
	}
	return g, err
}

func (g *onnxGraph) parse(msg []byte) error {
	return fields(msg, func(num protowire.Number, _ uint64, b []byte) error {
		switch num {
		case 1:
			n, err := parseNode(b)
			g.nodes = append(g.nodes, n)
			return err
		case 5:
			t, err := parseTensor(b)
			g.tensors = append(g.tensors, t)
			return err
		case 11, 12: // ValueInfoProto
			return fields(b, func(part protowire.Number, _ uint64, of []byte) error {
				switch {
				case part == 1 && num == 11:
					g.inputs = append(g.inputs, string(of))
				case part == 1:
					g.outputs = append(g.outputs, string(of))
				case part == 2 && num == 11 && len(g.inputs) == 1:
					var err error
					g.size, err = parseSize(of)
					return err
				}
				return nil
			})
		}
		return nil
	})
}

// parseSize reads the dimensions of a TypeProto's tensor, 0 where one is no number.
func parseSize(typ []byte) (size []int64, err error) {
	within := func(msg []byte, field protowire.Number, visit func([]byte) error) error {
		return fields(msg, func(num protowire.Number, _ uint64, b []byte) error {
			if num != field || b == nil {
				return nil
			}
			return visit(b)
		})
	}
	err = within(typ, 1, func(tensor []byte) error {
		return within(tensor, 2, func(shape []byte) error {
			return within(shape, 1, func(dimension []byte) error {
				size = append(size, 0)
				return fields(dimension, func(num protowire.Number, v uint64, _ []byte) error {
					if num == 1 {
						size[len(size)-1] = int64(v)
					}
					return nil
				})
			})
		})
	})
	return size, err
}

func parseNode(msg []byte) (n onnxNode, err error) {
	err = fields(msg, func(num protowire.Number, _ uint64, b []byte) error {
		switch num {
		case 1:
			n.inputs = append(n.inputs, string(b))
		case 2:
			n.outputs = append(n.outputs, string(b))
		case 3:
			n.name = string(b)
		case 4:
			n.op = string(b)
		case 5:
			return n.attribute(b)
		case 7:
			n.domain = string(b)
		}
		return nil
	})
	return n, err
}

func (n *onnxNode) attribute(msg []byte) error {
	var name string
	var a onnxAttribute
	var tensor []byte
	err := fields(msg, func(num protowire.Number, v uint64, b []byte) error {
		switch num {
		case 1:
			name = string(b)
		case 2:
			if len(b) == 4 {
				a.float = math.Float32frombits(binary.LittleEndian.Uint32(b))
			}
		case 3:
			a.number = int64(v)
		case 4:
			a.text = string(b)
		case 5:
			tensor = b
		case 8:
			list, err := varints(v, b)
			a.ints = append(a.ints, list...)
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	if name == "value" && tensor != nil {
		t, err := parseTensor(tensor)
		if err != nil {
			return err
		}
		a.tensor = &t
	}
	if n.attributes == nil {
		n.attributes = map[string]onnxAttribute{}
	}
	n.attributes[name] = a
	return nil
}

// varints are the numbers of a repeated field: one, or a packed list.
func varints(v uint64, packed []byte) ([]int64, error) {
	if packed == nil {
		return []int64{int64(v)}, nil
	}
	var list []int64
	for len(packed) > 0 {
		v, n := protowire.ConsumeVarint(packed)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		packed = packed[n:]
		list = append(list, int64(v))
	}
	return list, nil
}

func parseTensor(msg []byte) (t onnxTensor, err error) {
	dim := func(v uint64) error {
		if v > 1<<40 || len(t.dims) == 8 {
			return fmt.Errorf("tensor %s: dimension %d is %d", t.name, len(t.dims), int64(v))
		}
		t.dims = append(t.dims, int(v))
		return nil
	}
	err = fields(msg, func(num protowire.Number, v uint64, b []byte) error {
		switch num {
		case 1:
			if b == nil {
				return dim(v)
			}
			for len(b) > 0 { // packed
				v, n := protowire.ConsumeVarint(b)
				if n < 0 {
					return protowire.ParseError(n)
				}
				b = b[n:]
				if err := dim(v); err != nil {
					return err
				}
			}
		case 2:
			t.dtype = v
		case 5, 7: // int32_data, int64_data
			list, err := varints(v, b)
			t.ints = append(t.ints, list...)
			return err
		case 4: // float_data: packed, or one by one; little-endian either way
			t.data = append(t.data, b...)
		case 8:
			t.name = string(b)
		case 9:
			t.data = b
		case 13:
			return t.addExternal(b)
		}
		return nil
	})
	return t, err
}

func (t *onnxTensor) addExternal(msg []byte) error {
	var key, value string
	err := fields(msg, func(num protowire.Number, _ uint64, b []byte) error {
		switch num {
		case 1:
			key = string(b)
		case 2:
			value = string(b)
		}
		return nil
	})
	if t.external == nil {
		t.external = map[string]string{}
	}
	t.external[key] = value
	return err
}

// onnxTypes are TensorProto's floating-point types that can be read.
var onnxTypes = map[uint64]string{1: "F32", 10: "F16", 16: "BF16"}

// whole are the values of an integer tensor of 32 or 64 bits; nil for others.
func (t *onnxTensor) whole() []int64 {
	if t.ints != nil || t.dtype != 6 && t.dtype != 7 {
		return t.ints
	}
	var list []int64
	width := 4 * int(t.dtype-5)
	for b := t.data; len(b) >= width; b = b[width:] {
		if width == 4 {
			list = append(list, int64(int32(binary.LittleEndian.Uint32(b))))
		} else {
			list = append(list, int64(binary.LittleEndian.Uint64(b)))
		}
	}
	return list
}

// entry is the tensor as a checkpoint's: checked against its size.
func (t *onnxTensor) entry() (entry, error) {
	e := entry{DType: onnxTypes[t.dtype], Shape: t.dims, data: t.data, Offsets: []uint64{0, uint64(len(t.data))}}
	if err := e.check(uint64(len(t.data))); err != nil {
		return e, fmt.Errorf("tensor %s: %w", t.name, err)
	}
	return e, nil
}

// transposed is a matrix with rows and columns exchanged, as F32.
func (e entry) transposed() (entry, error) {
	v, err := decodeValues(e.DType, e.data)
	if err != nil || len(e.Shape) != 2 {
		return e, err
	}
	rows, cols := e.Shape[0], e.Shape[1]
	out := make([]float32, len(v))
	for r := range rows {
		for c := range cols {
			out[c*rows+r] = v[r*cols+c]
		}
	}
	data, err := binary.Append(nil, binary.LittleEndian, out)
	return entry{DType: "F32", Shape: []int{cols, rows}, data: data, Offsets: []uint64{0, uint64(len(data))}}, err
}
