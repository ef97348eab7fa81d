// Package quant turns a float ViT into the integer network of package intnet:
// post-training quantization with static ranges from a calibration set.
//
// Every constant and table is computed here, once, in float64; what runs or emits
// the network reads them as data. The rules are those of docs/NUMERICS.md.
package quant

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/intnet"
)

// Headroom of the residual stream and of the logits over what calibration saw.
const headroom = 1.25

// quantizer is one call of Quantize.
type quantizer struct {
	model   configs.Model
	of      *network.Network
	shape   network.Block // of the block in hand, see at
	num     configs.Numerics
	menu    configs.Quantizer // of num, with every default written out
	weights *checkpoint.Weights
	stats   *Stats
	net     *intnet.Network
	report  *Report               // nil if nobody asks
	blocks  func(done, total int) // hears of every block done; nil if nobody asks
	fed     map[string]*fed       // of layers that read codes of the quantized network; nil if none does
}

// Quantize builds the integer network of the given numerics. stats must come from
// Calibrate with the same model and weights. The error names the layer whose
// integers would not fit the contract's widths.
func Quantize(m configs.Model, num configs.Numerics, w *checkpoint.Weights, stats *Stats) (*intnet.Network, error) {
	return quantize(m, num, w, stats, nil, nil)
}

// Rebuild is Quantize of numerics that differ from those of a network, base, in the layers of one block alone, with the
// same model, weights and stats: the other blocks and what is around them are base's own.
func Rebuild(base *intnet.Network, num configs.Numerics, block int, w *checkpoint.Weights,
	stats *Stats) (*intnet.Network, error) {
	q, err := newQuantizer(base.Model, num, w, stats, nil, nil)
	if err != nil {
		return nil, err
	}
	if q.menu.Inputs == configs.SequentialInputs { // what is behind the block reads other codes
		return Quantize(base.Model, num, w, stats)
	}
	net := *base
	net.Numerics, net.Blocks = num, slices.Clone(base.Blocks)
	q.net = &net
	if net.Blocks[block], err = q.block(q.of.Blocks[block]); err != nil {
		return nil, err
	}
	return q.net, nil
}

func newQuantizer(m configs.Model, num configs.Numerics, w *checkpoint.Weights, stats *Stats, report *Report,
	progress func(done, total int)) (*quantizer, error) {
	if !reflect.DeepEqual(m, stats.model) {
		return nil, fmt.Errorf("calibration was made for model %s with another shape; calibrate again", stats.model.Name)
	}
	if err := errors.Join(w.Check(m), checkNumerics(stats.net, num)); err != nil {
		return nil, err
	}
	if num.Quantizer.Rotation == configs.Hadamard {
		var err error
		if w, stats, err = stats.rotated(w); err != nil {
			return nil, fmt.Errorf("quantizer: rotation is hadamard: %w", err)
		}
		report.turned(w)
	}
	menu := num.Quantizer.Full()
	if menu.Heads == configs.BalancedHeads && !takesGrids(num, w) {
		var err error
		if w, stats, err = stats.balanced(w); err != nil {
			return nil, fmt.Errorf("quantizer: heads is balanced: %w", err)
		}
		report.turned(w)
	}
	return &quantizer{m, stats.net, stats.net.Blocks[0], num, menu, w, stats, nil, report, progress, nil},
		nil
}

func quantize(m configs.Model, num configs.Numerics, w *checkpoint.Weights, stats *Stats, report *Report,
	progress func(done, total int)) (*intnet.Network, error) {
	q, err := newQuantizer(m, num, w, stats, report, progress)
	if err != nil {
		return nil, err
	}
	if q.menu.Inputs == configs.SequentialInputs {
		if err := q.sequential(); err != nil {
			return nil, err
		}
	}
	q.begin()
	if err := q.run(); err != nil {
		return nil, err
	}
	return q.net, nil
}

// begin makes a network of what does not depend on layers.
func (q *quantizer) begin() {
	q.net = &intnet.Network{Model: q.model, Numerics: q.num}
	for _, top := range q.stats.stages {
		q.net.StageScales = append(q.net.StageScales, residualScale(q.stats.reach()*top))
	}
	q.net.ResidualScale = q.net.StageScales[0]
	q.net.LogitScale = max(headroom*q.stats.reach()*q.stats.logit, 1e-9) / (1<<(configs.LogitBits-1) - 1)
	q.net.Exp = expTable(q.num.SoftmaxBits)
	q.net.Rsqrt = rsqrtTable()
	if q.model.Rope != "" {
		q.net.Cos, q.net.Sin = turnTables(q.model)
	}
}

// run makes the network from its embedding to its classifiers.
func (q *quantizer) run() error {
	embed := q.patchEmbed
	if _, norms := q.of.Find(network.RoleEmbedNorm); norms {
		embed = q.embedThenNorm
	}
	if err := embed(); err != nil {
		return err
	}
	if err := q.everyBlock(); err != nil {
		return err
	}
	return q.head()
}

// residualScale is the step of a residual stream whose values reach so far.
func residualScale(top float64) float64 {
	return max(headroom*top, 1e-9) / (1<<(configs.ResidualBits-1) - 1)
}

