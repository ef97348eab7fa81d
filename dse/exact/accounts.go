package exact

import (
	"math/big"

	"vitdse/dse/certificate"
)

// notes counts engines by subproblem and by what became of their points.
type notes [certificate.Reasons][]int64

func (n *notes) note(r certificate.Reason, sub, subs int) {
	if n[r] == nil {
		n[r] = make([]int64, subs)
	}
	n[r][sub]++
}

// counts multiplies the engines by the numerics of each subproblem.
func (n *notes) counts(subs []subproblem) certificate.Counts {
	b := certificate.NewCounts()
	for r, engines := range n {
		for i, k := range engines {
			if k > 0 {
				b[r].Add(b[r], new(big.Int).Mul(subs[i].count, big.NewInt(k)))
			}
		}
	}
	return b
}

// certify draws up a part's certificate.
func (x *exact) certify(i int) *certificate.Certificate {
	f := x.byPart[i]
	c := &certificate.Certificate{Numerics: x.combinations(), Engines: f.engines, Legal: f.legal}
	c.Points = new(big.Int).Mul(c.Numerics, big.NewInt(f.engines))
	enter := func(n *big.Int, why string) {
		if n.Sign() > 0 {
			c.Fate = append(c.Fate, certificate.Account{Points: n, Why: why})
		}
	}
	enter(new(big.Int).Mul(c.Numerics, big.NewInt(f.engines-f.legal)),
		"the engine is illegal: model, part or a constraint rules it out")
	done := new(big.Int)
	for r := range certificate.Reasons {
		enter(x.counts[i][r], r.String())
		done.Add(done, x.counts[i][r])
	}
	enter(new(big.Int).Sub(new(big.Int).Mul(c.Numerics, big.NewInt(f.legal)), done),
		"not reached yet: the search was interrupted")
	return c
}
