package size

import (
	"math/rand/v2"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel/temporal"
)

func at200(configs.Engine) float64 { return 200 }

// A larger budget never makes the best design worse, whatever the candidates are: here one of eight.
func TestLargerBudgetIsNoWorse(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	m, err := configs.LoadModel("deit-tiny")
	if err != nil {
		t.Fatal(err)
	}
	p, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	designs := Candidates(temporal.Engine{}, m, p, configs.Uniform(m, 8, 8), at200, 1, 1<<12)
	rng.Shuffle(len(designs), func(i, j int) { designs[i], designs[j] = designs[j], designs[i] })
	designs = designs[:len(designs)/8]
	best := func(b configs.Budget) int64 {
		q := p
		q.Budget, q.Limits = b, configs.Limits{LUT: 1, FF: 1, DSP: 1, BRAM: 1, URAM: 1}
		r, err := Fit(temporal.Engine{}, network.MustCompile(m), q, designs)
		if err != nil {
			t.Fatal(err)
		}
		if r.Best == nil {
			return 1 << 62
		}
		return r.Best.Cycles
	}
	found := 0
	for range 60 {
		b := configs.Budget{LUT: 1 + rng.IntN(400000), FF: 1 + rng.IntN(500000), DSP: rng.IntN(3000), BRAM18: rng.IntN(1800),
			LUTRAM: rng.IntN(100000)}
		small := best(b)
		if small < 1<<62 {
			found++
		}
		for _, grow := range []*int{&b.LUT, &b.FF, &b.DSP, &b.BRAM18, &b.LUTRAM} {
			*grow += rng.IntN(*grow/2 + 100)
			if large := best(b); large > small {
				t.Errorf("budget %+v: the best takes %d cycles, with less of it %d", b, large, small)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d of 60 budgets fit anything", found)
	}
}
