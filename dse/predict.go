package dse

import (
	"fmt"
	"maps"
	"slices"

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
			return nil, fmt.Errorf("two sensitivity tables are for ln_fold %g", fold)
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
func (p *Prediction) Noise(n configs.Numerics) (float64, error) { return NoiseOf(p)(n) }

// Units implements [Additive].
func (p *Prediction) Units(softmaxBits, geluBits int, lnFold float64) (Femto, error) {
	s, err := p.of(lnFold)
	if err != nil {
		return 0, err
	}
	sum, err := ToFemto(s.table.ReferenceNoise)
	if err != nil {
		return 0, fmt.Errorf("reference: %w", err)
	}
	for _, x := range []struct {
		differs bool
		source  source
	}{
		{softmaxBits != s.table.Reference.SoftmaxBits, source{kind: measure.Softmax, bits: softmaxBits}},
		{geluBits != s.table.Reference.GELUBits, source{kind: measure.GELU, bits: geluBits}},
	} {
		if x.differs {
			v, err := s.of(x.source)
			if err != nil {
				return 0, err
			}
			sum += v
		}
	}
	return sum, nil
}

// Layer implements [Additive].
func (p *Prediction) Layer(lnFold float64, l configs.LayerBits) (Femto, error) {
	s, err := p.of(lnFold)
	if err != nil {
		return 0, err
	}
	ref, sum := s.reference[l.Name], Femto(0)
	if l.Activations != ref.Activations {
		v, err := s.of(source{kind: measure.Activations, layer: l.Name, bits: l.Activations})
		if err != nil {
			return 0, err
		}
		sum += v
	}
	if l.Weights != ref.Weights || l.Granularity != ref.Granularity {
		v, err := s.of(source{measure.Weights, l.Name, l.Weights, l.Granularity})
		if err != nil {
			return 0, err
		}
		sum += v
	}
	return sum, nil
}

func (p *Prediction) of(lnFold float64) (*sources, error) {
	if s := p.tables[lnFold]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("no sensitivities for ln_fold %g", lnFold)
}

// of is the noise of one source.
func (s *sources) of(k source) (Femto, error) {
	v, ok := s.noise[k]
	if !ok {
		return 0, fmt.Errorf("no sensitivity of %s of %q at %d bits %s", k.kind, k.layer, k.bits, k.granularity)
	}
	f, err := ToFemto(v)
	if err != nil {
		return 0, fmt.Errorf("sensitivity of %s of %q at %d bits: %w", k.kind, k.layer, k.bits, err)
	}
	return f, nil
}

// File gives the sensitivities of a prediction as a file.
func (p *Prediction) File(origin string) *SensitivityFile {
	f := &SensitivityFile{Schema: sensitivitySchema, Origin: origin}
	for _, fold := range slices.Sorted(maps.Keys(p.tables)) {
		f.Tables = append(f.Tables, p.tables[fold].table)
	}
	return f
}
