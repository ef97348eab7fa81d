package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"vitdse/dse/search"
	"vitdse/hwmodel"
)

// hash is the identity of all that the journal's lines depend on: the inputs, what the
// noise function said about every choice of numerics, and what hwmodel says about a
// few points of every part, as a change of its coefficients changes every price.
func hash(in search.Input, f *enginesByGeometry, t *numericsTable) (string, error) {
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

// probe prices legal points spread over the space.
func (s *partEngines) probe(engine hwmodel.Engine, engines, numerics int64) ([]hwmodel.Estimate, error) {
	var all []variant
	for _, list := range s.byGeo {
		all = append(all, list...)
	}
	var out []hwmodel.Estimate
	for i := range search.Probes {
		if len(all) == 0 {
			break
		}
		at := all[(2*i+1)*len(all)/(2*search.Probes)]
		d, err := s.design((int64(2*i+1)*numerics/(2*search.Probes))*engines + at.rank)
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
