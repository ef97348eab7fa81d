package hwmodel

import "vitdse/configs"

// Widths is all of a design's numerics that an engine's resources depend on. Every number
// is the largest of what the layers ask for, so that the widths of a network are the Join of
// its layers'; NarrowProduct is the least, kept as its complement so that it joins alike.
//
// Two designs whose numerics have the same widths take the same resources on the same engine.
type Widths struct {
	Image, Act, Norm, QKV uint8  // bits of codes
	Weights               uint8  // bits, with their group's multiplier
	Acc                   uint8  // bits of the accumulators of layers with weights
	NarrowProduct         uint8  // 24 less the bits of the narrowest product
	Softmax, GELU         uint8  // bits
	Formats               uint16 // bit w is set for weights stored in w bits
	Groups                uint16 // bit w is set for weights stored in w bits with multipliers of groups
	Dynamic               bool   // tokens find their own scales
}

// Join is the widths that hold both.
func (w Widths) Join(o Widths) Widths {
	return Widths{
		Image: max(w.Image, o.Image), Act: max(w.Act, o.Act), Norm: max(w.Norm, o.Norm), QKV: max(w.QKV, o.QKV),
		Weights: max(w.Weights, o.Weights), Acc: max(w.Acc, o.Acc), NarrowProduct: max(w.NarrowProduct, o.NarrowProduct),
		Softmax: max(w.Softmax, o.Softmax), GELU: max(w.GELU, o.GELU),
		Formats: w.Formats | o.Formats, Groups: w.Groups | o.Groups, Dynamic: w.Dynamic || o.Dynamic,
	}
}

// Within says whether numerics of widths w ask for nothing that o does not.
func (w Widths) Within(o Widths) bool { return w.Join(o) == o }

// Reached says, a bit each, which of the goal's numbers w has, and which of its formats, those of groups apart: the
// numbers that layers behind the first ask for.
func (w Widths) Reached(goal Widths) uint32 {
	var flags uint32
	for i, same := range [...]bool{w.Act == goal.Act, w.Norm == goal.Norm, w.QKV == goal.QKV, w.Acc == goal.Acc,
		w.NarrowProduct == goal.NarrowProduct, w.Weights == goal.Weights} {
		if same {
			flags |= 1 << i
		}
	}
	for bits := 2; bits <= 8; bits++ {
		if w.Formats&goal.Formats>>bits&1 == 1 || goal.Formats>>bits&1 == 0 {
			flags |= 1 << (6 + bits - 2)
		}
		if w.Groups&goal.Groups>>bits&1 == 1 || goal.Groups>>bits&1 == 0 {
			flags |= 1 << (13 + bits - 2)
		}
	}
	return flags
}

// Timed is all of the widths of a design's numerics that an engine's cycles depend on, in bits.
type Timed struct {
	Acc     uint8 // of the accumulators that the numerics ask for, as they are requantized
	GELU    uint8 // of the GELU table's index
	Score   uint8 // of a score with its bias, 0 where scores have none
	Dynamic bool  // tokens find their own scales
	Groups  bool  // some weights have a multiplier of their group, where that counts
}

// Timing is all of a design's numerics that an engine's cycles depend on: two designs of one
// Schedule and one Timing take the same.
type Timing struct {
	Timed
	Weights string
}

// Stored is all of a layer's weights that time and bytes depend on: their bits in the stream,
// and how many of them share a multiplier, 0 for none.
type Stored struct {
	Bits  uint8
	Group uint16
}

// StoredOf is how the weights of a layer are stored.
func StoredOf(l configs.LayerBits) Stored { return Stored{uint8(l.Weights), uint16(l.Group)} }
