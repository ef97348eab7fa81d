package floatref

import (
	"math"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/internal/kernel"
)

// windows is what a Swin block's attention does beside products: the order of tokens in
// the windows, which pairs may meet, and their bias.
type windows struct {
	order   []int     // token of each row of the windows, -1 for padding
	regions []uint8   // rows of one window meet only within a region
	bias    []float64 // Heads x WindowTokens x WindowTokens
}

func newWindows(s configs.BlockShape, table []float32) *windows {
	if s.Window == 0 {
		return nil
	}
	w := &windows{order: s.WindowOrder(), regions: s.WindowRegions()}
	n := s.WindowTokens()
	for h := range s.Heads {
		for i := range n {
			for j := range n {
				w.bias = append(w.bias, float64(table[s.RelativePosition(i, j)*s.Heads+h]))
			}
		}
	}
	return w
}

// merge is the patch merging in front of a block.
type merge struct {
	order     []int // four tokens of the previous stage for each token, -1 for padding
	norm      layerNorm
	reduction linear
}

func newMerge(m configs.Model, s configs.BlockShape, w *checkpoint.BlockWeights) *merge {
	if !s.Merges() {
		return nil
	}
	from := m.Stage(s.Stage - 1)
	return &merge{s.MergeOrder(from.H, from.W), newNorm(w.MergeG, w.MergeB, m.LayerNormEps),
		newLinear(w.MergeW, make([]float32, s.Dim))}
}

// GatherRows copies the rows that order names; -1 is a row of zeros.
func GatherRows(x []float64, order []int, width int) []float64 {
	out := make([]float64, len(order)*width)
	for i, from := range order {
		if from >= 0 {
			copy(out[i*width:(i+1)*width], x[from*width:])
		}
	}
	return out
}

// runSwin fills the trace of a Swin.
func (n *Network) runSwin(image []uint8, tr *Trace) {
	at := -1
	next := func() []float64 { at++; return tr.Ops[at] }
	patches, embedded, res := next(), next(), next()
	n.gather(image, patches)
	n.patch.run(patches, embedded, len(patches)/n.patch.in)
	n.patchNorm.run(embedded, res)
	for i := range n.blocks {
		b := &n.blocks[i]
		if b.merge != nil {
			x := next()
			b.merge.norm.run(GatherRows(res, b.merge.order, b.shape.Dim/2), x)
			res = next()
			b.merge.reduction.run(x, res, b.shape.Tokens())
		}
		res = n.swinBlock(b, res, tr, at+1)
		at += 11
	}
	x, pooled, logits := next(), next(), next()
	n.norm.run(res, x)
	tokens := len(x) / len(pooled)
	clear(pooled)
	for i, v := range x {
		pooled[i%len(pooled)] += v / float64(tokens)
	}
	n.head.run(pooled, logits, 1)
}

// swinBlock fills the eleven ops of a block, the first at index at.
func (n *Network) swinBlock(b *block, res []float64, tr *Trace, at int) []float64 {
	s, d := b.shape, b.shape.Dim
	op := tr.Ops[at:]
	b.norm1.run(res, op[0])
	x := GatherRows(op[0], b.windows.order, d)
	for i := range 3 {
		b.qkv[i].run(x, op[1+i], s.WindowRows())
	}
	b.attend(op[1], op[2], op[3], op[4], op[5], op[6], &tr.scratch)
	b.proj.add(b.join(op[6]), res, tr.Pre[at+7], op[7], s.Tokens())
	b.norm2.run(op[7], op[8])
	b.fc1.run(op[8], tr.Pre[at+9], s.Tokens())
	for i, h := range tr.Pre[at+9] {
		op[9][i] = n.activation(h)
	}
	return b.fc2.add(op[9], op[7], tr.Pre[at+10], op[10], s.Tokens())
}

// attend computes scores (scaled, with their bias), probabilities and their product with v, per head and
// window. Pairs of different regions have probability 0, which is what frameworks reach
// by adding -100 to the score.
func (b *block) attend(q, k, v, scores, prob, av []float64, tmp *scratch) {
	s := b.shape
	n, dim, hd, rows := s.WindowTokens(), s.Dim, s.Dim/s.Heads, s.WindowRows()
	scale := 1 / math.Sqrt(float64(hd))
	clear(scores)
	clear(av)
	masked := make([]float64, n)
	for h := range s.Heads {
		for first := 0; first < rows; first += n { // row of the window
			from, at := first*dim+h*hd, (h*rows+first)*n
			tmp.keys.RealRows(k[from:], n, hd, dim)
			kernel.MultiplyReals(scores[at:], n, q[from:], dim, n, &tmp.keys, nil)
			for i := range n {
				sc := scores[at+i*n:][:n]
				for j := range sc {
					sc[j] = scale*sc[j] + b.windows.bias[(h*n+i)*n+j]
					masked[j] = sc[j]
					if b.windows.regions[first+i] != b.windows.regions[first+j] {
						masked[j] = math.Inf(-1)
					}
				}
				softmax(masked, prob[at+i*n:][:n])
			}
			tmp.values.RealColumns(v[from:], hd, n, dim)
			kernel.MultiplyReals(av[(h*rows+first)*hd:], hd, prob[at:], n, n, &tmp.values, nil)
		}
	}
}

// join turns [head][window row][col] into [token][head*col]; padding is left out.
func (b *block) join(av []float64) []float64 {
	s := b.shape
	hd, rows := s.Dim/s.Heads, s.WindowRows()
	out := make([]float64, s.Tokens()*s.Dim)
	for i, token := range b.windows.order {
		for h := range s.Heads {
			if token >= 0 {
				copy(out[token*s.Dim+h*hd:], av[(h*rows+i)*hd:(h*rows+i+1)*hd])
			}
		}
	}
	return out
}
