package searchtest

import (
	"strconv"

	"vitdse/dse/front"
	"vitdse/dse/limits"
	"vitdse/dse/measured"
	"vitdse/dse/noise"
	"vitdse/dse/space"
	"vitdse/golden/measure"
)

// Handmade is a front of two parts whose picks can be told by hand. Measuring moves the
// second point of part a off its front.
func Handmade() *front.Front {
	point := func(part string, rank int64, ms, use, db float64) front.Point {
		p := front.Point{Part: part, Rank: rank, Name: part + "." + strconv.FormatInt(rank, 10),
			Choice:  []string{strconv.FormatInt(rank%2, 10), "8"},
			Seconds: ms / 1e3, FPS: 1e3 / ms,
			Use: use, UseOf: "lut", Noise: noise.Ratio(db), SQNRDB: db, LossDB: 40 - db,
			Estimate: front.Estimate{Cycles: int64(ms * 1e5), LUT: int(use * 1000)}}
		p.Numerics, p.Costs = p.Name, []float64{p.Seconds, p.Use, p.Noise}
		return p
	}
	f := &front.Front{Schema: front.Schema, Objectives: limits.DefaultObjectives, BestSQNRDB: 40,
		Axes:  []string{"softmax_bits", "tm"},
		Parts: make([]front.PartSummary, 2)}
	f.Parts[0].Part.Name, f.Parts[1].Part.Name = "a", "b"
	f.Points = []front.Point{point("a", 10, 1, 0.9, 30), point("a", 11, 2, 0.8, 39), point("a", 12, 1.9, 0.3, 38),
		point("a", 13, 50, 0.1, 32), point("a", 14, 60, 0.9, 40),
		point("b", 10, 0.5, 0.5, 35)}
	return f
}

// Measured gives the points of a handmade front measurements: 2 dB less than predicted.
func Measured(f *front.Front) *front.Front {
	have := map[string]measure.Result{space.NumericsHash(f.BestNumerics): {Images: 10, SQNR: 38, Noise: noise.Ratio(38)}}
	for _, p := range f.Points {
		db := p.SQNRDB - 2
		if p.Rank == 11 {
			db = 36 // now no better than point 12, which is faster and smaller
		}
		have[p.Numerics] = measure.Result{Images: 10, Top1: 0.5, Agree: 0.9, SQNR: db, Noise: noise.Ratio(db)}
	}
	measured.Apply(f, have)
	return f
}
