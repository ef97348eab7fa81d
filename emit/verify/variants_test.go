package verify

import (
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
		model      func(m *configs.Model)
		tm, tn, tk int
		columns    int
	}{
		{"two heads", func(m *configs.Model) { m.Family = configs.DeiTDistilled }, 2, 4, 2, 2},
		{"mean of codes", func(m *configs.Model) { m.Pool = configs.PoolAvg }, 2, 4, 2, 2},
		{"maximum of codes without class token", func(m *configs.Model) { m.Pool, m.NoClassToken = configs.PoolMax, true }, 4, 8, 4, 2},
		{"mean of the stream, registers beyond a row tile", func(m *configs.Model) {
			m.Pool, m.FCNorm, m.Registers = configs.PoolAvg, true, 4
		}, 4, 4, 1, 1},
		{"maximum of the stream", func(m *configs.Model) { m.Pool, m.FCNorm = configs.PoolMax, true }, 2, 4, 2, 1},
		{"a norm in front", func(m *configs.Model) { m.PreNorm = true }, 2, 4, 2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := tinyModel()
			c.model(&m)
			e := engine(c.tm, c.tn, c.tk)
			e.VectorColumns = c.columns
			d := configs.Design{Name: "variant", Model: m.Name, Part: "xczu9eg", ClockMHz: 200, Numerics: configs.Uniform(m, 5, 6), Engine: e}
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
