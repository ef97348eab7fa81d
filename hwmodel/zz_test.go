package hwmodel

import (
	"fmt"
	"testing"

	"vitdse/configs"
)

func TestZZ(t *testing.T) {
	for _, name := range []string{"deit-tiny", "deit-small", "deit-base"} {
		m, _ := configs.LoadModel(name)
		for _, a := range [][5]int{{16, 16, 4, 1, 128}, {8, 32, 4, 1, 128}, {8, 32, 4, 2, 128}, {8, 32, 4, 4, 128}, {8, 16, 8, 4, 128}, {8, 16, 8, 8, 128}, {8, 32, 8, 4, 128}, {8, 32, 8, 8, 128}, {8, 64, 4, 4, 128}, {8, 64, 8, 8, 256}, {8, 128, 4, 4, 256}, {8, 128, 8, 8, 256}} {
			d := configs.Design{Name: "x", Model: name, Part: "xczu9eg", ClockMHz: 300, Numerics: configs.Uniform(m, 8, 8),
				Engine: configs.Engine{TM: a[0], TN: a[1], TK: a[2], VectorColumns: a[3], BusBits: a[4], Multiplier: configs.MulDSP, ReadFIFO: 128, WeightBuffers: 2, Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}
			s, err := NewShape(m, d)
			if err != nil {
				t.Fatal(err)
			}
			var macs int64
			ops, _ := m.Ops()
			for _, o := range ops {
				macs += o.MACs()
			}
			for _, lat := range []int{1, 64} {
				c := s.Cycles(MemoryTiming{Latency: lat})
				fmt.Printf("%s %v lat %d: %d cycles, utilisation %.1f %%, %.0f FPS at 300\n", name, a, lat, c, 100*float64(macs)/float64(c)/float64(a[0]*a[1]*a[2]), 300e6/float64(c))
			}
		}
	}
}
