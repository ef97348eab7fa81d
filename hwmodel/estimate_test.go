package hwmodel

import (
	"testing"

	"vitdse/configs"
)

func digits(tb testing.TB) (configs.Model, configs.Design, configs.Part) {
	m, err := configs.LoadModel("../configs/digits/model.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	part, err := configs.LoadPart("xc7z020")
	if err != nil {
		tb.Fatal(err)
	}
	return m, configs.Design{Name: "x", Model: m.Name, Part: part.Name, ClockMHz: 100, Numerics: configs.Uniform(m, 8, 8),
		Engine: configs.Engine{TM: 8, TN: 8, TK: 1, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 64, WeightBuffers: 2,
			Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}, part
}

func BenchmarkPrice(b *testing.B) {
	m, d, part := digits(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Price(m, d, part); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewShape(b *testing.B) {
	m, d, _ := digits(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewShape(m, d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTimeline(b *testing.B) {
	m, d, _ := digits(b)
	s, _ := NewShape(m, d)
	b.ReportAllocs()
	for b.Loop() {
		s.Cycles(IdealMemory)
	}
}
