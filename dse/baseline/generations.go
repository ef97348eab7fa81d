package baseline

import (
	"math"

	"gonum.org/v1/gonum/optimize"
)

// strategy is a search that goes by generations: it asks for points and is told what they
// cost.
type strategy interface {
	// ask writes the next generation's locations, all of [0, 1]; size says how many.
	size() int
	ask(xs [][]float64)
	// tell gives the points of the generation, in the order they were asked for.
	tell(xs [][]float64, points []*Point)
	// over says that another generation would bring nothing.
	over() bool
}

// generations runs a strategy as a gonum Method. The generation's evaluations go out as
// tasks, as many at a time as gonum allows; what the strategy is told does not depend on how
// many that is, nor on the order in which they come back.
type generations struct {
	strategy strategy
	recall   func(x []float64) *Point

	xs     [][]float64
	points []*Point
	fs     []float64
	sent   int
	back   int
	bestF  float64
	bestX  []float64
}

var (
	_ optimize.Method   = (*generations)(nil)
	_ optimize.Statuser = (*generations)(nil)
)

// Status implements optimize.Statuser: gonum asks when the strategy is over.
func (g *generations) Status() (optimize.Status, error) { return optimize.MethodConverge, nil }

// Uses implements optimize.Method: function values only.
func (g *generations) Uses(optimize.Available) (optimize.Available, error) {
	return optimize.Available{}, nil
}

// Init implements optimize.Method.
func (g *generations) Init(dim, tasks int) int {
	n := g.strategy.size()
	g.xs, g.points, g.fs = make([][]float64, n), make([]*Point, n), make([]float64, n)
	for i := range g.xs {
		g.xs[i] = make([]float64, dim)
	}
	g.bestF, g.bestX = math.Inf(1), make([]float64, dim)
	return min(tasks, n)
}

// Run implements optimize.Method.
func (g *generations) Run(operation chan<- optimize.Task, result <-chan optimize.Task, tasks []optimize.Task) {
	g.begin(operation, tasks)
	for task := range result {
		switch task.Op {
		case optimize.PostIteration:
			for task := range result { // what is still out
				if task.Op == optimize.FuncEvaluation {
					g.note(task)
				}
			}
			close(operation)
			return
		case optimize.MajorIteration:
			if g.strategy.over() {
				task.Op = optimize.MethodDone
				operation <- task
				continue
			}
			g.begin(operation, tasks)
		case optimize.FuncEvaluation:
			g.note(task)
			switch {
			case g.sent < len(g.xs):
				g.send(operation, task)
			case g.back == len(g.xs):
				g.strategy.tell(g.xs, g.points)
				task.Op, task.F = optimize.MajorIteration, g.bestF
				copy(task.X, g.bestX)
				operation <- task
			}
		}
	}
}

// begin asks for a generation and sends its first tasks.
func (g *generations) begin(operation chan<- optimize.Task, tasks []optimize.Task) {
	g.strategy.ask(g.xs)
	g.sent, g.back = 0, 0
	for _, task := range tasks {
		if g.sent < len(g.xs) {
			g.send(operation, task)
		}
	}
}

func (g *generations) send(operation chan<- optimize.Task, task optimize.Task) {
	task.ID, task.Op = g.sent, optimize.FuncEvaluation
	copy(task.X, g.xs[g.sent])
	g.sent++
	operation <- task
}

func (g *generations) note(task optimize.Task) {
	g.points[task.ID], g.fs[task.ID] = g.recall(task.X), task.F
	g.back++
	if task.F < g.bestF {
		g.bestF = task.F
		copy(g.bestX, task.X)
	}
}
