package measure

import (
	"fmt"

	"vitdse/configs"
)

// Source says which knob of the numerics an entry of a sensitivity table turns.
type Source string

// Sources of quantization noise.
const (
	Weights     Source = "weights"     // of one layer
	Activations Source = "activations" // the input codes of one layer
	Softmax     Source = "softmax"     // numerators, all blocks
	GELU        Source = "gelu"        // table index, all blocks
)

// Entry is the noise that one source adds to the logits when it alone has the given
// bits and everything else is as in the reference.
type Entry struct {
	Source      Source              `json:"source"`
	Layer       string              `json:"layer,omitempty"`
	Bits        int                 `json:"bits"`
	Granularity configs.Granularity `json:"granularity,omitempty"` // of weights
	Noise       float64             `json:"noise"`                 // added to the reference's noise; falls with more bits
	Total       float64             `json:"total"`                 // as measured: |logits - float|^2 / |float logits|^2
}

// Table is the sensitivity of a network's logits to the bits of each source.
type Table struct {
	Model          string           `json:"model"`
	Images         int              `json:"images"`
	Reference      configs.Numerics `json:"reference"`
	ReferenceNoise float64          `json:"reference_noise"` // of the reference itself, against float
	Group          int              `json:"group,omitempty"` // size of groups of weights
	Entries        []Entry          `json:"entries"`
}

// settle derives each entry's noise from the measured totals: the excess over the
// reference, made to fall with the number of bits. (The difference between the
// entry's and the reference's logits would not do: any change anywhere rolls the dice
// of all later roundings anew, which makes that difference twice the reference's own
// noise at least.)
func (t *Table) settle() {
	for i := range t.Entries {
		e := &t.Entries[i]
		e.Noise = 0
		for _, o := range t.Entries {
			if o.Source == e.Source && o.Layer == e.Layer && o.Granularity == e.Granularity && o.Bits >= e.Bits {
				e.Noise = max(e.Noise, o.Total-t.ReferenceNoise)
			}
		}
	}
}

// Predict estimates the logit noise of an assignment of bits: the reference's noise
// plus that of each source that differs from it. Noise of different sources is taken
// as independent, and weights and activations of a layer as two sources.
func (t *Table) Predict(n configs.Numerics) (float64, error) {
	if n.Basis() != t.Reference.Basis() {
		return 0, fmt.Errorf("the sensitivities are for %s, not for %s", t.Reference.Basis(), n.Basis())
	}
	index := map[Entry]float64{}
	for _, e := range t.Entries {
		index[Entry{Source: e.Source, Layer: e.Layer, Bits: e.Bits, Granularity: e.Granularity}] = e.Noise
	}
	sum := t.ReferenceNoise
	for _, e := range t.sources(n) {
		noise, ok := index[e]
		if !ok {
			return 0, fmt.Errorf("no sensitivity of %s of layer %q at %d bits %s", e.Source, e.Layer, e.Bits, e.Granularity)
		}
		sum += noise
	}
	return sum, nil
}

// sources lists where the numerics differ from the reference.
func (t *Table) sources(n configs.Numerics) []Entry {
	var list []Entry
	if n.SoftmaxBits != t.Reference.SoftmaxBits {
		list = append(list, Entry{Source: Softmax, Bits: n.SoftmaxBits})
	}
	if n.GELUBits != t.Reference.GELUBits {
		list = append(list, Entry{Source: GELU, Bits: n.GELUBits})
	}
	for _, l := range n.Layers {
		ref, _ := t.Reference.Layer(l.Name)
		if l.Activations != ref.Activations {
			list = append(list, Entry{Source: Activations, Layer: l.Name, Bits: l.Activations})
		}
		if l.Weights != ref.Weights || l.Granularity != ref.Granularity {
			list = append(list, Entry{Source: Weights, Layer: l.Name, Bits: l.Weights, Granularity: l.Granularity})
		}
	}
	return list
}
