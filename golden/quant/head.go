package quant

import (
	"errors"
	"fmt"
	"math"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/intnet"
)

// head builds what is behind the last block: LayerNorm, pooling, and the classifiers, that of the
// class token or of what is pooled, and for distilled DeiT that of the distillation token.
func (q *quantizer) head() error {
	bits := q.bits(network.None, network.HeadLayer)
	pool, pools := q.of.Find(network.RolePool)
	last := q.at(q.of.Blocks[len(q.of.Blocks)-1])
	if pools && pool.Kind == network.OpPool && !pool.Max {
		return q.averagedHead(last, q.pooled(pool))
	}
	if q.of.Last().Kind == network.OpRequantize {
		return q.headOfStream(last)
	}
	f := foldOf(q.stats.norm.out, q.fold(bits, "norm", -1), q.weights.NormG, q.weights.NormB)
	heads := []classifier{{bits.Name, q.weights.HeadW, q.weights.HeadB, q.stats.norm.out}}
	switch {
	case q.of.Classifiers == 2:
		heads[0].in = q.stats.prefix[0]
		heads = append(heads, classifier{q.name(network.None, network.RoleSecondHead), q.weights.HeadDistW,
			q.weights.HeadDistB, q.stats.prefix[1]})
	case pools && pool.Kind == network.OpPoolStream:
		if err := q.streamPool(last, pool); err != nil {
			return err
		}
	case pools: // the maximum of codes is the code of the maximum
		heads[0].in = q.stats.pool
		q.net.Pool = &intnet.Pool{Max: true, Tokens: q.pooled(pool), Bits: bits.Activations}
	}
	in := q.foldedRange("norm", -1, q.stats.norm, q.weights.NormG, q.inputBits(bits), f,
		q.headPower(heads, f, last.shape.Dim))
	var err error
	if q.net.Norm, err = last.layerNorm("norm", q.stats.norm, q.weights.NormG, q.weights.NormB, in); err != nil {
		return err
	}
	if pools && pool.Kind == network.OpPool {
		q.report.reading(pool.Name, Reading{[]float64{in.Scale}, in.Zero, f.scale, f.offset})
	}
	built, err := q.classifiers(bits, heads, in.activations, f)
	if err != nil {
		return err
	}
	q.net.Head = built[0]
	if len(built) == 2 {
		q.net.HeadDist = &built[1]
		q.net.LogitScale /= 2 // codes add up; the network's logits are the mean of both heads
	}
	return nil
}

// pooled is the number of rows that a pooling reads.
func (q *quantizer) pooled(pool network.Op) int { return q.of.Ops[pool.Inputs[0]].Rows - pool.FirstRow }

// headPower is how much an error in each channel matters to all of the heads.
func (q *quantizer) headPower(heads []classifier, f fold, dim int) []float64 {
	power := make([]float64, dim)
	for _, h := range heads {
		w, _ := product(h.w, h.b, f.scale, f.offset)
		for c, p := range columnPower(w, dim) {
			power[c] += p
		}
	}
	return power
}

// streamPool builds the pooling in front of the last LayerNorm: of the residual stream, into it.
func (q *quantizer) streamPool(last *quantizer, pool network.Op) error {
	n := q.pooled(pool)
	p := &intnet.Pool{Max: pool.Max, Tokens: n, Bits: configs.ResidualBits}
	q.net.Pool = p
	q.report.reading(pool.Name, Reading{Scale: []float64{last.net.ResidualScale}})
	if p.Max {
		return nil
	}
	a, shift, err := multipliers([]float64{1 / float64(n)})
	if err != nil {
		return fmt.Errorf("pool: %w", err)
	}
	p.A, p.Shift, p.SumBits = a[0], shift, signedBits(uint64(n)<<(configs.ResidualBits-1))
	return nil
}

