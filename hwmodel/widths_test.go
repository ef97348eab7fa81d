package hwmodel

import (
	"math/rand/v2"
	"testing"

	"vitdse/configs"
)

// The short way to a design's resources is the long one.
func TestSizerIsTheShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, partName := range configs.Parts() {
		part, err := configs.LoadPart(partName)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"../configs/digits/model.yaml", "deit-tiny"} {
			m, err := configs.LoadModel(name)
			if err != nil {
				t.Fatal(err)
			}
			z := NewSizer(m, part)
			for range 100 {
				d := randomDesign(r, m, part)
				s, err := NewShape(m, d)
				if err != nil {
					t.Fatal(err)
				}
				z.Engine(d.Engine)
				if got, want := z.Resources(NumericsWidths(m, d.Numerics)), s.Resources(part); got != want {
					t.Fatalf("%s on %s, %+v: %+v, the shape has %+v", name, partName, d.Engine, got, want)
				}
			}
		}
	}
}

// Random layers join to the widths of the network, in any order, and lie within them.
func TestWidthsJoin(t *testing.T) {
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	m, err := configs.LoadModel("deit-tiny")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		n := randomDesign(r, m, part).Numerics
		all := NumericsWidths(m, n)
		back := UnitWidths(n.SoftmaxBits, n.GELUBits)
		for i := len(n.Layers) - 1; i >= 0; i-- {
			w := LayerWidths(m, n.Layers[i])
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

func BenchmarkSizer(b *testing.B) {
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		b.Fatal(err)
	}
	m, err := configs.LoadModel("deit-tiny")
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	var engines []configs.Engine
	var widths []Widths
	for range 1000 {
		d := randomDesign(r, m, part)
		engines, widths = append(engines, d.Engine), append(widths, NumericsWidths(m, d.Numerics))
	}
	z := NewSizer(m, part)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		z.Engine(engines[i%1000])
		z.Resources(widths[i%1000])
	}
}
