package baseline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/spatial/r1"
	"gonum.org/v1/gonum/stat/distmv"
)

// Method names a search.
type Method string

// The methods.
const (
	Random Method = "random" // gonum's GuessAndCheck, uniform
	NSGA2  Method = "nsga2"  // NSGA-II
	CMAES  Method = "cma-es" // CMA-ES on Chebyshev scalarisations, one weight vector after the other
)

// Methods lists them.
var Methods = []Method{Random, NSGA2, CMAES}

// Options are the limits of a run.
type Options struct {
	Method      Method
	Evaluations int           // at most so many, repeated points counted; 0: no limit
	Runtime     time.Duration // at most so long; 0: no limit
	Seed        uint64
	Workers     int // evaluations at a time, at least 1
	Population  int // of NSGA-II; default 100
	Progress    func(evaluations, front int)
}

// Result is what a run found.
type Result struct {
	Front       []*Point // of points that may be used, sorted by their costs
	Evaluations int
	Distinct    int
	Seconds     float64
}

// Run searches a problem. With Evaluations as the limit the front is the same for any number
// of workers, but for points that were under way when the limit was reached: NSGA-II has
// none if the limit is whole generations. If ctx ends, the front so far comes with its error.
func Run(ctx context.Context, p Problem, opt Options) (Result, error) {
	if opt.Evaluations <= 0 && opt.Runtime <= 0 {
		return Result{}, errors.New("a baseline needs a limit of evaluations or of time")
	}
	o, err := newObjective(ctx, p)
	if err != nil {
		return Result{}, err
	}
	start := time.Now()
	switch opt.Method {
	case Random:
		err = o.minimize(o.uniform(opt.Seed), opt, start)
	case NSGA2:
		err = o.minimize(&generations{strategy: newNSGA2(o, opt.Seed, cmp.Or(opt.Population, 100)), recall: o.recall},
			opt, start)
	case CMAES:
		err = o.sweepWeights(opt, start)
	default:
		err = fmt.Errorf("unknown method %q; expected one of %v", opt.Method, Methods)
	}
	r := Result{Front: o.front, Evaluations: o.count, Distinct: len(o.known), Seconds: time.Since(start).Seconds()}
	slices.SortFunc(r.Front, func(a, b *Point) int { return slices.Compare(a.Costs, b.Costs) })
	return r, err
}

// minimize runs a gonum method up to the limits.
func (o *objective) minimize(m optimize.Method, opt Options, start time.Time) error {
	settings := &optimize.Settings{Converger: optimize.NeverTerminate{}, Concurrent: max(1, opt.Workers)}
	if opt.Evaluations > 0 {
		if settings.FuncEvaluations = opt.Evaluations - o.count; settings.FuncEvaluations <= 0 {
			return nil
		}
	}
	if opt.Runtime > 0 {
		if settings.Runtime = opt.Runtime - time.Since(start); settings.Runtime <= 0 {
			return nil
		}
	}
	last := time.Now()
	problem := optimize.Problem{Func: o.value, Status: func() (optimize.Status, error) {
		if opt.Progress != nil && time.Since(last) > 100*time.Millisecond {
			last = time.Now()
			o.mu.Lock()
			n, f := o.count, len(o.front)
			o.mu.Unlock()
			opt.Progress(n, f)
		}
		o.mu.Lock()
		err := o.err
		o.mu.Unlock()
		if err == nil {
			err = o.ctx.Err()
		}
		if err != nil {
			return optimize.Failure, err
		}
		return optimize.NotTerminated, nil
	}}
	mid := make([]float64, len(o.lens))
	for i := range mid {
		mid[i] = 0.5
	}
	_, err := optimize.Minimize(problem, mid, settings, m)
	if o.err != nil {
		return o.err
	}
	return err
}

// cmaWeights is how many weight vectors a run of CMA-ES goes through, one restart each, over
// and over until the limit.
const cmaWeights = 24

// sweepWeights runs CMA-ES on one weighted Chebyshev scalarisation after the other. Costs are
// scaled to the front so far, the first of a random sample of a twentieth of the evaluations.
func (o *objective) sweepWeights(opt Options, start time.Time) error {
	sample := opt
	sample.Method, sample.Evaluations = Random, max(50, opt.Evaluations/20)
	if err := o.minimize(o.uniform(opt.Seed), sample, start); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(opt.Seed, 0x77))
	for turn := 0; ; turn++ {
		before := o.count
		if before >= opt.Evaluations && opt.Evaluations > 0 || opt.Runtime > 0 && time.Since(start) >= opt.Runtime {
			return nil
		}
		lo, hi := o.spread() // empty as long as nothing may be used: then only violations count
		f := chebyshev(simplex(rng, len(lo)), lo, hi)
		o.scalar = f
		part := opt
		if opt.Evaluations > 0 {
			part.Evaluations = min(opt.Evaluations, before+max(100, opt.Evaluations/cmaWeights))
		}
		c := newCMAES(len(o.lens), opt.Seed+uint64(turn)*1000003, 0.3, f)
		if err := o.minimize(&generations{strategy: c, recall: o.recall}, part, start); err != nil {
			return err
		}
		if o.count == before {
			return nil
		}
	}
}

func (o *objective) uniform(seed uint64) *optimize.GuessAndCheck {
	box := make([]r1.Interval, len(o.lens))
	for i := range box {
		box[i] = r1.Interval{Min: 0, Max: 1}
	}
	return &optimize.GuessAndCheck{Rander: distmv.NewUniform(box, rand.NewPCG(seed, 0x9e))}
}

// spread is the least and the highest of each cost over the front; nil without a front.
func (o *objective) spread() (lo, hi []float64) {
	for _, p := range o.front {
		if lo == nil {
			lo, hi = slices.Clone(p.Costs), slices.Clone(p.Costs)
		}
		for i, c := range p.Costs {
			lo[i], hi[i] = math.Min(lo[i], c), math.Max(hi[i], c)
		}
	}
	return lo, hi
}

// simplex draws weights that sum to 1.
func simplex(rng *rand.Rand, n int) []float64 {
	w, sum := make([]float64, n), 0.0
	for i := range w {
		w[i] = rng.ExpFloat64()
		sum += w[i]
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}

// chebyshev is the largest weighted cost, in shares of the spread; points that break
// constraints are worse than all that do not.
func chebyshev(w, lo, hi []float64) func(p *Point) float64 {
	return func(p *Point) float64 {
		if p.Violation > 0 {
			return 1e3 + p.Violation
		}
		most, sum := 0.0, 0.0
		for i := range w {
			v := w[i] * (p.Costs[i] - lo[i]) / math.Max(hi[i]-lo[i], 1e-300)
			most, sum = math.Max(most, v), sum+v
		}
		return most + 0.05*sum
	}
}
