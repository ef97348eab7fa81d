package exact

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"vitdse/dse/certificate"
	"vitdse/dse/pareto"
	"vitdse/dse/search"
	"vitdse/hwmodel"
)

const exactKind = "vitdse exact search"

// exactLine is what a job found, as its journal has it.
type exactLine struct {
	Counts []string     `json:"counts"`
	Misses misses       `json:"misses"`
	Points []exactPoint `json:"points"`
}

// exactPoint is a point of a job's front.
type exactPoint struct {
	Numerics []int     `json:"numerics"` // choices of the numerics' axes
	Engine   int64     `json:"engine"`   // rank
	Costs    []float64 `json:"costs"`
}

func (f *jobResult) line() exactLine {
	l := exactLine{Misses: f.misses, Points: []exactPoint{}}
	for _, n := range f.counts {
		l.Counts = append(l.Counts, n.String())
	}
	for i := range f.points {
		e := &f.points[i]
		l.Points = append(l.Points, exactPoint{e.What.numerics, e.What.engine, e.Costs[:]})
	}
	return l
}

func (l *exactLine) jobResult() (*jobResult, error) {
	f := &jobResult{counts: certificate.NewCounts(), misses: l.Misses}
	if len(l.Counts) != len(f.counts) {
		return nil, errors.New("other accounts")
	}
	for i, text := range l.Counts {
		if _, ok := f.counts[i].SetString(text, 10); !ok {
			return nil, fmt.Errorf("%q is no number of points", text)
		}
	}
	for _, p := range l.Points {
		e := pareto.Entry[found]{What: found{p.Numerics, p.Engine}}
		if len(p.Costs) != len(e.Costs) {
			return nil, errors.New("other objectives")
		}
		copy(e.Costs[:], p.Costs)
		f.points = append(f.points, e)
	}
	return f, nil
}

// open starts the journal, or takes up where it ends.
func (x *exact) open() error {
	path := x.in.Options.Journal()
	j, records, err := search.Open[exactLine](x.in.Options, x.plan)
	if err != nil {
		return err
	}
	x.journal = j
	for _, r := range records {
		f, err := r.Value.jobResult()
		if err != nil {
			return errors.Join(fmt.Errorf("%s: job %d: %w; run without resuming to start over", path, r.Job, err), j.Close())
		}
		x.take(r.Job, f)
	}
	x.stats.Resumed = x.stats.Done
	return nil
}

// hash is the identity of all that the journal's lines depend on: the inputs, the noise of
// every option, and the prices of some points.
func (x *exact) hash() (string, error) {
	in := x.in
	in.Space.Parts = nil // in.Parts says more
	sum := sha256.New()
	for _, c := range x.numerics.classes {
		fmt.Fprintln(sum, c)
	}
	for _, t := range x.numerics.tables {
		fmt.Fprintln(sum, t)
	}
	var prices []hwmodel.Estimate
	for _, f := range x.byPart {
		for i := range search.Probes {
			if len(f.groups) == 0 {
				break
			}
			h := &f.groups[(2*i+1)*len(f.groups)/(2*search.Probes)]
			s := &x.subs[(2*i+1)*len(x.subs)/(2*search.Probes)]
			d, err := f.grid.Design(f.index(x.numerics.index(&x.numerics.classes[s.class], firstRefs(s)), h.engines[0].rank))
			if err != nil {
				return "", err
			}
			e, err := x.in.Engine.Price(f.grid.Network(), d, f.part)
			if err != nil {
				return "", err
			}
			prices = append(prices, e)
		}
	}
	text, err := json.Marshal([]any{exactKind, in.Options.Version, in.Model, in.Space, in.Parts, in.Limits, in.Objectives,
		hex.EncodeToString(sum.Sum(nil)), prices})
	if err != nil {
		return "", err
	}
	id := sha256.Sum256(text)
	return hex.EncodeToString(id[:]), nil
}

// firstRefs is the first option of every stage of a subproblem.
func firstRefs(s *subproblem) []int32 {
	var refs []int32
	for _, st := range s.stages {
		refs = append(refs, st.Options[0].Ref)
	}
	return refs
}
