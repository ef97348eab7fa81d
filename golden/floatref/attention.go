package floatref

import (
	"math"

	"vitdse/configs/network"
	"vitdse/golden/internal/kernel"
)

// pairBias is the bias of each pair of rows of a window, for each head: Heads x WindowTokens x WindowTokens. It is nil
// for a block without biases.
func pairBias(s network.Block, table []float32) []float64 {
	if !s.Relative {
		return nil
	}
	n := s.WindowTokens()
	bias := make([]float64, 0, s.Heads*n*n)
	for h := range s.Heads {
		for i := range n {
			for j := range n {
				bias = append(bias, float64(table[s.RelativePosition(i, j)*s.Heads+h]))
			}
		}
	}
	return bias
}

// GatherRows copies the rows that order names; network.Padding is a row of zeros.
func GatherRows(x []float64, order []int, width int) []float64 {
	out := make([]float64, len(order)*width)
	for i, from := range order {
		if from != network.Padding {
			copy(out[i*width:(i+1)*width], x[from*width:])
		}
	}
	return out
}

// scores computes q k^T, scaled by 1/sqrt(d), per head and window, with the bias of relative positions.
func (b *block) scores(op *network.Op, q, k, scores []float64, keys *kernel.Reals) {
	n, hd, dim := op.Cols, op.Inner, op.Heads*op.Inner
	scale := 1 / math.Sqrt(float64(hd))
	clear(scores)
	for h := range op.Heads {
		for first := 0; first < op.Rows; first += n { // row of the window
			from, at := first*dim+h*hd, (h*op.Rows+first)*n
			keys.RealRows(k[from:], n, hd, dim)
			rows := min(n, op.Rows) // one where a learned query reads them all
			kernel.MultiplyReals(scores[at:], n, q[from:], dim, rows, keys, nil)
			window := scores[at : at+rows*n]
			for i := range window {
				window[i] *= scale
			}
			if op.Relative {
				for i, v := range b.bias[h*n*n : (h+1)*n*n] {
					window[i] += v
				}
			}
		}
	}
}

// probabilities is the softmax of each row. Pairs of different regions have probability 0, which is what frameworks
// reach by adding -100 to the score.
func probabilities(op *network.Op, scores, prob []float64) {
	n := op.Cols
	masked := make([]float64, n)
	for r := range op.Heads * op.Rows {
		row := scores[r*n : (r+1)*n]
		if op.Regions != nil {
			copy(masked, row)
			own, window := op.Regions[r%op.Rows], op.Regions[r%op.Rows/n*n:][:n]
			for j := range masked {
				if window[j] != own {
					masked[j] = math.Inf(-1)
				}
			}
			row = masked
		}
		softmax(row, prob[r*n:(r+1)*n])
	}
}

// context is the probabilities times v, per head and window.
func context(op *network.Op, prob, v, out []float64, values *kernel.Reals) {
	n, hd, dim := op.Inner, op.Cols, op.Heads*op.Cols
	clear(out)
	for h := range op.Heads {
		for first := 0; first < op.Rows; first += n {
			at := h*op.Rows + first
			values.RealColumns(v[first*dim+h*hd:], hd, n, dim)
			kernel.MultiplyReals(out[at*hd:], hd, prob[at*n:], n, min(n, op.Rows), values, nil)
		}
	}
}
