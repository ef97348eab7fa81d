package baseline

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// cmaES is CMA-ES with full covariance (Hansen, The CMA Evolution Strategy: A Tutorial,
// arXiv 1604.00772), weighted recombination and both learning rates of the tutorial's table.
// It is here because gonum v0.17.0's CmaEsChol draws its samples without the step size, which
// TestGonumCmaEsIgnoresTheStep shows: a baseline must not be worse than its method.
//
// Integer genes are relaxed to [0, 1]; samples outside are brought back to the border.
type cmaES struct {
	rng    *rand.Rand
	fs     func(p *Point) float64
	dim    int
	lambda int

	weights                  []float64 // of the better half, summing to 1
	muEff                    float64
	cSigma, dSigma, cc       float64
	c1, cMu, chiN            float64
	mean, pSigma, pc         []float64
	sigma                    float64
	cov                      *mat.SymDense
	basis                    *mat.Dense // eigenvectors of cov
	scale                    []float64  // roots of its eigenvalues
	generation, sinceDecompo int
}

func newCMAES(dim int, seed uint64, sigma float64, fs func(p *Point) float64) *cmaES {
	n := float64(dim)
	c := &cmaES{rng: rand.New(rand.NewPCG(seed, 0xc3a)), fs: fs, dim: dim, lambda: 4 + int(3*math.Log(n)), sigma: sigma}
	mu := c.lambda / 2
	sum, squares := 0.0, 0.0
	for i := range mu {
		w := math.Log(float64(c.lambda+1)/2) - math.Log(float64(i+1))
		c.weights = append(c.weights, w)
		sum += w
	}
	for i := range c.weights {
		c.weights[i] /= sum
		squares += c.weights[i] * c.weights[i]
	}
	c.muEff = 1 / squares
	c.cSigma = (c.muEff + 2) / (n + c.muEff + 5)
	c.dSigma = 1 + 2*math.Max(0, math.Sqrt((c.muEff-1)/(n+1))-1) + c.cSigma
	c.cc = (4 + c.muEff/n) / (n + 4 + 2*c.muEff/n)
	c.c1 = 2 / ((n+1.3)*(n+1.3) + c.muEff)
	c.cMu = math.Min(1-c.c1, 2*(c.muEff-2+1/c.muEff)/((n+2)*(n+2)+c.muEff))
	c.chiN = math.Sqrt(n) * (1 - 1/(4*n) + 1/(21*n*n))
	c.mean, c.pSigma, c.pc = make([]float64, dim), make([]float64, dim), make([]float64, dim)
	c.scale = make([]float64, dim)
	c.cov, c.basis = mat.NewSymDense(dim, nil), mat.NewDense(dim, dim, nil)
	for i := range dim {
		c.mean[i], c.scale[i] = 0.5, 1
		c.cov.SetSym(i, i, 1)
		c.basis.Set(i, i, 1)
	}
	return c
}

func (c *cmaES) size() int { return c.lambda }

func (c *cmaES) ask(xs [][]float64) {
	z := make([]float64, c.dim)
	for _, x := range xs {
		for i := range z {
			z[i] = c.scale[i] * c.rng.NormFloat64()
		}
		for i := range x {
			step := 0.0
			for k := range z {
				step += c.basis.At(i, k) * z[k]
			}
			x[i] = math.Min(math.Max(c.mean[i]+c.sigma*step, 0), 1)
		}
	}
}

func (c *cmaES) tell(xs [][]float64, points []*Point) {
	order := make([]int, len(xs))
	fs := make([]float64, len(xs))
	for i := range order {
		order[i], fs[i] = i, math.Inf(1)
		if points[i] != nil {
			fs[i] = c.fs(points[i])
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(fs[i], fs[j]) })
	old := slices.Clone(c.mean)
	for i := range c.mean {
		c.mean[i] = 0
		for k, w := range c.weights {
			c.mean[i] += w * xs[order[k]][i]
		}
	}
	c.adapt(xs, order, old)
}

// adapt moves the paths, the step size and the covariance.
func (c *cmaES) adapt(xs [][]float64, order []int, old []float64) {
	y := make([]float64, c.dim) // step of the mean
	for i := range y {
		y[i] = (c.mean[i] - old[i]) / c.sigma
	}
	white := make([]float64, c.dim) // basis * 1/scale * basis' * y
	for k := range c.dim {
		dot := 0.0
		for i := range y {
			dot += c.basis.At(i, k) * y[i]
		}
		for i := range white {
			white[i] += c.basis.At(i, k) * dot / c.scale[k]
		}
	}
	length := 0.0
	for i := range c.pSigma {
		c.pSigma[i] = (1-c.cSigma)*c.pSigma[i] + math.Sqrt(c.cSigma*(2-c.cSigma)*c.muEff)*white[i]
		length += c.pSigma[i] * c.pSigma[i]
	}
	length = math.Sqrt(length)
	c.generation++
	expected := math.Sqrt(1-math.Pow(1-c.cSigma, 2*float64(c.generation))) * c.chiN
	moving := length/expected < 1.4+2/(float64(c.dim)+1)
	for i := range c.pc {
		c.pc[i] *= 1 - c.cc
		if moving {
			c.pc[i] += math.Sqrt(c.cc*(2-c.cc)*c.muEff) * y[i]
		}
	}
	keep := 1 - c.c1 - c.cMu
	if !moving {
		keep += c.c1 * c.cc * (2 - c.cc)
	}
	for i := range c.dim {
		for j := i; j < c.dim; j++ {
			v := keep*c.cov.At(i, j) + c.c1*c.pc[i]*c.pc[j]
			for k, w := range c.weights {
				x := xs[order[k]]
				v += c.cMu * w * (x[i] - old[i]) * (x[j] - old[j]) / (c.sigma * c.sigma)
			}
			c.cov.SetSym(i, j, v)
		}
	}
	c.sigma = math.Min(c.sigma*math.Exp(c.cSigma/c.dSigma*(length/c.chiN-1)), 1)
	c.decompose()
}

// decompose brings basis and scale up to the covariance, every few generations as the
// tutorial has it.
func (c *cmaES) decompose() {
	c.sinceDecompo++
	if float64(c.sinceDecompo) < 1/((c.c1+c.cMu)*float64(c.dim)*10) {
		return
	}
	c.sinceDecompo = 0
	var eig mat.EigenSym
	if !eig.Factorize(c.cov, true) {
		return
	}
	eig.VectorsTo(c.basis)
	for i, v := range eig.Values(nil) {
		c.scale[i] = math.Sqrt(math.Max(v, 1e-20))
	}
}

// over says that the search has come to a point: its steps are below a cell's width.
func (c *cmaES) over() bool { return c.sigma*slices.Max(c.scale) < 1e-3 }
