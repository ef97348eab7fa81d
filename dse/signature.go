package dse

import "vitdse/hwmodel"

// timeKey is all of the numerics that an engine's cycle count depends on.
type timeKey struct {
	imageBits, accBits, geluBits int
	weights                      string // three bytes a layer
}

// areaKey is all of the numerics that an engine's resources depend on.
type areaKey struct {
	imageBits, actBits, normBits, qkvBits, numBits, wBits, accBits, scoreBits, geluBits, minProductBits, groupBits int
	formats                                                                                                        string // a byte a format
}

func timeKeyOf(s *hwmodel.Shape) timeKey {
	k := timeKey{imageBits: s.ImageBits, accBits: s.AccBits, geluBits: s.GELUBits}
	weights := make([]byte, 0, 64)
	for _, l := range s.Design.Numerics.Layers {
		weights = append(weights, byte(l.Weights), byte(l.Group), byte(l.Group>>8))
	}
	k.weights = string(weights)
	return k
}

func areaKeyOf(s *hwmodel.Shape) areaKey {
	k := areaKey{imageBits: s.ImageBits, actBits: s.ActBits, normBits: s.NormBits, qkvBits: s.QKVBits, numBits: s.NumBits,
		wBits: s.WBits, accBits: s.AccBits, scoreBits: s.ScoreBits, geluBits: s.GELUBits,
		minProductBits: s.MinProductBits, groupBits: s.GroupBits}
	formats := make([]byte, 0, 8)
	for _, w := range s.WeightFormats {
		formats = append(formats, byte(w))
	}
	k.formats = string(formats)
	return k
}

// catalog numbers keys in the order of their first appearance, and keeps something of
// that appearance.
type catalog[K comparable, V any] struct {
	at   map[K]int
	list []V
}

func (c *catalog[K, V]) number(k K, v V) int {
	n, known := c.at[k]
	if !known {
		if c.at == nil {
			c.at = map[K]int{}
		}
		n = len(c.list)
		c.at[k], c.list = n, append(c.list, v)
	}
	return n
}
