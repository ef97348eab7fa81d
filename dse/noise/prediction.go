package noise

import (
	"fmt"
	"slices"

	"vitdse/configs"
	"vitdse/golden/measure"
)

// Prediction predicts the logits' noise of any choice of numerics from the noise that
// each source adds alone: the reference's noise, plus that of every source whose bits
// or granularity differ from the reference's. Sources are the weights of each layer,
// the input codes of each layer, the softmax numerators and the GELU table. There is
// one table of sensitivities for each basis.
type Prediction struct {
	tables []*sources // by basis, of which there are few
}

// sources is a sensitivity table, indexed.
type sources struct {
	basis     configs.Basis
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

// NewPrediction makes a prediction of tables that differ in their reference's basis.
func NewPrediction(tables ...*measure.Table) (*Prediction, error) {
	p := &Prediction{}
	for _, t := range tables {
		basis := t.Reference.Basis()
		if _, err := p.of(basis); err == nil {
			return nil, fmt.Errorf("two sensitivity tables are for %s", basis)
		}
		s := &sources{basis, map[string]configs.LayerBits{}, t, map[source]float64{}}
		for _, l := range t.Reference.Layers {
			s.reference[l.Name] = l
		}
		for _, e := range t.Entries {
			s.noise[source{e.Source, e.Layer, e.Bits, e.Granularity}] = e.Noise
		}
		p.tables = append(p.tables, s)
	}
	slices.SortFunc(p.tables, func(a, b *sources) int { return a.basis.Compare(b.basis) })
	return p, nil
}

// Noise is the predicted noise: the power of the logits' error over their own. It may
// be called by several goroutines. An error names the source that was not measured.
func (p *Prediction) Noise(n configs.Numerics) (float64, error) { return Of(p)(n) }

// Units implements [Additive].
func (p *Prediction) Units(softmaxBits, geluBits int, b configs.Basis) (Femto, error) {
	s, err := p.of(b)
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
func (p *Prediction) Layer(b configs.Basis, l configs.LayerBits) (Femto, error) {
	s, err := p.of(b)
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

func (p *Prediction) of(b configs.Basis) (*sources, error) {
	for _, s := range p.tables {
		if s.basis == b {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no sensitivities for %s", b)
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
func (p *Prediction) File(origin string) *File {
	f := &File{Schema: sensitivitySchema, Origin: origin}
	for _, s := range p.tables {
		f.Tables = append(f.Tables, s.table)
	}
	return f
}
