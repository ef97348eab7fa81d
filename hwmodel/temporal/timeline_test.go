package temporal

import (
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

func wideDeiT(t *testing.T) *Shape {
	t.Helper()
	m, err := configs.LoadModel("deit-tiny")
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewShape(network.MustCompile(m), configs.Design{Name: "wide", Model: m.Name, Part: "xczu9eg", ClockMHz: 300,
		Numerics: configs.Uniform(m, 8, 8),
		Engine: configs.Engine{TM: 8, TN: 64, TK: 8, VectorColumns: 8, Multiplier: configs.MulDSP, BusBits: 512,
			ReadFIFO: 128, WeightBuffers: 4,
			Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sum(ops []int64) (n int64) {
	for _, c := range ops {
		n += c
	}
	return n
}

// An image behind another does not wait for its pixels: they came during the other's last attention.
func TestNextImageIsReadAhead(t *testing.T) {
	s := wideDeiT(t)
	segment, head := s.Ahead()
	beats := 0
	for _, g := range s.Segments()[1:segment] {
		beats += g.Beats(s.Design.Engine.BusBits)
	}
	if head != beats || head >= s.StreamBeats {
		t.Errorf("the next image comes after %d of %d beats; the segments before it have %d", head, s.StreamBeats, beats)
	}
	one, three := s.Timeline(hwmodel.IdealMemory, 1), s.Timeline(hwmodel.IdealMemory, 3)
	if sum(one[0]) != sum(three[0]) {
		t.Errorf("the first image takes %d cycles, %d with others behind it", sum(one[0]), sum(three[0]))
	}
	for i, image := range three[1:] {
		// A page of 4 KiB may cut a burst.
		store := s.storeCycles(hwmodel.IdealMemory, i+1) - s.storeCycles(hwmodel.IdealMemory, 0)
		if saved := sum(one[0]) - sum(image) + store; saved < int64(s.ImageBeats) {
			t.Errorf("image %d takes %d cycles less than the first, but for its store; its pixels have %d beats",
				i+1, saved, s.ImageBeats)
		}
	}
}

// Results follow one another: where one crosses a page of 4 KiB, its store has one burst more.
func TestStoreAcrossPages(t *testing.T) {
	s := wideDeiT(t) // results of 63 beats, pages of 64
	mem := hwmodel.MemoryTiming{Latency: 64}
	if got, want := s.storeCycles(mem, 1)-s.storeCycles(mem, 0), int64(1+64); got != want {
		t.Errorf("the second result takes %d cycles more than the first; expected %d", got, want)
	}
}

// LayerNorm goes on for its period behind the last row tile, and the store waits for it: where a row tile has many
// tokens of few channels, that is longer than the head. In Verilator the store of this engine takes 41 cycles.
func TestStoreWaitsForLayerNorm(t *testing.T) {
	m := configs.Model{Name: "narrow", Family: configs.ViT,
		Image: configs.ImageShape{Height: 3, Width: 3, Channels: 1}, Patch: 3,
		Dim: 8, Depth: 2, Heads: 1, MLPRatio: 1, Classes: 2, LayerNormEps: 1e-6, Mean: []float64{0.5}, Std: []float64{0.5}}
	n := configs.Uniform(m, 8, 8)
	d := configs.Design{Name: "wide", Model: m.Name, Part: "xczu9eg", ClockMHz: 100, Numerics: n, Engine: configs.Engine{
		TM: 64, TN: 8, TK: 8, VectorColumns: 4, Multiplier: configs.MulDSP, BusBits: 512, ReadFIFO: 64, WeightBuffers: 2,
		Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto, AccumulatorBits: 26}}
	s, err := NewShape(network.MustCompile(m), d)
	if err != nil {
		t.Fatal(err)
	}
	cycles := s.Timeline(hwmodel.IdealMemory, 1)[0]
	if got := cycles[len(cycles)-1]; got != 41 {
		t.Errorf("the store takes %d cycles; expected 41", got)
	}
	if ideal := s.idealCycles(); ideal != s.Cycles(hwmodel.IdealMemory) {
		t.Errorf("the walk has %d cycles, the timeline %d", ideal, s.Cycles(hwmodel.IdealMemory))
	}
}
