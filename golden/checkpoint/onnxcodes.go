package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// codes is how a quantized graph stores a tensor: real = (code - zero) * scale.
type codes struct {
	node        string // that says so
	bits        int
	least, most float64 // codes
	scale, zero []float64
	axis        int // of the tensor, along which they differ; -1 where one is for all
}

// onnxIntegers are TensorProto's integer types of codes: bits, and whether they are signed.
var onnxIntegers = map[uint64]struct {
	bits   int
	signed bool
}{2: {8, false}, 3: {8, true}, 4: {16, false}, 5: {16, true}, 6: {32, true}, 12: {32, false}, 21: {4, false},
	22: {4, true}, 25: {2, false}, 26: {2, true}}

// span is the range of codes of so many bits.
func span(bits int, signed bool) (least, most float64) {
	if signed {
		return -math.Exp2(float64(bits - 1)), math.Exp2(float64(bits-1)) - 1
	}
	return 0, math.Exp2(float64(bits)) - 1
}

// integers are the values of a tensor of codes; those of less than 8 bits lie together in bytes, the first
// in the lowest bits.
func (t *onnxTensor) integers() ([]float64, error) {
	kind, ok := onnxIntegers[t.dtype]
	if !ok {
		return nil, fmt.Errorf("tensor %s: codes are of ONNX type %d; expected integers", t.name, t.dtype)
	}
	count, limit := 1, 8*len(t.data)+8*len(t.ints)+1
	for _, d := range t.dims {
		if d > 0 && count > limit/d {
			return nil, fmt.Errorf("tensor %s: its data are too short for shape %v", t.name, t.dims)
		}
		count *= d
	}
	raw := make([]int64, 0, count)
	if t.ints != nil {
		raw = append(raw, t.ints...)
	} else {
		width := max(1, kind.bits/8)
		for b := t.data; len(b) >= width; b = b[width:] {
			var word [8]byte
			copy(word[:], b[:width])
			raw = append(raw, int64(binary.LittleEndian.Uint64(word[:])))
		}
	}
	var out []float64
	for _, v := range raw {
		for part := 0; part < max(1, 8/kind.bits); part++ {
			x := uint64(v) >> (part * kind.bits) << (64 - kind.bits)
			if kind.signed {
				out = append(out, float64(int64(x)>>(64-kind.bits)))
			} else {
				out = append(out, float64(x>>(64-kind.bits)))
			}
		}
	}
	if kind.bits < 8 && len(out) > count && len(out)-count < 8/kind.bits {
		out = out[:count]
	}
	if len(out) != count {
		return nil, fmt.Errorf("tensor %s: has %d values; expected %d, shape %v", t.name, len(out), count, t.dims)
	}
	return out, nil
}

// positive checks that scales are.
func (c *codes) positive() error {
	for i, s := range c.scale {
		if !(s > 0) || math.IsInf(s, 0) {
			return fmt.Errorf("%s: scale %d is %g; expected a positive number: the file is damaged, "+
				"or its calibration saw nothing", c.node, i, s)
		}
	}
	return nil
}

// at is scale and zero point of element i of a tensor of a shape.
func (c *codes) at(shape []int, i int) (scale, zero float64) {
	k := 0
	if c.axis >= 0 {
		inner := volume(shape[c.axis+1:])
		k = i / inner % shape[c.axis]
	}
	return c.scale[k%len(c.scale)], c.zero[k%len(c.zero)]
}

// fits says whether scales and zero points are those of a tensor of a shape.
func (c *codes) fits(shape []int) error {
	n := max(len(c.scale), len(c.zero))
	if n == 1 {
		return nil
	}
	if c.axis < 0 || c.axis >= len(shape) || shape[c.axis] != n || len(c.scale) != n || len(c.zero) != n &&
		len(c.zero) != 1 {
		return fmt.Errorf("%s: %d scales and %d zero points for a tensor %v; expected one, or one along an axis",
			c.node, len(c.scale), len(c.zero), shape)
	}
	return nil
}

// real turns codes into numbers.
func (c *codes) real(shape []int, list []float64) []float32 {
	out := make([]float32, len(list))
	for i, v := range list {
		s, z := c.at(shape, i)
		out[i] = float32((v - z) * s)
	}
	return out
}

// round turns numbers into codes as the operators say: to the nearest, halves to even.
func (c *codes) round(shape []int, list []float32) []float64 {
	out := make([]float64, len(list))
	for i, v := range list {
		s, z := c.at(shape, i)
		out[i] = min(max(math.RoundToEven(float64(v)/s+z), c.least), c.most)
	}
	return out
}

// same says whether codes of one mean the same as codes of another.
func (c *codes) same(d *codes) bool {
	return slices.Equal(c.scale, d.scale) && slices.Equal(c.zero, d.zero) && (c.axis == d.axis || len(c.scale) == 1)
}

// one says whether all scales are equal, and so are all zero points.
func (c *codes) one() bool {
	for _, list := range [][]float64{c.scale, c.zero} {
		for _, v := range list {
			if v != list[0] {
				return false
			}
		}
	}
	return true
}

// newEntry is a tensor of numbers.
func newEntry(shape []int, values []float32) entry {
	data, _ := binary.Append(nil, binary.LittleEndian, values) // of fixed size
	return entry{DType: "F32", Shape: shape, data: data, Offsets: []uint64{0, uint64(len(data))}}
}
