package temporal

import (
	"math/bits"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// widthSet is Widths as sets of bits, so that the Join of many is an OR: of every field's
// members the largest counts, and a field without any is 0.
type widthSet struct{ codes, products uint64 }

// widthField is where a field's members are in a word of a widthSet, beginning with the least
// that it can have.
type widthField struct{ at, least, n uint8 }

// Of codes, and of products.
var (
	setImage, setAct, setNorm, setQKV = widthField{0, 1, 8}, widthField{8, 1, 8}, widthField{16, 1, 8},
		widthField{24, 1, 8}
	setNarrow, setWeights, setAcc = widthField{0, 4, 17}, widthField{17, 2, 11}, widthField{28, 4, 36}
)

// Formats and Groups are sets as they are.
const setFormats, setGroups, formatBits = 32, 41, maxWeightBits + 1

func (f widthField) put(word *uint64, v uint8) {
	if v >= f.least {
		*word |= 1 << (f.at + v - f.least)
	}
}

func (f widthField) largest(word uint64) uint8 {
	n := bits.Len64(word >> f.at & (1<<f.n - 1))
	if n == 0 {
		return 0
	}
	return uint8(n) - 1 + f.least
}

func setOf(w hwmodel.Widths) (s widthSet) {
	setImage.put(&s.codes, w.Image)
	setAct.put(&s.codes, w.Act)
	setNorm.put(&s.codes, w.Norm)
	setQKV.put(&s.codes, w.QKV)
	s.codes |= uint64(w.Formats)<<setFormats | uint64(w.Groups)<<setGroups
	setNarrow.put(&s.products, w.NarrowProduct)
	setWeights.put(&s.products, w.Weights)
	setAcc.put(&s.products, w.Acc)
	return s
}

// widths are those of the layers whose sets were joined.
func (s widthSet) widths() hwmodel.Widths {
	return hwmodel.Widths{
		Image: setImage.largest(s.codes), Act: setAct.largest(s.codes), Norm: setNorm.largest(s.codes),
		QKV:           setQKV.largest(s.codes),
		Formats:       uint16(s.codes >> setFormats & (1<<formatBits - 1)),
		Groups:        uint16(s.codes >> setGroups & (1<<formatBits - 1)),
		NarrowProduct: setNarrow.largest(s.products), Weights: setWeights.largest(s.products),
		Acc: setAcc.largest(s.products),
	}
}

// widthTable is what a layer asks for: by the bits of its weights (0 without weights, and 8 is
// 0 too: no layer has both) and activations, with groups and without.
type widthTable [8][8][2]widthSet

func newWidthTable(of network.Layer) *widthTable {
	t := new(widthTable)
	least := 2
	if !of.Weights {
		least = maxWeightBits
	}
	for w := least; w <= maxWeightBits; w++ {
		for a := 2; a <= 8; a++ {
			l := configs.LayerBits{Name: of.Name, Weights: w, Activations: a}
			t[w&7][a&7][0] = setOf(Engine{}.LayerWidths(of, l))
			l.Granularity = configs.PerGroup
			t[w&7][a&7][1] = setOf(Engine{}.LayerWidths(of, l))
		}
	}
	return t
}

func (t *widthTable) of(l *configs.LayerBits) *widthSet {
	grouped := 0
	if l.Group > 0 {
		grouped = 1
	}
	return &t[l.Weights&7][l.Activations&7][grouped]
}
