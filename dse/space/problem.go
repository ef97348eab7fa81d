package space

import (
	"fmt"
	"math"
	"math/big"
	"sync"

	"vitdse/configs"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/hwmodel"
)

// Problem is a space on one part as a search method sees it: a vector of genes, each a
// choice of one axis, that decodes to a design with costs to minimise. It is read-only:
// goroutines may share it.
type Problem struct {
	Model      configs.Model
	Part       configs.Part
	Objectives []metric.Metric
	Noise      noise.Func

	engine  hwmodel.Engine
	grid    *configs.Grid
	infos   []*metric.Info
	pricers *sync.Pool // of hwmodel.PointPricer
}

// NewProblem prepares the space for the part. Objectives are two to four metrics.
func NewProblem(engine hwmodel.Engine, m configs.Model, s configs.Space, p configs.Part, noise noise.Func,
	objectives []metric.Metric) (*Problem, error) {
	if err := metric.CheckObjectives(objectives); err != nil {
		return nil, err
	}
	g, err := On(engine, s, m, p)
	if err != nil {
		return nil, err
	}
	first, err := engine.NewPricer(g.Network(), p)
	if err != nil {
		return nil, err
	}
	pr := &Problem{Model: m, Part: p, Objectives: objectives, Noise: noise, engine: engine, grid: g, pricers: &sync.Pool{}}
	pr.pricers.Put(first)
	for _, o := range objectives {
		x, err := o.Info()
		if err != nil {
			return nil, err
		}
		pr.infos = append(pr.infos, x)
	}
	return pr, nil
}

// Genes lists the axes: gene i is an integer from 0 to Genes()[i].Len-1. The caller must
// not change it.
func (p *Problem) Genes() []configs.Axis { return p.grid.Axes() }

// Size is the number of points, legal or not.
func (p *Problem) Size() *big.Int { return p.grid.Size() }

// Decode builds the design of the genes; an illegal one is refused with the constraints
// it breaks.
func (p *Problem) Decode(genes []int) (configs.Design, error) { return p.grid.Design(genes) }

// Evaluation is what a design point costs.
type Evaluation struct {
	metric.Quantities
	Costs []float64 // of each objective, the less the better, finite
	// Violation is by how much the part's budget is exceeded: the largest share of a
	// resource less 1, and 0 for a point that fits.
	Violation float64
}

// Evaluate prices a design that Decode gave.
func (p *Problem) Evaluate(d configs.Design) (Evaluation, error) {
	e, err := p.price(&d)
	if err != nil {
		return Evaluation{}, err
	}
	noise, err := p.Noise(d.Numerics)
	if err != nil {
		return Evaluation{}, err
	}
	v := Evaluation{Quantities: metric.Of(d, p.Part, e, noise)}
	if !e.Fits {
		_, use := e.Use.Largest()
		v.Violation = use - 1
	}
	for i, x := range p.infos {
		c := x.Cost(&v.Quantities)
		if math.IsNaN(c) || math.IsInf(c, 0) {
			return Evaluation{}, fmt.Errorf("point %s: objective %s is %g; expected a finite number", d.Name, p.Objectives[i], c)
		}
		v.Costs = append(v.Costs, c)
	}
	return v, nil
}

// price prices with a pricer that no other goroutine has.
func (p *Problem) price(d *configs.Design) (hwmodel.Estimate, error) {
	pricer, _ := p.pricers.Get().(hwmodel.PointPricer)
	if pricer == nil {
		var err error
		if pricer, err = p.engine.NewPricer(p.grid.Network(), p.Part); err != nil {
			return hwmodel.Estimate{}, err
		}
	}
	defer p.pricers.Put(pricer)
	return pricer.Price(d)
}
