package verify

import (
	"math/rand/v2"
	"testing"

	"vitdse/configs"
)

// TestVariants runs a small network of every variant that the engine has units or steps for, RTL and HLS: every
// element of every op, and the cycles of every op as predicted.
func TestVariants(t *testing.T) {
	simulates(t)
	quickBuild(t)
	for _, c := range []struct {
		name       string
		bits       int
		model      func(m *configs.Model)
		tm, tn, tk int
		columns    int
	}{
		{"two heads, a norm in front", 5, func(m *configs.Model) { m.Family, m.PreNorm = configs.DeiTDistilled, true },
			2, 4, 2, 2},
		{"mean of the stream, a norm in front, registers beyond a row tile", 8, func(m *configs.Model) {
			m.Pool, m.FCNorm, m.PreNorm, m.Registers = configs.PoolAvg, true, true, 4
		}, 4, 4, 1, 1},
		{"mean of codes", 4, func(m *configs.Model) { m.Pool = configs.PoolAvg }, 2, 4, 2, 2},
		{"maximum of codes without class token", 6, func(m *configs.Model) { m.Pool, m.NoClassToken = configs.PoolMax, true },
			4, 8, 4, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := tinyModel()
			c.model(&m)
			e := engine(c.tm, c.tn, c.tk)
			e.VectorColumns = c.columns
			d := configs.Design{Name: "variant", Model: m.Name, Part: "xczu9eg", ClockMHz: 200,
				Numerics: configs.Uniform(m, c.bits, c.bits), Engine: e}
			dir, err := writeSeeded(t, m, d, 2)
			if err != nil {
				t.Fatal(err)
			}
			rep := mustVerify(t, dir, Options{Images: -1, Full: -1, Latency: 1})
			checkCycles(t, rep)
			if err := agree(rep, mustVerifyHLS(t, dir), nil, nil); err != nil {
				t.Error(err)
			}
			lint(t, dir)
		})
	}
}

// randomVariant draws what a network may have that a plain ViT has not.
func randomVariant(rng *rand.Rand, m *configs.Model) {
	m.PreNorm = rng.IntN(4) == 0
	if rng.IntN(4) == 0 {
		m.Family = configs.DeiTDistilled
		return
	}
	if rng.IntN(3) == 0 {
		m.Registers = 1 + rng.IntN(5)
	}
	switch rng.IntN(4) {
	case 0:
		m.Pool = configs.PoolAvg
	case 1:
		m.Pool = configs.PoolMax
	}
	m.FCNorm = m.Pools() && rng.IntN(2) == 0
	m.NoClassToken = m.Pools() && rng.IntN(2) == 0
	if rng.IntN(4) == 0 {
		m.Features, m.Classes = true, m.Dim
	}
}