// averagedHead builds the last LayerNorm of all tokens that count, the mean over them and the
// classifier; last is the quantizer as the last block sees it.
func (q *quantizer) averagedHead(last *quantizer, tokens int) error {
	bits, dim := q.bits(network.None, network.HeadLayer), last.shape.Dim
	f := foldOf(q.stats.norm.out, q.fold(bits, "pool", -1), q.weights.NormG, q.weights.NormB)
	heads := []classifier{{bits.Name, q.weights.HeadW, q.weights.HeadB, q.stats.pool}}
	power := q.headPower(heads, f, dim)
	in := q.foldedRange("norm", -1, q.stats.norm, q.weights.NormG, intnet.PoolInputBits, f, power)
	var err error
	if q.net.Norm, err = last.layerNorm("norm", q.stats.norm, q.weights.NormG, q.weights.NormB, in); err != nil {
		return err
	}
	least := in.Scale / float64(tokens) // the step of the mean itself
	out := q.inputRange(rangeKey{"pool", -1, -1, f.exponent}, q.stats.pool, bits.Activations, least, power, f.apply)
	q.report.reading("pool", Reading{[]float64{out.Scale}, out.Zero, f.scale, f.offset})
	a, shift, err := multipliers([]float64{in.Scale / float64(tokens) / out.Scale})
	if err != nil {
		return fmt.Errorf("pool: %w", err)
	}
	span := max(1<<(intnet.PoolInputBits-1)+in.Zero, 1<<(intnet.PoolInputBits-1)-in.Zero)
	q.net.Pool = &intnet.Pool{Tokens: tokens, InZero: int32(in.Zero), A: a[0], Shift: shift, Zero: int32(out.Zero),
		Bits: out.bits, SumBits: signedBits(uint64(tokens) * uint64(span))}
	built, err := q.classifiers(bits, heads, out, f)
	if err != nil {
		return err
	}
	q.net.Head = built[0]
	return nil
}

// headOfStream builds the codes of a row of the residual stream that no norm follows, and the classifier; last is the
// quantizer as the last block sees it.
func (q *quantizer) headOfStream(last *quantizer) error {
	bits, dim := q.bits(network.None, network.HeadLayer), last.shape.Dim
	f := fold{0, repeat(1, dim), repeat(0, dim)}
	heads := []classifier{{bits.Name, q.weights.HeadW, q.weights.HeadB, q.stats.pool}}
	in := q.plainRange("pool", -1, q.stats.pool, bits.Activations, q.headPower(heads, f, dim), nil)
	q.report.reading(q.name(network.None, network.RoleRequantize), Reading{Scale: []float64{in.Scale}, Zero: in.Zero})
	a, shift, err := multipliers([]float64{last.net.ResidualScale / in.Scale})
	if err != nil {
		return fmt.Errorf("pool: %w", err)
	}
	q.net.Pool = &intnet.Pool{Tokens: 1, A: a[0], Shift: shift, Zero: int32(in.Zero), Bits: in.bits,
		SumBits: signedBits(1 << (configs.ResidualBits - 1))}
	built, err := q.classifiers(bits, heads, in, f)
	if err != nil {
		return err
	}
	q.net.Head = built[0]
	return nil
}

// classifier is one head with the sample of the rows that it reads.
type classifier struct {
	name string
	w, b []float32
	in   *sample
}

// classifiers builds the heads that read codes of the grid in, with one logit scale for
// all of them.
func (q *quantizer) classifiers(bits configs.LayerBits, heads []classifier, in activations,
	f fold) ([]intnet.Linear, error) {
	lin := make([]linear, len(heads))
	for i, h := range heads {
		w, b := product(h.w, h.b, f.scale, f.offset)
		own := bits
		own.Name = h.name
		if q.menu.Scales == configs.PowerOfTwos { // a multiplier is at most 2^15, a raised scale less than twice as large
			top := codeRange{own.Weights, q.menu.CodeRange == configs.FullRange}.scale(largest(w))
			q.net.LogitScale = max(q.net.LogitScale, 2*in.Scale*top/(1<<15))
		}
		if h.in != in.source.sample {
			in = in.of(h.in)
		}
		in = q.reads(own.Name, in)
		lin[i] = linear{name: h.name, layer: bits, w: w, bias: b,
			rounded: q.round(own, w, in, f.exponent, repeat(q.net.LogitScale, len(b))), bits: bits.Weights, in: in,
			outBits: configs.LogitBits}
		// A multiplier has 16 bits: one product step must not be more logit steps than that.
		q.net.LogitScale = max(q.net.LogitScale, in.Scale*largest(lin[i].rounded.scales)/math.MaxUint16)
	}
	built := make([]intnet.Linear, len(heads))
	errs := make([]error, len(heads))
	for i := range lin {
		lin[i].out = repeat(q.net.LogitScale, q.model.Classes)
		built[i], errs[i] = q.build(lin[i])
	}
	return built, errors.Join(errs...)
}
