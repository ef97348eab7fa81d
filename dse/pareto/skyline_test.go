package pareto

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// bruteFront is the definition: not dominated, and of equal ones the lowest rank.
func bruteFront(points []Ranked) []Ranked {
	var front []Ranked
	for _, p := range points {
		beaten := slices.ContainsFunc(points, func(q Ranked) bool {
			return q.Dominates(p.Objectives) || q.Objectives == p.Objectives && q.Rank < p.Rank
		})
		if !beaten {
			front = append(front, p)
		}
	}
	slices.SortFunc(front, Ranked.Before)
	return front
}

// randomPoints draws from a small grid, so that ties are common, or from the unit cube.
func randomPoints(rng *rand.Rand, n, levels int) []Ranked {
	draw := func() float64 {
		if levels == 0 {
			return rng.Float64()
		}
		return float64(rng.IntN(levels))
	}
	points := make([]Ranked, n)
	for i, rank := range rng.Perm(n) {
		points[i] = Ranked{Objectives{draw(), draw(), draw()}, int64(rank)}
	}
	return points
}

func TestSkylineIsTheBruteForceFront(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for trial := range 400 {
		points := randomPoints(rng, rng.IntN(120), []int{0, 2, 4, 9}[trial%4])
		want := bruteFront(points)
		if got := Skyline(slices.Clone(points)); !slices.Equal(got, want) {
			t.Fatalf("trial %d: %d points: front %v; expected %v", trial, len(points), got, want)
		}
	}
}

// The sweep merges fronts of parts of the space; that must not lose or add a point.
func TestSkylineOfSkylinesIsTheSkyline(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		points := randomPoints(rng, 300, 12)
		want := Skyline(slices.Clone(points))
		var merged []Ranked
		for chunk := range slices.Chunk(points, 1+rng.IntN(90)) {
			merged = Skyline(append(merged, Skyline(slices.Clone(chunk))...))
		}
		if !slices.Equal(merged, want) {
			t.Fatalf("merged %v; expected %v", merged, want)
		}
	}
}

func BenchmarkSkyline(b *testing.B) {
	points := randomPoints(rand.New(rand.NewPCG(5, 6)), 100_000, 0)
	work := make([]Ranked, len(points))
	for b.Loop() {
		copy(work, points)
		Skyline(work)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(points)), "ns/point")
}
