package dse

import (
	"fmt"

	"vitdse/configs"
	"vitdse/golden/measure"
)

// Prediction predicts the logits' noise of any choice of numerics from the noise that
// each source adds alone: the reference's noise, plus that of every source whose bits
// or granularity differ from the reference's. Sources are the weights of each layer,
// the input codes of each layer, the softmax numerators and the GELU table. There is
// one table of sensitivities for each ln_fold.
type Prediction struct {
	tables map[float64]*sources
}

// sources is a sensitivity table, indexed.
type sources struct {
	reference map[string]configs.LayerBits
	table     *measure.Table
	noise     map[source]float64
}

type source struct {
	kind        measure.Source
	layer       string
	bits        int
	granularity configs.Granularity
}

// NewPrediction makes a prediction of tables that differ in their reference's ln_fold.
func NewPrediction(tables ...*measure.Table) (*Prediction, error) {
	p := &Prediction{map[float64]*sources{}}
	for _, t := range tables {
		fold := t.Reference.LNFold
		if p.tables[fold] != nil {
			return nil, fmt.Errorf("dse: two sensitivity tables are for ln_fold %g", fold)
		}
		s := &sources{map[string]configs.LayerBits{}, t, map[source]float64{}}
		for _, l := range t.Reference.Layers {
			s.reference[l.Name] = l
		}
		for _, e := range t.Entries {
			s.noise[source{e.Source, e.Layer, e.Bits, e.Granularity}] = e.Noise
		}
		p.tables[fold] = s
	}
	return p, nil
}

// Noise is the predicted noise: the power of the logits' error over their own. It may
// be called by several goroutines. An error names the source that was not measured.
func (p *Prediction) Noise(n configs.Numerics) (float64, error) {
	s := p.tables[n.LNFold]
	if s == nil {
		return 0, fmt.Errorf("no sensitivities for ln_fold %g", n.LNFold)
	}
	sum := s.table.ReferenceNoise
	var err error
	add := func(k source) {
		v, ok := s.noise[k]
		if !ok && err == nil {
			err = fmt.Errorf("no sensitivity of %s of %q at %d bits %s", k.kind, k.layer, k.bits, k.granularity)
		}
		sum += v
	}
	if n.SoftmaxBits != s.table.Reference.SoftmaxBits {
		add(source{kind: measure.Softmax, bits: n.SoftmaxBits})
	}
	if n.GELUBits != s.table.Reference.GELUBits {
		add(source{kind: measure.GELU, bits: n.GELUBits})
	}
	for _, l := range n.Layers {
		ref := s.reference[l.Name]
		if l.Activations != ref.Activations {
			add(source{kind: measure.Activations, layer: l.Name, bits: l.Activations})
		}
		if l.Weights != ref.Weights || l.Granularity != ref.Granularity {
			add(source{measure.Weights, l.Name, l.Weights, l.Granularity})
		}
	}
	return sum, err
}
