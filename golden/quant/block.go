package quant

import (
	"errors"
	"runtime"
	"sync"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/floatref"
	"vitdse/golden/intnet"
)

// everyBlock builds the blocks, several at a time: none depends on another.
func (q *quantizer) everyBlock() error {
	n := len(q.of.Blocks)
	q.net.Blocks = make([]intnet.Block, n)
	reports, errs := make([]*Report, n), make([]error, n)
	said := func(int) {}
	if q.blocks != nil {
		q.blocks(0, n)
		said = func(done int) { q.blocks(done, n) }
	}
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var mu sync.Mutex
	var wg sync.WaitGroup
	done := 0
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				own := *q
				own.report = q.report.fresh()
				q.net.Blocks[i], errs[i] = own.block(q.of.Blocks[i])
				reports[i] = own.report
				mu.Lock()
				done++
				said(done)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for i, r := range reports {
		if errs[i] != nil {
			return errs[i]
		}
		q.report.join(r)
	}
	return nil
}

// block builds one transformer block, and the patch merging in front of it.
func (q *quantizer) block(shape network.Block) (intnet.Block, error) {
	view, i := q.at(shape), shape.Index
	w, s := &q.weights.Blocks[i], &q.stats.blocks[i]
	var b intnet.Block
	var errs [3]error
	if shape.Merges() {
		b.Merge, errs[0] = view.merge(i, w, s)
	}
	if errs[1] = view.attentionHalf(&b, i, w, s); errs[1] == nil && shape.Relative {
		errs[1] = view.relative(&b, i, w, s)
	}
	if shape.Window > 0 {
		view.padding(&b, i, w, s)
	}
	if shape.Gated {
		errs[2] = view.gatedHalf(&b, i, w, s)
	} else {
		errs[2] = view.mlpHalf(&b, i, w, s)
	}
	return b, errors.Join(errs[:]...)
}

// attentionHalf builds norm1, q, k, v, the attention and proj.
func (q *quantizer) attentionHalf(b *intnet.Block, i int, w *checkpoint.BlockWeights, s *blockStats) error {
	dim := q.shape.Dim
	qkv, mat, proj := q.bits(i, network.QKVLayer), q.bits(i, network.AttentionLayer), q.bits(i, network.ProjLayer)
	f := foldOf(s.norm1.out, q.fold(qkv, "norm1", i), w.Norm1G, w.Norm1B)
	first, before := 0, q // the first of q, k, v that is a matmul, and whose stream norm1 reads
	if q.shape.Keys > 0 {
		first, before = 1, q.at(q.of.Blocks[i-1])
	}
	weights, bias := product(w.QKVW[first*dim*dim:], w.QKVB[first*dim:], f.scale, f.offset)
	in := q.foldedRange("norm1", i, s.norm1, w.Norm1G, q.inputBits(qkv), f, columnPower(weights, dim))
	parts := [3]struct {
		name string // of its range
		role network.Role
		s    *sample
		dst  *intnet.Linear
	}{{"q", network.RoleQuery, s.q, &b.Q}, {"k", network.RoleKey, s.k, &b.K}, {"v", network.RoleValue, s.v, &b.V}}
	in.activations = q.reads(qkv.Name, in.activations)
	var head [3][]float64
	var out []float64
	fine := q.fineParts(w, s, b)
	for p, part := range parts {
		if p < len(fine) {
			head[p] = q.commonScale(part.name, i, part.s, mat.Activations, fine[p].gamma)
			out = append(out, repeat(fine[p].scale(q), dim)...)
			continue
		}
		if head[p] = q.givenHeads(p, i, mat.Activations); head[p] == nil {
			head[p] = q.headScales(part.name, i, part.s, mat.Activations)
		}
		step := q.perHead(head[p])
		if q.turns(p) { // their codes come behind the rotation
			for c := range step {
				step[c] /= float64(int(1) << (intnet.FineBits - 1 - mat.Activations))
			}
		}
		if p >= first {
			out = append(out, step...)
		}
	}
	codes := q.round(qkv, weights, in.activations, f.exponent, out)

	var errs [7]error
	b.Norm1, errs[0] = before.layerNorm(q.name(i, network.RoleNorm1), s.norm1, w.Norm1G, w.Norm1B, in)
	if first > 0 {
		b.Probe = probeCodes(s.q, q.perHead(head[0]), mat.Activations)
		q.report.reading(q.name(i, network.RoleQuery), Reading{Scale: q.perHead(head[0])})
	}
	for p, part := range parts[first:] {
		width := mat.Activations
		if p < len(fine) || q.turns(p) {
			width = intnet.FineBits
		}
		*part.dst, errs[1+p] = q.build(linear{
			name: q.name(i, part.role), layer: qkv, w: weights[p*dim*dim : (p+1)*dim*dim], bias: bias[p*dim : (p+1)*dim],
			rounded: codes.rows(p*dim, (p+1)*dim), bits: qkv.Weights, in: in.activations,
			out: out[p*dim : (p+1)*dim], outBits: width,
		})
	}
	q.turnedReadings(i, head[:])
	errs[6] = q.normQueries(i, fine, head[:], mat.Activations)

	q.report.heads(mat, q.shape.HeadDim(), []*sample{s.q, s.k, s.v}, head[:])

	weights, bias = product(w.ProjW, w.ProjB, nil, nil)
	av := q.plainRange("av", i, s.av, q.inputBits(proj), columnPower(weights, dim), nil)
	q.report.reading(q.name(i, network.RoleContext), Reading{Scale: []float64{av.Scale}, Zero: av.Zero})
	b.Attn, errs[4] = q.attention(q.of.LayerAt(i, network.AttentionLayer).Within+".attn", head[0], head[1], head[2],
		mat.Activations, av)
	b.Proj, errs[5] = q.toResidual(proj, weights, bias, av, 0)
	return errors.Join(errs[:]...)
}