// at is the quantizer as a block sees it: with its shape, and the scale of its stage's residual stream.
func (q *quantizer) at(shape network.Block) *quantizer {
	view, net := *q, *q.net
	net.ResidualScale = q.net.StageScales[shape.Stage]
	view.shape, view.net = shape, &net
	return &view
}

// checkNumerics compares the numerics with the model's layers and the legal widths.
func checkNumerics(net *network.Network, num configs.Numerics) error {
	var errs []error
	within := func(what string, v, lo, hi int) {
		if v < lo || v > hi {
			errs = append(errs, fmt.Errorf("%s is %d; expected %d..%d", what, v, lo, hi))
		}
	}
	within("softmax_bits", num.SoftmaxBits, 2, 8)
	within("gelu_bits", num.GELUBits, 4, 10)
	if !(num.LNFold >= 0 && num.LNFold <= 1) {
		errs = append(errs, fmt.Errorf("ln_fold is %g; expected 0..1", num.LNFold))
	}
	if err := num.Quantizer.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("quantizer: %w", err))
	}
	if err := num.Quantizer.Runs(net); err != nil {
		errs = append(errs, err)
	}
	if num.Quantizer.Inputs == configs.SequentialInputs &&
		(net.Blocks[0].Window > 0 || num.Quantizer.TokenScales == configs.DynamicScales) {
		errs = append(errs, errors.New("quantizer: inputs is sequential; expected float for a Swin, "+
			"and with dynamic token_scales"))
	}
	for _, layer := range net.Layers {
		name := layer.Name
		l, ok := num.Layer(name)
		if !ok {
			errs = append(errs, fmt.Errorf("layer %s has no bits; expected one entry for each layer", name))
			continue
		}
		within("layer "+name+": activations", l.Activations, 2, 8)
		if !layer.Weights {
			continue
		}
		within("layer "+name+": weights", l.Weights, 2, 8)
		switch inner := layer.Inner; l.Granularity {
		case configs.PerChannel, configs.PerLayer:
			within("layer "+name+": group", l.Group, 0, 0)
		case configs.PerGroup:
			if l.Group < 1 || inner%l.Group != 0 {
				errs = append(errs, fmt.Errorf("layer %s: group is %d; expected a divisor of its inner dimension, %d",
					name, l.Group, inner))
			}
		default:
			errs = append(errs, fmt.Errorf("layer %s: granularity is %q; expected %s, %s or %s",
				name, l.Granularity, configs.PerChannel, configs.PerLayer, configs.PerGroup))
		}
	}
	return errors.Join(errs...)
}

// bits are those of the layer of a block (network.None outside) that has a role: checkNumerics has found it there.
func (q *quantizer) bits(block int, role network.LayerRole) configs.LayerBits {
	l, _ := q.num.Layer(q.of.LayerAt(block, role).Name)
	return l
}

// name is the op of a block (network.None outside) that has a role.
func (q *quantizer) name(block int, role network.Role) string { return q.of.At(block, role).Name }

// inputBits is the width of the codes that a layer is handed: its own, or where every token
// finds its scale itself the fine ones.
func (q *quantizer) inputBits(l configs.LayerBits) int {
	if q.menu.TokenScales == configs.DynamicScales {
		return intnet.FineBits
	}
	return l.Activations
}

// residual is the output step of the layers that write to the residual stream.
func (q *quantizer) residual() []float64 { return repeat(q.net.ResidualScale, q.shape.Dim) }

// patchEmbed folds mean and standard deviation of the pixels into the matmul, and
// rounds class token and positions to the residual scale.
func (q *quantizer) patchEmbed() error {
	m, bits := q.model, q.bits(network.None, network.EmbedLayer)
	n, area := m.PatchInner(), m.Patch*m.Patch
	step := float64(int(1) << (8 - bits.Activations)) // pixel = code*step + 128
	scale, offset := make([]float64, n), make([]float64, n)
	for c := range n {
		ch := c / area
		scale[c] = step / 255 / m.Std[ch]
		offset[c] = (128.0/255 - m.Mean[ch]) / m.Std[ch]
	}
	f := fold{0, scale, offset}
	in := activations{grid: grid{Scale: 1}, bits: bits.Activations,
		source: &mapped{sample: q.stats.patches, f: f.apply}}
	in.mean, in.variance = in.source.moments()
	in.coded = in.source.coded(in.grid, in.bits)
	w, b := product(q.weights.PatchW, q.weights.PatchB, scale, offset)
	codes := q.round(bits, w, in, 0, q.residual())
	if s := q.givenWeights(bits); s != nil {
		codes = givenCodes(w, s, scale[0], bits.Weights)
	}
	var err error
	q.net.PatchEmbed, err = q.build(linear{
		name: bits.Name, layer: bits, w: w, bias: b, rounded: codes,
		bits: bits.Weights, in: in, out: q.residual(), outBits: configs.ResidualBits,
	})
	q.net.ImageBits = bits.Activations
	prefix := q.weights.Prefix()
	for i, p := range q.weights.Pos {
		v := float64(p)
		if i < len(prefix) {
			v += float64(prefix[i])
		}
		limit := float64(int(1) << (configs.ResidualBits - 1))
		q.net.Pos = append(q.net.Pos, int32(min(max(hup(v/q.net.ResidualScale), -limit), limit-1)))
	}
	return err
}
