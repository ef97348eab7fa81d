package verify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// TestTokenScales runs networks whose tokens find their own scales, RTL and HLS: every element of every op, and the
// cycles of every op as predicted.
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
		{"many tiles in the array", func(m *configs.Model) { m.Dim, m.Heads, m.MLPRatio = 32, 1, 1 },
			func(*configs.Numerics) {}, 1, 32, 32, 32},
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

// tokenPair is a design and a network that go together and whose tokens find their own scales, by number.
func tokenPair(t testing.TB, number uint64) (configs.Model, configs.Design) {
	t.Helper()
	part := widePart(t)
	rng := draw{rand.New(rand.NewPCG(number, 2028))}
	for range 1_000_000 {
		e, m := wideEngine(rng), wideModel(rng)
		if e.MACs() > mostProducts || e.TM*e.Columns() > mostLanes || e.TK > e.TN || e.Columns() > e.TK ||
			m.Validate() != nil {
			continue
		}
		net, err := network.Compile(m)
		if err != nil || configs.OnEngine(net) != nil || work(net) > mostWork {
			continue
		}
		d := configs.Design{Name: "random", Model: m.Name, Part: part.Name, ClockMHz: 200,
			Numerics: wideNumerics(rng, m), Engine: e}
		d.Numerics.Quantizer.TokenScales = configs.DynamicScales
		if d.Numerics.OnEngine(net) == nil && d.Validate(m, part) == nil {
			return m, d
		}
	}
	t.Fatalf("pair %d: none of a million draws is legal", number)
	return configs.Model{}, configs.Design{}
}

// TestTokenPairs draws pairs over all that may have scales of each token's own: every op equal in HLS and RTL, with an
// ideal memory every op's cycles as predicted, with a slow one the run's within a percent.
func TestTokenPairs(t *testing.T) {
	simulates(t)
	quickBuild(t)
	for n := range max(1, *pairs/3) { // one in CI
		number := uint64(*first + 1 + n)
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			m, d := tokenPair(t, number)
			rng := rand.New(rand.NewPCG(number, 9))
			latency, stall := 16+rng.IntN(185), 0.3*rng.Float64()
			shape, err := temporal.NewShape(network.MustCompile(m), d)
			if err != nil {
				t.Fatal(err)
			}
			images := max(2, 1+int(slowRun/shape.Cycles(hwmodel.MemoryTiming{Latency: latency, Stall: stall})))
			dir, err := writeSeeded(t, m, d, images)
			if tooNarrow(err) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			lint(t, dir)
			if shape.Design.Engine.TM*shape.Design.Engine.TN <= 4096 {
				hls, err := RunHLS(context.Background(), dir, Options{Images: 2, Full: -1}, nil)
				if err != nil {
					t.Fatal(err)
				}
				checkSwin(t, "HLS", hls)
			}
			cycles, _, off, err := runMemories(dir, latency, stall, number)
			r := wideResult{model: m, design: d, Images: images, Latency: latency, Stall: stall, Cycles: cycles, Slow: off}
			t.Log(r.String())
			if err != nil {
				t.Error(err)
			}
		})
	}
}