// mlpHalf builds norm2, fc1, the GELU table and fc2.
func (q *quantizer) mlpHalf(b *intnet.Block, i int, w *checkpoint.BlockWeights, s *blockStats) error {
	dim, hidden := q.shape.Dim, q.shape.Hidden
	fc1, fc2 := q.bits(i, network.FC1Layer), q.bits(i, network.FC2Layer)
	act := floatref.ActivationOf(q.model)
	w2, b2 := product(w.FC2W, w.FC2B, nil, nil)
	gelu := q.plainRange("gelu", i, s.hidden, q.inputBits(fc2), columnPower(w2, hidden),
		func(x float64, _ int) float64 { return act(x) })
	index, given := q.givenIndex(fc1, gelu)
	if !given {
		index = q.geluInput(s.hidden, gelu)
	}
	b.GELU = q.geluTable(fc1.Name+": GELU", index, gelu)

	f := foldOf(s.norm2.out, q.fold(fc1, "norm2", i), w.Norm2G, w.Norm2B)
	w1, b1 := product(w.FC1W, w.FC1B, f.scale, f.offset)
	in := q.foldedRange("norm2", i, s.norm2, w.Norm2G, q.inputBits(fc1), f, columnPower(w1, dim))
	in.activations = q.reads(fc1.Name, in.activations)
	var errs [3]error
	b.Norm2, errs[0] = q.layerNorm(q.name(i, network.RoleNorm2), s.norm2, w.Norm2G, w.Norm2B, in)
	steps := repeat(index.Scale, hidden)
	b.FC1, errs[1] = q.build(linear{
		name: fc1.Name, layer: fc1, w: w1, bias: b1, rounded: q.round(fc1, w1, in.activations, f.exponent, steps),
		bits: fc1.Weights,
		in:   in.activations, out: steps, zero: index.Zero, outBits: q.num.GELUBits,
	})
	q.report.reading(fc1.Name, Reading{Scale: []float64{gelu.Scale}, Zero: gelu.Zero})
	b.FC2, errs[2] = q.toResidual(fc2, w2, b2, gelu, 0)
	return errors.Join(errs[:]...)
}

// toResidual builds a layer that writes to the residual stream; fold is the strength of the fold in what it reads.
func (q *quantizer) toResidual(bits configs.LayerBits, w, b []float64, in activations,
	fold float64) (intnet.Linear, error) {
	in = q.reads(bits.Name, in)
	return q.build(linear{
		name: bits.Name, layer: bits, w: w, bias: b, rounded: q.round(bits, w, in, fold, q.residual()),
		bits: bits.Weights, in: in, out: q.residual(), outBits: configs.ResidualBits,
	})
}

// plainRange is inputRange for a tensor that no LayerNorm fold touches.
func (q *quantizer) plainRange(tensor string, block int, s *sample, width int, power []float64,
	f func(x float64, c int) float64) activations {
	return q.inputRange(rangeKey{tensor, block, -1, 0}, s, width, 0, power, f)
}

// inputRange finds the grid of a matmul's input after the map f of its sampled
// values, nil for none; its scale is at least the given one.
func (q *quantizer) inputRange(key rangeKey, s *sample, width int, least float64, power []float64,
	f func(x float64, c int) float64) activations {
	full := gridKey{key, q.menu}
	m := &mapped{sample: s, f: f}
	set := q.stats.ranges.get(full, func() rangeSet {
		t := tensor{[]part{{m.real(), power}}, q.stats.Images}
		if key.tensor == "av" {
			t = t.beside(q.stats.blocks[key.block].v, power)
		}
		set := rangeSet{grids: estimatorOf(q.menu).grids(t, schemeOf(q.menu))}
		set.mean, set.variance = m.moments()
		set.top = largest(m.real())
		return set
	})
	g := set.grid(width)
	g.Scale = max(g.Scale, least)
	if given := q.givenInput(key.tensor, key.block, width); given != nil {
		g = grid{given.Scale, given.Zero}
	}
	coded := q.stats.coded.get(codedKey{full, width}, func() []float64 { return m.coded(g, width) })
	return activations{grid: g, bits: width, mean: set.mean, coded: coded, variance: set.variance, source: m}
}

// perHead repeats each head's scale for its channels.
func (q *quantizer) perHead(scales []float64) []float64 {
	var list []float64
	for _, s := range scales {
		list = append(list, repeat(s, q.shape.HeadDim())...)
	}
	return list
}
