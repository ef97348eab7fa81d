package main

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/dse"
)

// printCertificates says what an exact search covered and why its fronts are exact.
func (a *app) printCertificates(r dse.Result) {
	var names []string
	for _, o := range r.Front.Objectives {
		names = append(names, string(o))
	}
	for _, p := range r.Front.Parts {
		c := p.Certificate
		a.Printf("\ncertificate of %s: %s points, %s numerics on %s engines, %s of them legal\n",
			p.Part.Name, number.Big(c.Points), number.Big(c.Numerics), number.Count(c.Engines), number.Count(c.Legal))
		t := table.New("points", "%", "<what became of them")
		for _, f := range c.Fate {
			share, _ := new(big.Rat).SetFrac(f.Points, c.Points).Float64()
			t.Add(number.Big(f.Points), fmt.Sprintf("%.2g", 100*share), f.Why)
		}
		if err := a.Show(t); err != nil {
			a.log.Error("table", "error", err)
		}
		a.Printf("%s on the front of %s; gap %g: no point of the space beats one of them\n", number.Plural(p.Front, "point"), strings.Join(names, ", "), c.Gap)
	}
	s := r.Stats
	if t := s.Elapsed.Seconds(); t > 0 && s.Done > s.Resumed {
		points := s.Points * float64(s.Done-s.Resumed) / float64(s.Done)
		a.Printf("%.3g points in %s, %.3g points/s; %s prices, %s prices/s; %s labels\n", points, number.Span(s.Elapsed), points/t,
			number.Count(s.Priced), number.Count(int64(s.PricedPerSec)), number.Count(s.Labels))
	}
}

// limitFlags lists the flags that limit design points.
func limitFlags() []string {
	var list []string
	for _, s := range settings() {
		if slices.Contains(searchKeys, s.key) && strings.HasPrefix(s.key, "limits") {
			list = append(list, "--"+s.flag)
		}
	}
	return append(list, "--max-loss-db", "--min-sqnr-db")
}
