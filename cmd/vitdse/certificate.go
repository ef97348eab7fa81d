package main

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

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
		a.printf("\ncertificate of %s: %s points, %s numerics on %s engines, %s of them legal\n",
			p.Part.Name, bigCount(c.Points), bigCount(c.Numerics), count(c.Engines), count(c.Legal))
		t := newTable("points", "%", "<what became of them")
		for _, f := range c.Fate {
			share, _ := new(big.Rat).SetFrac(f.Points, c.Points).Float64()
			t.add(bigCount(f.Points), fmt.Sprintf("%.2g", 100*share), f.Why)
		}
		if err := a.show(t); err != nil {
			a.log.Error("table", "error", err)
		}
		a.printf("%s on the front of %s; gap %g: no point of the space beats one of them\n", plural(p.Front, "point"), strings.Join(names, ", "), c.Gap)
	}
	s := r.Stats
	if t := s.Elapsed.Seconds(); t > 0 && s.Done > s.Resumed {
		points := s.Points * float64(s.Done-s.Resumed) / float64(s.Done)
		a.printf("%.3g points in %s, %.3g points/s; %s prices, %s prices/s; %s labels\n", points, span(s.Elapsed), points/t,
			count(s.Priced), count(int64(s.PricedPerSec)), count(s.Labels))
	}
}

// bigCount prints a number in full with commas up to 15 digits, and beyond as a power of ten.
func bigCount(n *big.Int) string {
	if n.IsInt64() && n.Int64() < 1e15 {
		return count(n.Int64())
	}
	text, _ := new(big.Float).SetInt(n).MarshalText()
	if f, _, err := big.ParseFloat(string(text), 10, 200, big.ToNearestEven); err == nil {
		return f.Text('e', 3)
	}
	return n.String()
}

// grouped prints every digit, with commas between thousands.
func grouped(n *big.Int) string {
	text := n.String()
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
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
