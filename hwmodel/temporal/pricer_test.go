package temporal

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// A pricer says what Price says, whatever it priced before.
func TestPricerIsPrice(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	type pair struct {
		model, part string
		engines     int
	}
	// memories slower than most buses
	list := []pair{{"../../configs/digits/model.yaml", "lfe5u-85f", 100},
		{"../../configs/digits/model.yaml", "ice40up5k", 20},
		{"deit-tiny", "xczu9eg", 200}, {"vit-b16", "xcvc1902", 50}, {"swin-tiny", "xczu9eg", 5}}
	for range 10 {
		list = append(list, pair{"", []string{"xczu9eg", "xc7z020", "lfe5u-85f"}[r.IntN(3)], 20})
	}
	for _, c := range list {
		var m configs.Model
		var part configs.Part
		if c.model == "" {
			_, part = load(t, "swin-tiny", c.part)
			m = randomSwin(r)
		} else {
			m, part = load(t, c.model, c.part)
		}
		p, err := Engine{}.NewPricer(network.MustCompile(m), part)
		if err != nil {
			t.Fatal(err)
		}
		for range c.engines {
			d := randomDesign(r, m, part)
			for range 3 { // the engine again with other numerics
				want, err := Engine{}.Price(network.MustCompile(m), d, part)
				if err != nil {
					t.Fatal(err)
				}
				want.Short = nil
				if got, err := p.Price(&d); err != nil || !reflect.DeepEqual(got, want) {
					t.Fatalf("%s on %s, %+v: %v\n%+v, Price says\n%+v", m.Name, c.part, d.Engine, err, got, want)
				}
				d.Numerics = randomDesign(r, m, part).Numerics
			}
		}
	}
}

// What Price refuses, a pricer refuses.
func TestPricerRefuses(t *testing.T) {
	m, part := load(t, "deit-tiny", "xczu9eg")
	r := rand.New(rand.NewPCG(23, 24))
	p, err := Engine{}.NewPricer(network.MustCompile(m), part)
	if err != nil {
		t.Fatal(err)
	}
	for name, fault := range map[string]func(*configs.Numerics){
		"a layer is missing": func(n *configs.Numerics) { n.Layers = n.Layers[1:] },
		"an unknown layer":   func(n *configs.Numerics) { n.Layers[3].Name = "blocks.99.mlp.fc1" },
		"a patch in groups":  func(n *configs.Numerics) { inGroups(n) },
	} {
		t.Run(name, func(t *testing.T) {
			d := randomDesign(r, m, part)
			fault(&d.Numerics)
			if _, err := p.Price(&d); err == nil {
				t.Errorf("%s: no error", name)
			}
		})
	}
	pooled := m
	pooled.Pool = configs.PoolAvg
	if p, err = (Engine{}).NewPricer(network.MustCompile(pooled), part); err != nil {
		t.Fatal(err)
	}
	d := randomDesign(r, pooled, part)
	if _, err := p.Price(&d); err != nil {
		t.Error(err)
	}
	d.Numerics.Quantizer.TokenScales = configs.DynamicScales
	if _, err := p.Price(&d); err == nil {
		t.Error("scales of each token's own, which are pooled: no error")
	}
	swin, err := configs.LoadModel("swin-tiny")
	if err != nil {
		t.Fatal(err)
	}
	swin.Image.Height = 232
	if _, err := (Engine{}).NewPricer(network.MustCompile(swin), part); err == nil {
		t.Error("Swin with grids that are not whole windows: no error")
	}
}

func inGroups(n *configs.Numerics) {
	for i := range n.Layers {
		if l := &n.Layers[i]; l.Name == "patch_embed" {
			l.Granularity, l.Group = configs.PerGroup, 16
		}
	}
}

// BenchmarkPricer is a price of DeiT-Tiny with bits and granularity drawn for each of its
// layers, so many designs of an engine before the next of 100 engines, at an assumed clock or at each engine's by the
// model.
func BenchmarkPricer(b *testing.B) {
	m, part := load(b, "deit-tiny", "xczu9eg")
	clock, err := hwmodel.NewClockModel(Engine{}, part)
	if err != nil {
		b.Fatal(err)
	}
	for _, run := range []struct {
		name  string
		len   int
		model bool
	}{{"engines in turn", 1, false}, {"64 designs an engine", 64, false}, {"64 designs an engine, clock of the model", 64, true}} {
		b.Run(run.name, func(b *testing.B) {
			p, err := Engine{}.NewPricer(network.MustCompile(m), part)
			if err != nil {
				b.Fatal(err)
			}
			r := rand.New(rand.NewPCG(3, 4))
			var engines []configs.Engine
			var numerics []configs.Numerics
			base := configs.Uniform(m, 8, 8)
			for len(engines) < 100 { // memories slower than the bus are followed beat by beat, at any clock
				if e := randomDesign(r, m, part).Engine; (Engine{}).Walkable(e, clock.Of(e).MHz, part) {
					engines = append(engines, e)
				}
			}
			for range 100 {
				n := base
				n.Layers = append([]configs.LayerBits(nil), base.Layers...)
				for i := range n.Layers {
					l := &n.Layers[i]
					l.Activations = 2 + r.IntN(7)
					if l.Weights > 0 {
						l.Weights = 2 + r.IntN(7)
						if l.Name != "head" && l.Name != "patch_embed" && r.IntN(3) == 0 {
							l.Granularity, l.Group = configs.PerGroup, 32
						}
					}
				}
				numerics = append(numerics, n)
			}
			d := configs.Design{ClockMHz: 100}
			at := 0
			next := func() {
				if at%run.len == 0 {
					d.Engine = engines[at/run.len%len(engines)]
				}
				d.Numerics = numerics[at%len(numerics)]
				at++
				if run.model {
					d.ClockMHz = clock.Of(d.Engine).MHz
				}
				if _, err := p.Price(&d); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				next()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "prices/s")
		})
	}
}
