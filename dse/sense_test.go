package dse

import (
	"math/rand/v2"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// randomDesign is a legal design of a model on a part.
func randomDesign(t *testing.T, rng *rand.Rand, m configs.Model, part configs.Part) configs.Design {
	t.Helper()
	pick := func(of ...int) int { return of[rng.IntN(len(of))] }
	for range 10000 {
		n := configs.Uniform(m, 8, 8)
		for i := range n.Layers {
			n.Layers[i].Activations = 2 + rng.IntN(7)
			if n.Layers[i].Weights > 0 {
				n.Layers[i].Weights = 2 + rng.IntN(7)
			}
		}
		mul := configs.MulDSP
		if rng.IntN(2) == 0 {
			mul = configs.MulLUT
		}
		d := configs.Design{Name: "sense", Model: m.Name, Part: part.Name, ClockMHz: 200, Numerics: n, Engine: configs.Engine{
			TM: pick(2, 4, 8, 16, 32), TN: pick(2, 4, 8, 16, 32), TK: pick(1, 2, 4, 8), Multiplier: mul,
			BusBits:  pick(32, 64, 128, 256),
			ReadFIFO: pick(32, 64, 128), WeightBuffers: pick(1, 2, 4), Activations: configs.MemAuto, Weights: configs.MemAuto,
			Residual: configs.MemAuto}}
		if d.Validate(m, part) == nil {
			return d
		}
	}
	t.Fatal("no legal design")
	return configs.Design{}
}

func load(t *testing.T, model, part string) (configs.Model, configs.Part) {
	t.Helper()
	m, err := configs.LoadModel(model)
	if err != nil {
		t.Fatal(err)
	}
	p, err := configs.LoadPart(part)
	if err != nil {
		t.Fatal(err)
	}
	return m, p
}

func price(t *testing.T, m configs.Model, d configs.Design, p configs.Part) hwmodel.Estimate {
	t.Helper()
	e, err := temporal.Engine{}.Price(network.MustCompile(m), d, p)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// A wider bus never adds cycles, and every module that exists costs something.
func TestWiderBusIsNoSlower(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, model := range []string{"deit-tiny", "../configs/digits/model.yaml"} {
		m, p := load(t, model, "xczu9eg")
		for range 300 {
			d := randomDesign(t, rng, m, p)
			narrow := price(t, m, d, p)
			d.Engine.BusBits *= 2
			if wide := price(t, m, d, p); wide.Cycles > narrow.Cycles {
				t.Errorf("%s: %d cycles with a bus of %d bits, %d with half; engine %+v",
					m.Name, wide.Cycles, d.Engine.BusBits, narrow.Cycles, d.Engine)
			}
			s, err := temporal.NewShape(network.MustCompile(m), d)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range s.Modules(p) {
				wiring := x.Name == "vit_product_cascades" && d.Engine.TK == 2 // a cascade of one stage
				if x.Resources == (hwmodel.Resources{}) && !wiring {
					t.Errorf("module %s of %+v costs nothing", x.Name, d.Engine)
				}
			}
		}
	}
}

// Fewer bits in a layer never add memory, on or off the chip.
func TestFewerBitsAreNoMoreMemory(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	m, p := load(t, "deit-tiny", "xczu7ev")
	for range 300 {
		d := randomDesign(t, rng, m, p)
		for _, k := range []*configs.MemoryKind{&d.Engine.Activations, &d.Engine.Weights, &d.Engine.Residual} {
			*k = []configs.MemoryKind{configs.MemAuto, configs.MemBlock, configs.MemUltra}[rng.IntN(3)]
		}
		before := price(t, m, d, p)
		i := rng.IntN(len(d.Numerics.Layers))
		l := &d.Numerics.Layers[i]
		if l.Weights > 2 && rng.IntN(2) == 0 {
			l.Weights--
		} else if l.Activations > 2 {
			l.Activations--
		}
		after := price(t, m, d, p)
		if after.BytesRead > before.BytesRead || after.Resources.BRAM18 > before.Resources.BRAM18 ||
			after.Resources.URAM > before.Resources.URAM {
			t.Errorf("a bit less in %s: %d bytes, %d BRAM18, %d URAM after; %d, %d, %d before", l.Name,
				after.BytesRead, after.Resources.BRAM18, after.Resources.URAM, before.BytesRead, before.Resources.BRAM18,
				before.Resources.URAM)
		}
	}
}
