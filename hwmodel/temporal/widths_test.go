package temporal

import (
	"math/rand/v2"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// The short way to a design's resources is the long one.
func TestSizerIsTheShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	anyPart, err := configs.LoadPart("xczu9eg") // with every kind of resource
	if err != nil {
		t.Fatal(err)
	}
	for _, partName := range configs.Parts() {
		part, err := configs.LoadPart(partName)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"../../configs/digits/model.yaml", "deit-tiny"} {
			m, err := configs.LoadModel(name)
			if err != nil {
				t.Fatal(err)
			}
			var designs []configs.Design
			var sizes []hwmodel.Widths
			for range 10 {
				d := randomDesign(r, m, anyPart)
				designs, sizes = append(designs, d), append(sizes, Engine{}.NumericsWidths(network.MustCompile(m), d.Numerics))
			}
			z := Engine{}.NewSizer(network.MustCompile(m), part, sizes)
			kinds := []configs.MemoryKind{configs.MemAuto, configs.MemBlock, configs.MemLUT}
			for range 60 { // any engine with any numerics, engines of one schedule behind each other
				d := designs[r.IntN(len(designs))]
				size := r.IntN(len(sizes))
				d.Numerics = designs[size].Numerics
				for range 3 {
					d.Engine.Multiplier = []configs.Multiplier{configs.MulDSP, configs.MulLUT}[r.IntN(2)]
					d.Engine.Activations, d.Engine.Weights, d.Engine.Residual = kinds[r.IntN(3)], kinds[r.IntN(3)], kinds[r.IntN(3)]
					s, err := NewShape(network.MustCompile(m), d)
					if err != nil {
						t.Fatal(err)
					}
					z.Engine(d.Engine)
					if got, want := z.Resources(size), s.Resources(part); got != want {
						t.Fatalf("%s on %s, %+v: %+v, the shape has %+v", name, partName, d.Engine, got, want)
					}
				}
			}
		}
	}
}

// Random layers join to the widths of the network, in any order, and lie within them.
func TestWidthsJoin(t *testing.T) {
	m, part := load(t, "deit-tiny", "xczu9eg")
	net := network.MustCompile(m)
	r := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		n := randomDesign(r, m, part).Numerics
		all := Engine{}.NumericsWidths(net, n)
		back := Engine{}.UnitWidths(n)
		for i := len(n.Layers) - 1; i >= 0; i-- {
			of, _ := net.Layer(n.Layers[i].Name)
			w := Engine{}.LayerWidths(of, n.Layers[i])
			if !w.Within(all) {
				t.Fatalf("layer %+v is not within %+v", w, all)
			}
			back = back.Join(w)
		}
		if back != all {
			t.Fatalf("%+v joined backwards, %+v forwards", back, all)
		}
	}
}

// Engines in the order of a search, those of one schedule behind each other, with all sizes.
func BenchmarkSizer(b *testing.B) {
	m, part := load(b, "deit-tiny", "xczu9eg")
	r := rand.New(rand.NewPCG(3, 4))
	var engines []configs.Engine
	var sizes []hwmodel.Widths
	for range 100 {
		d := randomDesign(r, m, part)
		sizes = append(sizes, Engine{}.NumericsWidths(network.MustCompile(m), d.Numerics))
		for _, x := range []configs.Multiplier{configs.MulDSP, configs.MulLUT} {
			for _, k := range []configs.MemoryKind{configs.MemAuto, configs.MemBlock, configs.MemLUT} {
				e := d.Engine
				e.Multiplier, e.Activations = x, k
				engines = append(engines, e)
			}
		}
	}
	z := Engine{}.NewSizer(network.MustCompile(m), part, sizes)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n%len(sizes) == 0 {
			z.Engine(engines[n/len(sizes)%len(engines)])
		}
		z.Resources(n % len(sizes))
		n++
	}
}

// The assembled word is as wide as the widest that the stream brings, and no wider: multipliers of groups count only
// where there are groups.
func TestAssembledWord(t *testing.T) {
	m, err := configs.LoadModel("../../configs/digits/model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, groups := range []bool{false, true} {
		n := configs.Uniform(m, 2, 2)
		for i := range n.Layers {
			if l := &n.Layers[i]; l.Weights > 0 {
				l.Weights = 2
				if groups && l.Name != "patch_embed" {
					l.Granularity, l.Group = configs.PerGroup, 16
				}
			}
		}
		d := configs.Design{Numerics: n, Engine: configs.Engine{TM: 4, TN: 128, TK: 1, BusBits: 32, WeightBuffers: 2}}
		s, err := NewShape(network.MustCompile(m), d)
		if err != nil {
			t.Fatal(err)
		}
		// 128 weights of 2 bits; 128 multipliers of 4 bits; a word of biases and the like is shorter.
		if want := map[bool]int{false: 8, true: 16}[groups]; s.AsmBeats != want {
			t.Errorf("groups %v: %d beats a word; expected %d", groups, s.AsmBeats, want)
		}
	}
}
