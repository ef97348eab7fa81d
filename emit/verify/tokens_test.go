package verify

import (
	"testing"

	"vitdse/configs"
)

// TestTokenScales runs networks whose tokens find their own scales.
func TestTokenScales(t *testing.T) {
	simulates(t)
	quickBuild(t)
	for _, c := range []struct {
		name       string
		model      func(m *configs.Model)
		numerics   func(n *configs.Numerics)
		tm, tn, tk int
		columns    int
	}{
		{"tiny", func(*configs.Model) {}, func(*configs.Numerics) {}, 2, 2, 1, 1},
		{"two heads, bits of every layer", func(m *configs.Model) {
			m.Family, m.Depth, m.Dim, m.Registers = configs.DeiTDistilled, 2, 32, 0
			m.Image.Height, m.Image.Width = 6, 10
		}, func(n *configs.Numerics) {
			for i := range n.Layers {
				n.Layers[i].Activations = 2 + (3*i+1)%7
				if n.Layers[i].Weights > 0 {
					n.Layers[i].Weights = 2 + (5*i)%7
				}
			}
		}, 4, 8, 4, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := tinyModel()
			c.model(&m)
			e := engine(c.tm, c.tn, c.tk)
			e.VectorColumns = c.columns
			n := configs.Uniform(m, 4, 4)
			n.Quantizer.TokenScales = configs.DynamicScales
			c.numerics(&n)
			d := configs.Design{Name: "tokens", Model: m.Name, Part: "xczu9eg", ClockMHz: 200, Numerics: n, Engine: e}
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
