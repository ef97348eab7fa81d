package noise

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/measure"
)

// File is sensitivities that were measured before, or made up: what takes the
// place of measuring them, which for a large network takes hours.
type File struct {
	Schema int              `json:"schema"`
	Origin string           `json:"origin"` // what the numbers rest on, in words
	Tables []*measure.Table `json:"tables"` // one for each basis
}

const sensitivitySchema = 2

// Load reads a file of sensitivities for a model, and says where its numbers
// are from.
func Load(path string, m configs.Model) (*Prediction, string, error) {
	text, err := configs.ReadRegular(path, configs.MaxReadBytes)
	if err != nil {
		return nil, "", fmt.Errorf("sensitivities: %w", err)
	}
	var f File
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, "", fmt.Errorf("%s: is no file of sensitivities: %w", path, err)
	}
	if f.Schema != sensitivitySchema {
		return nil, "", fmt.Errorf("%s: has schema %d, this version reads %d; make it again with vitdse sensitivity",
			path, f.Schema, sensitivitySchema)
	}
	if len(f.Tables) == 0 {
		return nil, "", fmt.Errorf("%s: has no table", path)
	}
	for i, t := range f.Tables {
		if t == nil || t.Model != m.Name {
			return nil, "", fmt.Errorf("%s: table %d is not for model %s", path, i, m.Name)
		}
		for _, e := range t.Entries {
			if math.IsNaN(e.Noise) || e.Noise < 0 || e.Noise > femtoLimit {
				return nil, "", fmt.Errorf("%s: table %d: noise of %s of %q at %d bits is %g; expected 0..%d",
					path, i, e.Source, e.Layer, e.Bits, e.Noise, femtoLimit)
			}
		}
	}
	p, err := NewPrediction(f.Tables...)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return p, f.Origin, nil
}

// Write writes the file.
func (f *File) Write(path string) error {
	if f.Origin == "" || len(f.Tables) == 0 {
		return errors.New("sensitivities without an origin or a table")
	}
	text, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	return configs.WriteFile(path, append(text, '\n'))
}

// Synthetic makes sensitivities up, for benchmarks: noise falls by a factor of four a bit,
// as that of uniform rounding does, and spreads over layers log-normally with a standard
// deviation of 0.7, drawn from the seed. Nothing in it was measured.
func Synthetic(m configs.Model, s configs.Space, seed int64) *File {
	f := &File{Schema: sensitivitySchema,
		Origin: fmt.Sprintf("synthetic, seed %d: made up for benchmarks, nothing was measured", seed)}
	for i, basis := range s.Bases() {
		rng := rand.New(rand.NewPCG(uint64(seed), math.Float64bits(basis.LNFold)+uint64(i)))
		t := &measure.Table{Model: m.Name, Reference: configs.Uniform(m, 8, 8).On(basis), ReferenceNoise: 2e-5}
		t.Reference.CalibImages = s.CalibImages
		add := func(e measure.Entry, scale float64, reference bool) {
			e.Noise = scale * (math.Exp2(-2*float64(e.Bits-1)) - math.Exp2(-14))
			if e.Noise = max(e.Noise, 0); !reference {
				e.Noise = max(e.Noise, scale*math.Exp2(-15))
			}
			e.Total = t.ReferenceNoise + e.Noise
			t.Entries = append(t.Entries, e)
		}
		for _, layer := range network.MustCompile(m).Layers {
			w, a := 0.02*math.Exp(0.7*rng.NormFloat64()), 0.04*math.Exp(0.7*rng.NormFloat64())
			for bits := 2; bits <= 8; bits++ {
				add(measure.Entry{Source: measure.Activations, Layer: layer.Name, Bits: bits}, a, true)
				for _, g := range s.Granularity {
					if layer.Weights {
						add(measure.Entry{Source: measure.Weights, Layer: layer.Name, Bits: bits, Granularity: g}, w*coarseness(g),
							g == configs.PerChannel)
					}
				}
			}
		}
		for bits := 2; bits <= 8; bits++ {
			add(measure.Entry{Source: measure.Softmax, Bits: bits}, 0.01, true)
		}
		for bits := 4; bits <= 10; bits++ {
			add(measure.Entry{Source: measure.GELU, Bits: bits}, 0.02, true)
		}
		f.Tables = append(f.Tables, t)
	}
	return f
}

// coarseness is how much more noise the made-up weights have at a granularity.
func coarseness(g configs.Granularity) float64 {
	switch g {
	case configs.PerLayer:
		return 2.2
	case configs.PerChannel:
		return 1
	}
	return 0.6
}
