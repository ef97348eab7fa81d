package checkpoint

import "slices"

// HeadBasis is another basis of one attention head of d channels: q becomes Q q, k becomes K (k - KeyOffset), v
// becomes V (v - ValueOffset), and a row r of proj's weights for the head becomes Read r. With Q^T K = 1 every score of
// a row differs from what it was by the same number, which softmax does not see; with Read^T V = 1 proj gives what it
// gave, as a row's numerators sum up to one and proj's bias takes what the offset was. Matrices are d x d, row-major;
// where Q and K are nil, q and k stay as they are.
type HeadBasis struct {
	Q, K        []float64
	KeyOffset   []float64 // d
	V, Read     []float64
	ValueOffset []float64 // d
}

// WithHeads are weights of the same function with a block's heads in other bases, one a head.
func (b BlockWeights) WithHeads(bases []HeadBasis) BlockWeights {
	dim := len(b.ProjB)
	hd := dim / len(bases)
	b.QKVW, b.QKVB = slices.Clone(b.QKVW), slices.Clone(b.QKVB)
	b.ProjW, b.ProjB = slices.Clone(b.ProjW), slices.Clone(b.ProjB)
	turn := func(part, at int, matrix, offset []float64) {
		rows := part*dim + at
		w, bias := b.QKVW[rows*dim:(rows+hd)*dim], b.QKVB[rows:rows+hd]
		for c, o := range offset {
			bias[c] -= float32(o)
		}
		copy(w, leftProduct(matrix, w, hd))
		copy(bias, leftProduct(matrix, bias, hd))
	}
	for h, basis := range bases {
		at := h * hd
		if basis.Q != nil {
			turn(0, at, basis.Q, nil)
			turn(1, at, basis.K, basis.KeyOffset)
		}
		turn(2, at, basis.V, basis.ValueOffset)
		for o := range dim {
			row, sum := b.ProjW[o*dim+at:o*dim+at+hd], float64(b.ProjB[o])
			for c, v := range row {
				sum += float64(v) * basis.ValueOffset[c]
			}
			b.ProjB[o] = float32(sum)
			copy(row, rowsTurned(basis.Read, row))
		}
	}
	return b
}
