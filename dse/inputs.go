package dse

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"vitdse/configs"
	"vitdse/dse/jobs"
	"vitdse/dse/noise"
	"vitdse/hwmodel"
)

// Input is what a sweep covers and how.
type Input struct {
	Engine hwmodel.Engine
	Model  configs.Model
	Space  configs.Space
	Parts  []configs.Part
	Noise  noise.Func
	Limits Limits

	// For Exact, which covers spaces that Sweep cannot enumerate: noise that adds up, in the
	// place of Noise, and what to minimise, DefaultObjectives if empty.
	Additive   noise.Additive
	Objectives []Metric

	Options Options
}

// Options say how a sweep runs; its front depends on none but Seed, which it repeats.
type Options struct {
	Workers int    // goroutines, at least 1
	Seed    int64  // of all that is random; an exhaustive sweep draws nothing and only records it
	Dir     string // run directory for the journal; "" for none
	Resume  bool   // continue the journal that is there, if any
	Version string // of the tool; a journal of another version is refused

	Say func(string) // is told of lines of the journal that are left out; may be nil
	// Reading hears how many of how many bytes of the journal have been read; may be nil.
	Reading func(done, total int64)

	Elsewhere *jobs.Elsewhere // where sensitivities, shards and the front's points are computed; nil for this process
}

func (in Input) check() error {
	if in.Engine == nil {
		return errors.New("no engine to explore")
	}
	if len(in.Parts) == 0 {
		return errors.New("no part to explore; expected at least one")
	}
	if in.Noise == nil {
		return errors.New("no prediction of noise")
	}
	return errors.Join(in.Model.Validate(), in.Space.Validate())
}

// hash is the identity of all that the journal's lines depend on: the inputs, what the
// noise function said about every choice of numerics, and what hwmodel says about a
// few points of every part, as a change of its coefficients changes every price.
func (in Input) hash(f *enginesByGeometry, t *numericsTable) (string, error) {
	in.Space.Parts = nil // in.Parts says more
	var probes []hwmodel.Estimate
	for i := range f.parts {
		list, err := f.parts[i].probe(in.Engine, f.engines, t.count)
		if err != nil {
			return "", err
		}
		probes = append(probes, list...)
	}
	text, err := json.Marshal([]any{sweepKind, in.Options.Version, in.Model, in.Space, in.Parts, in.Limits,
		t.digest, probes})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// probes is the number of points of a part whose prices are part of the hash.
const probes = 32

// probe prices legal points spread over the space.
func (s *partEngines) probe(engine hwmodel.Engine, engines, numerics int64) ([]hwmodel.Estimate, error) {
	var all []variant
	for _, list := range s.byGeo {
		all = append(all, list...)
	}
	var out []hwmodel.Estimate
	for i := range probes {
		if len(all) == 0 {
			break
		}
		at := all[(2*i+1)*len(all)/(2*probes)]
		d, err := s.design((int64(2*i+1)*numerics/(2*probes))*engines + at.rank)
		if err != nil {
			return nil, err
		}
		e, err := engine.Price(s.grid.Network(), d, s.part)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}
