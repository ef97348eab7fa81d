// Package baseline searches a space with general methods, each a gonum optimize.Method:
// random search, NSGA-II and CMA-ES. They are what the exact search is compared with, and
// serve objectives that no exact search can look into, such as a command of the user's.
package baseline

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
)

// Problem is what is searched: a vector of genes, gene i one of 0 .. Lens()[i]-1.
type Problem interface {
	Lens() []int
	// Evaluate gives the costs of the genes, finite and the less the better, and by how much
	// they break constraints: 0 for a point that may be used. Costs of a point that may not
	// be used are not looked at.
	Evaluate(ctx context.Context, genes []int) (costs []float64, violation float64, err error)
}

// Point is a point that was evaluated.
type Point struct {
	Genes     []int
	Costs     []float64
	Violation float64
}

// objective is a problem as gonum sees it: a function of a vector of [0, 1]. It remembers
// every point, since gonum knows single numbers only.
type objective struct {
	ctx     context.Context
	problem Problem
	lens    []int
	scalar  func(p *Point) float64

	mu    sync.Mutex
	known map[string]*Point
	front []*Point // of the points that may be used
	count int      // evaluations asked for, repeated ones too
	err   error
}

func newObjective(ctx context.Context, p Problem) (*objective, error) {
	o := &objective{ctx: ctx, problem: p, lens: p.Lens(), known: map[string]*Point{},
		scalar: func(*Point) float64 { return 0 }}
	if len(o.lens) == 0 {
		return nil, errors.New("the problem has no genes")
	}
	for i, n := range o.lens {
		if n < 1 {
			return nil, fmt.Errorf("gene %d has %d choices", i, n)
		}
	}
	return o, nil
}

// genes is the vector's choices; outside of [0, 1] it is clamped.
func (o *objective) genes(x []float64) []int {
	g := make([]int, len(x))
	for i, v := range x {
		g[i] = min(max(int(math.Floor(v*float64(o.lens[i]))), 0), o.lens[i]-1)
	}
	return g
}

// vector is the middle of the genes' cell.
func (o *objective) vector(x []float64, genes []int) {
	for i, g := range genes {
		x[i] = (float64(g) + 0.5) / float64(o.lens[i])
	}
}

func key(genes []int) string {
	b := make([]byte, 0, 2*len(genes))
	for _, g := range genes {
		b = binary.AppendUvarint(b, uint64(g))
	}
	return string(b)
}

// value is gonum's function. After an error every point is as bad as can be, and the run
// ends with the error.
func (o *objective) value(x []float64) float64 {
	p := o.at(o.genes(x))
	if p == nil {
		return math.Inf(1)
	}
	return o.scalar(p)
}

// at evaluates the genes, or remembers them; nil after an error.
func (o *objective) at(genes []int) *Point {
	k := key(genes)
	o.mu.Lock()
	o.count++
	p, err := o.known[k], o.err
	o.mu.Unlock()
	if p != nil || err != nil {
		return p
	}
	costs, violation, err := o.problem.Evaluate(o.ctx, genes)
	if err == nil && violation <= 0 {
		for i, c := range costs {
			if math.IsNaN(c) || math.IsInf(c, 0) {
				err = fmt.Errorf("point %v: cost %d is %g; expected a finite number", genes, i, c)
			}
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		if o.err == nil {
			o.err = err
		}
		return nil
	}
	p = &Point{Genes: genes, Costs: costs, Violation: math.Max(0, violation)}
	o.known[k] = p
	if p.Violation == 0 {
		o.front = insert(o.front, p)
	}
	return p
}

// recall is a point that was evaluated.
func (o *objective) recall(x []float64) *Point {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known[key(o.genes(x))]
}

// insert adds a point to a front: not if a point of it is as good, and what is no better than
// the point goes.
func insert(front []*Point, p *Point) []*Point {
	for _, q := range front {
		if weaklyDominates(q.Costs, p.Costs) {
			return front
		}
	}
	kept := front[:0]
	for _, q := range front {
		if !weaklyDominates(p.Costs, q.Costs) {
			kept = append(kept, q)
		}
	}
	return append(kept, p)
}

// weaklyDominates says that a is nowhere worse than b.
func weaklyDominates(a, b []float64) bool {
	for i := range a {
		if a[i] > b[i] {
			return false
		}
	}
	return true
}
