package fronts

import (
	"fmt"
	"math/big"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/dse/search"
)

// Swept says what a sweep covered, part by part.
func Swept(o *table.Output, r search.Result) error {
	if r.Front.Parts[0].Certificate != nil {
		return certificates(o, r)
	}
	if r.Stats.Resumed == r.Stats.Total {
		o.Printf("sweep: all %s points are in the journal of an earlier run\n", number.Count(r.Stats.Total))
	}
	t := table.New("<part", "points", "fit the part", "accurate enough", "on the front")
	for _, p := range r.Front.Parts {
		t.Add(p.Part.Name, number.Count(p.Legal), number.Count(p.Fit), number.Count(p.Feasible), number.Count(p.Front))
	}
	return o.Show(t)
}

// certificates says what an exact search covered and why its fronts are exact.
func certificates(o *table.Output, r search.Result) error {
	var names []string
	for _, o := range r.Front.Objectives {
		names = append(names, string(o))
	}
	for _, p := range r.Front.Parts {
		c := p.Certificate
		o.Printf("\ncertificate of %s: %s points, %s numerics on %s engines, %s of them legal\n",
			p.Part.Name, number.Big(c.Points), number.Big(c.Numerics), number.Count(c.Engines), number.Count(c.Legal))
		t := table.New("points", "%", "<what became of them")
		for _, f := range c.Fate {
			share, _ := new(big.Rat).SetFrac(f.Points, c.Points).Float64()
			t.Add(number.Big(f.Points), fmt.Sprintf("%.2g", 100*share), f.Why)
		}
		if err := o.Show(t); err != nil {
			return err
		}
		o.Printf("%s on the front of %s; gap %g: no point of the space beats one of them\n",
			number.Plural(p.Front, "point"), strings.Join(names, ", "), c.Gap)
	}
	s := r.Stats
	if t := s.Elapsed.Seconds(); t > 0 && s.Done > s.Resumed {
		points := s.Points * float64(s.Done-s.Resumed) / float64(s.Done)
		o.Printf("%.3g points in %s, %.3g points/s; %s prices, %s prices/s; %s labels\n",
			points, number.Span(s.Elapsed), points/t,
			number.Count(s.Priced), number.Count(int64(s.PricedPerSec)), number.Count(s.Labels))
	}
	return nil
}
