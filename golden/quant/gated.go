package quant

import (
	"errors"
	"fmt"
	"math"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/floatref"
	"vitdse/golden/intnet"
)

// gatedHalf builds norm2, the gate and the values that it is multiplied with, the norm behind them where there is one,
// and fc2.
func (q *quantizer) gatedHalf(b *intnet.Block, i int, w *checkpoint.BlockWeights, s *blockStats) error {
	dim, hidden := q.shape.Dim, q.shape.Hidden
	fc1, fc2 := q.bits(i, network.FC1Layer), q.bits(i, network.FC2Layer)
	f := foldOf(s.norm2.out, q.fold(fc1, "norm2", i), w.Norm2G, w.Norm2B)
	w1, b1 := product(w.FC1W, w.FC1B, f.scale, f.offset)
	in := q.foldedRange("norm2", i, s.norm2, w.Norm2G, q.inputBits(fc1), f, columnPower(w1, dim))
	in.activations = q.reads(fc1.Name, in.activations)
	var errs [5]error
	b.Norm2, errs[0] = q.layerNorm(q.name(i, network.RoleNorm2), s.norm2, w.Norm2G, w.Norm2B, in)

	gateName := q.name(i, network.RoleGate)
	lo, hi := q.activated(s.gate)
	index := gridBetween(lo, max(hi, 1e-6), q.num.GELUBits)
	gate := q.gateGrid(index)
	b.GELU = q.geluTable(gateName+": activation", index, gate)
	value := residualScale(q.stats.reach() * s.value)
	steps := append(repeat(index.Scale, hidden), repeat(value, hidden)...)
	codes := q.round(fc1, w1, in.activations, f.exponent, steps)
	part := func(name string, from, zero, bits int) (intnet.Linear, error) {
		to := from + hidden
		return q.build(linear{name: name, layer: fc1, w: w1[from*dim : to*dim], bias: b1[from:to],
			rounded: codes.rows(from, to),
			bits:    fc1.Weights, in: in.activations, out: steps[from:to], zero: zero, outBits: bits})
	}
	b.Gate = &intnet.Gate{}
	b.Gate.FC, errs[1] = part(gateName, 0, index.Zero, q.num.GELUBits)
	b.FC1, errs[2] = part(fc1.Name, hidden, 0, intnet.FineBits)
	q.report.reading(gateName, Reading{Scale: []float64{gate.Scale}})

	out, err := q.behindGate(b, i, w, s, fc2)
	if errs[3] = err; err == nil {
		errs[4] = requantizeProducts(b.Gate, gate.Scale*value, out, fc1.Name)
	}
	q.report.reading(fc1.Name, Reading{Scale: []float64{out.Scale}, Zero: out.Zero})
	return errors.Join(errs[:]...)
}

// gateGrid is that of the gate's values: 16 bits over what the activation gives of all indices.
func (q *quantizer) gateGrid(index grid) activations {
	act, top, half := floatref.ActivationOf(q.model), 1e-9, 1<<(q.num.GELUBits-1)
	for h := -half; h < half; h++ {
		top = max(top, math.Abs(act(float64(h-index.Zero)*index.Scale)))
	}
	return activations{grid: grid{Scale: top / (1<<(intnet.FineBits-1) - 1)}, bits: intnet.FineBits}
}

// behindGate builds what reads the products of a gate: the norm where there is one, and fc2. It is the grid of the
// products.
func (q *quantizer) behindGate(b *intnet.Block, i int, w *checkpoint.BlockWeights, s *blockStats,
	fc2 configs.LayerBits) (grid, error) {
	hidden := q.shape.Hidden
	var err error
	if !q.shape.MLPNorm {
		w2, b2 := product(w.FC2W, w.FC2B, nil, nil)
		in := q.plainRange("gelu", i, s.hidden, fc2.Activations, columnPower(w2, hidden), nil)
		b.Gate.Bits = in.bits
		b.FC2, err = q.toResidual(fc2, w2, b2, in, 0)
		return in.grid, err
	}
	f := foldOf(s.hidden, q.fold(fc2, "gelu", i), w.MLPNormG, w.MLPNormB)
	w2, b2 := product(w.FC2W, w.FC2B, f.scale, f.offset)
	n := normStats{s.hidden, s.gated.least}
	in := q.foldedRange("mlp.norm", i, n, w.MLPNormG, fc2.Activations, f, columnPower(w2, hidden))
	out := grid{Scale: residualScale(q.stats.reach() * s.gated.most)}
	ln, err := q.reading(out).layerNorm(q.name(i, network.RoleMLPNorm), n, w.MLPNormG, w.MLPNormB, in)
	b.MLPNorm, b.Gate.Bits = &ln, intnet.FineBits
	var broken error
	b.FC2, broken = q.toResidual(fc2, w2, b2, in.activations, f.exponent)
	return out, errors.Join(err, broken)
}

// reading is the quantizer as a LayerNorm of values of another grid than the residual stream's sees it.
func (q *quantizer) reading(g grid) *quantizer {
	view, net := *q, *q.net
	net.ResidualScale = g.Scale
	view.net = &net
	return &view
}

// requantizeProducts sets the constants that turn a gate's products, of a real size of step, into codes of a grid.
func requantizeProducts(g *intnet.Gate, step float64, out grid, name string) error {
	m, shift, err := multipliers([]float64{step / out.Scale})
	if err != nil {
		return fmt.Errorf("%s: the gate's products: %w", name, err)
	}
	g.M, g.Shift, g.Zero = m[0], shift, int32(out.Zero)
	return nil
}
