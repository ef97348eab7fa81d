package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
)

// typeBytes is the size of one value of the types that can be read.
var typeBytes = map[string]uint64{"F32": 4, "F16": 2, "BF16": 2}

// decodeValues turns little-endian values into float32; all three types are exact.
func decodeValues(dtype string, b []byte) ([]float32, error) {
	le := binary.LittleEndian
	switch dtype {
	case "F32":
		out := make([]float32, len(b)/4)
		for i := range out {
			out[i] = math.Float32frombits(le.Uint32(b[4*i:]))
		}
		return out, nil
	case "F16":
		out := make([]float32, len(b)/2)
		for i := range out {
			out[i] = fromHalf(le.Uint16(b[2*i:]))
		}
		return out, nil
	case "BF16":
		out := make([]float32, len(b)/2)
		for i := range out {
			out[i] = math.Float32frombits(uint32(le.Uint16(b[2*i:])) << 16)
		}
		return out, nil
	}
	return nil, fmt.Errorf("is of type %s; expected F32, F16 or BF16: convert it", dtype)
}

// fromHalf converts an IEEE 754 binary16 value.
func fromHalf(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exp, frac := int(h>>10&31), uint32(h&1023)
	switch exp {
	case 0: // zero and subnormals: frac * 2^-24
		v := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31:
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	}
	return math.Float32frombits(sign | uint32(exp-15+127)<<23 | frac<<13)
}
