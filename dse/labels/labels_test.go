package labels

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vitdse/hwmodel"
)

// maxPlus is a random monotone and homogeneous machine: each clock becomes the largest of
// some clocks and constants that depend on kind and timing.
func maxPlus(rng *rand.Rand, kinds, timings int) Machine {
	const none = -1 << 40
	type matrix [len(hwmodel.Clocks{})][len(hwmodel.Clocks{})]int64
	all := make([]matrix, kinds*timings)
	for i := range all {
		for r := range all[i] {
			for c := range all[i][r] {
				all[i][r][c] = none
				if r == c || rng.IntN(3) == 0 {
					all[i][r][c] = rng.Int64N(12)
				}
			}
		}
	}
	return func(kind, timing int32, c hwmodel.Clocks) hwmodel.Clocks {
		var out hwmodel.Clocks
		for r := range out {
			out[r] = none
			for k, v := range c {
				out[r] = max(out[r], v+all[int(kind)*timings+int(timing)][r][k])
			}
		}
		return out
	}
}

// brute tries every choice.
func brute(p Problem, next Machine) []Solution {
	var all []Solution
	var walk func(i int, c hwmodel.Clocks, bytes, noise int64, flags uint32)
	walk = func(i int, c hwmodel.Clocks, bytes, noise int64, flags uint32) {
		if i == len(p.Stages) {
			if flags&p.Required == p.Required && (p.MaxNow == 0 || c[0] <= p.MaxNow) &&
				(p.MaxNoise == 0 || noise <= p.MaxNoise) && (p.MaxBytes == 0 || bytes <= p.MaxBytes) {
				all = append(all, Solution{Now: c[0], Bytes: bytes, Noise: noise})
			}
			return
		}
		for _, o := range p.Stages[i].Options {
			walk(i+1, next(p.Stages[i].Kind, o.Timing, c), bytes+o.Bytes, noise+o.Noise, flags|o.Flags)
		}
	}
	walk(0, p.Start, 0, 0, 0)
	var front []Solution
	for _, a := range all {
		if !slices.ContainsFunc(all, func(b Solution) bool {
			return b != a && b.Now <= a.Now && b.Bytes <= a.Bytes && b.Noise <= a.Noise
		}) && !slices.Contains(front, a) {
			front = append(front, a)
		}
	}
	slices.SortFunc(front, func(a, b Solution) int {
		return slices.Compare([]int64{a.Now, a.Bytes, a.Noise}, []int64{b.Now, b.Bytes, b.Noise})
	})
	return front
}

func TestSolveIsBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	points, fronts := 0, 0
	for trial := range 300 {
		kinds, timings := 1+rng.IntN(3), 1+rng.IntN(3)
		next := maxPlus(rng, kinds, timings)
		var p Problem
		for i := range p.Start {
			p.Start[i] = rng.Int64N(10)
		}
		useBytes := rng.IntN(2) == 0
		for range 1 + rng.IntN(5) {
			st := Stage{Kind: int32(rng.IntN(kinds))}
			for o := range 1 + rng.IntN(4) {
				x := Option{Timing: int32(rng.IntN(timings)), Noise: rng.Int64N(20), Flags: uint32(rng.IntN(4)), Ref: int32(o)}
				if useBytes {
					x.Bytes = rng.Int64N(20)
				}
				st.Options = append(st.Options, x)
			}
			p.Stages = append(p.Stages, st)
		}
		if rng.IntN(3) == 0 {
			p.Required = uint32(rng.IntN(4))
		}
		if rng.IntN(3) == 0 {
			p.MaxNow, p.MaxNoise, p.MaxBytes = 10+rng.Int64N(60), 1+rng.Int64N(60), 1+rng.Int64N(80)
		}
		s := NewSolver(next)
		want := brute(p, next)
		got := s.Solve(p)
		if len(got) != len(want) {
			t.Fatalf("trial %d: %d solutions, brute force finds %d", trial, len(got), len(want))
		}
		for i := range got {
			if got[i].Now != want[i].Now || got[i].Bytes != want[i].Bytes || got[i].Noise != want[i].Noise {
				t.Fatalf("trial %d: solution %d is %+v, brute force finds %+v", trial, i, got[i], want[i])
			}
			// The choice really costs what the solution says.
			c, bytes, noise := p.Start, int64(0), int64(0)
			for k, ref := range s.Choice(p, got[i]) {
				o := p.Stages[k].Options[ref]
				c, bytes, noise = next(p.Stages[k].Kind, o.Timing, c), bytes+o.Bytes, noise+o.Noise
			}
			if c[0] != got[i].Now || bytes != got[i].Bytes || noise != got[i].Noise {
				t.Fatalf("trial %d: choice of solution %d costs %d, %d, %d, not %+v", trial, i, c[0], bytes, noise, got[i])
			}
		}
		points, fronts = points+1, fronts+len(got)
	}
	if fronts < 300 {
		t.Errorf("%d solutions of %d problems: too few to show anything", fronts, points)
	}
}
