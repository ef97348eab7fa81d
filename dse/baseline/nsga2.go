package baseline

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// nsga2 is NSGA-II (Deb, Pratap, Agarwal and Meyarivan, IEEE Trans. Evol. Comp. 6(2), 2002)
// over integer genes: uniform crossover, mutation to a neighbour or to any choice, Deb's
// rule for constraints (a point that breaks them less is better).
type nsga2 struct {
	o       *objective
	rng     *rand.Rand
	n       int
	parents []*Point
	rank    []int
	crowd   []float64
}

func newNSGA2(o *objective, seed uint64, population int) *nsga2 {
	return &nsga2{o: o, rng: rand.New(rand.NewPCG(seed, 0x5a)), n: population}
}

func (s *nsga2) size() int { return s.n }

func (s *nsga2) over() bool { return false }

func (s *nsga2) ask(xs [][]float64) {
	for _, x := range xs {
		s.o.vector(x, s.child())
	}
}

// child is a new individual: random as long as there are no parents.
func (s *nsga2) child() []int {
	genes := make([]int, len(s.o.lens))
	if len(s.parents) == 0 {
		for i, n := range s.o.lens {
			genes[i] = s.rng.IntN(n)
		}
		return genes
	}
	a, b := s.tournament(), s.tournament()
	cross := s.rng.Float64() < 0.9
	for i, n := range s.o.lens {
		genes[i] = a.Genes[i]
		if cross && s.rng.IntN(2) == 0 {
			genes[i] = b.Genes[i]
		}
		if s.rng.Float64() >= 1/float64(len(genes)) {
			continue
		}
		if s.rng.IntN(2) == 0 {
			genes[i] = s.rng.IntN(n)
		} else {
			genes[i] = min(max(genes[i]+1-2*s.rng.IntN(2), 0), n-1)
		}
	}
	return genes
}

// tournament is the better of two parents: of lower rank, then of a less crowded place.
func (s *nsga2) tournament() *Point {
	i, j := s.rng.IntN(len(s.parents)), s.rng.IntN(len(s.parents))
	if s.rank[j] < s.rank[i] || s.rank[j] == s.rank[i] && s.crowd[j] > s.crowd[i] {
		i = j
	}
	return s.parents[i]
}

// tell makes the next parents of parents and children. Points that are there twice count
// once, or copies of one would fill the population.
func (s *nsga2) tell(_ [][]float64, points []*Point) {
	var all []*Point
	seen := map[*Point]bool{}
	for _, p := range slices.Concat(s.parents, points) {
		if p != nil && !seen[p] {
			seen[p] = true
			all = append(all, p)
		}
	}
	s.parents, s.rank, s.crowd = nil, nil, nil
	for r, layer := range layers(all) {
		crowd := crowding(layer)
		order := make([]int, len(layer))
		for i := range order {
			order[i] = i
		}
		if left := s.n - len(s.parents); len(layer) > left {
			slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(crowd[j], crowd[i]) })
			order = order[:left]
		}
		for _, i := range order {
			s.parents, s.rank, s.crowd = append(s.parents, layer[i]), append(s.rank, r), append(s.crowd, crowd[i])
		}
		if len(s.parents) == s.n {
			return
		}
	}
}

// better is constrained domination.
func better(a, b *Point) bool {
	if a.Violation > 0 || b.Violation > 0 {
		return a.Violation < b.Violation
	}
	return weaklyDominates(a.Costs, b.Costs) && !weaklyDominates(b.Costs, a.Costs)
}

// layers sorts points into fronts: the first is dominated by none, the next by those of the
// first only, and so on.
func layers(points []*Point) [][]*Point {
	beats := make([][]int, len(points))
	beaten := make([]int, len(points))
	for i := range points {
		for j := range points {
			if better(points[i], points[j]) {
				beats[i] = append(beats[i], j)
				beaten[j]++
			}
		}
	}
	var out [][]*Point
	var now []int
	for i, n := range beaten {
		if n == 0 {
			now = append(now, i)
		}
	}
	for len(now) > 0 {
		var layer []*Point
		var next []int
		for _, i := range now {
			layer = append(layer, points[i])
			for _, j := range beats[i] {
				if beaten[j]--; beaten[j] == 0 {
					next = append(next, j)
				}
			}
		}
		out = append(out, layer)
		slices.Sort(next)
		now = next
	}
	return out
}

// crowding is the distance to the neighbours of each point, summed over the costs, in shares
// of their spread; infinite at the ends.
func crowding(layer []*Point) []float64 {
	d := make([]float64, len(layer))
	if len(layer) == 0 || layer[0].Violation > 0 {
		return d
	}
	order := make([]int, len(layer))
	for k := range layer[0].Costs {
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(layer[i].Costs[k], layer[j].Costs[k]) })
		first, last := order[0], order[len(order)-1]
		spread := layer[last].Costs[k] - layer[first].Costs[k]
		d[first], d[last] = math.Inf(1), math.Inf(1)
		if spread <= 0 {
			continue
		}
		for at := 1; at+1 < len(order); at++ {
			d[order[at]] += (layer[order[at+1]].Costs[k] - layer[order[at-1]].Costs[k]) / spread
		}
	}
	return d
}
