package quant

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/internal/kernel"
)

// balanced gives every head of the network another basis, in which its codes lose little, and what calibration knows of
// the network in it: the same float function, no other op and no other constant. A head has one scale for all its
// channels, so it should find them alike:
//
//   - q and k, whose products are to stay, get the basis in which the second moments of both are the same diagonal
//     matrix, which makes the sum of their variances least (balancing, as Moore 1981 does it for linear systems); a
//     Hadamard matrix then makes all channels alike, as in QuaRot (Ashkboos et al., 2024);
//   - v and proj likewise, with proj's weights in the place of q's values;
//   - the range of each channel of k and v is centred: softmax does not see an offset of k, proj's bias takes that of
//     v.
//
// Where a norm or a rotation is between q and k and their codes, these two stay as they are.
func (s *Stats) balanced(w *checkpoint.Weights) (*checkpoint.Weights, *Stats, error) {
	return s.evened.of(func() (*checkpoint.Weights, *Stats, error) {
		turned, seen := *w, s.observed
		turned.Blocks, seen.blocks = slices.Clone(w.Blocks), slices.Clone(s.blocks)
		for i, shape := range s.net.Blocks {
			b := headsOf{shape, &turned.Blocks[i], &seen.blocks[i], s.Images}
			if err := b.balance(); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", shape.Name, err)
			}
		}
		return &turned, newStats(seen), nil
	})
}

// headsOf are the heads of a block.
type headsOf struct {
	network.Block
	weights *checkpoint.BlockWeights
	stats   *blockStats
	images  int
}

// balance puts them into other bases.
func (b headsOf) balance() error {
	hd, s := b.HeadDim(), b.stats
	bases := make([]checkpoint.HeadBasis, b.Heads)
	for h := range bases {
		var err error
		if bases[h], err = b.basis(h * hd); err != nil {
			return fmt.Errorf("head %d: %w", h, err)
		}
	}
	*b.weights = b.weights.WithHeads(bases)
	if bases[0].Q != nil {
		s.q, s.k = s.q.clone(), s.k.clone()
	}
	s.v, s.av = s.v.clone(), s.av.clone()
	for h, basis := range bases {
		if basis.Q != nil {
			s.q.turn(h*hd, basis.Q, make([]float64, hd))
			s.k.turn(h*hd, basis.K, basis.KeyOffset)
		}
		s.v.turn(h*hd, basis.V, basis.ValueOffset)
		s.av.turn(h*hd, basis.V, basis.ValueOffset)
	}
	return nil
}

// basis is that of the head whose first channel is given.
func (b headsOf) basis(at int) (basis checkpoint.HeadBasis, err error) {
	hd, s := b.HeadDim(), b.stats
	if !b.QKNorm && !b.Turned {
		q, k := s.q.seconds(at, hd, false, b.images), s.k.seconds(at, hd, true, b.images)
		if basis.K, basis.Q, err = balancing(k, q); err != nil {
			return basis, fmt.Errorf("k and q: %w", err)
		}
		basis.KeyOffset = s.k.middle(at, basis.K, basis.Q, b.images)
	}
	// How much an error in channels i and j matters to what proj gives.
	matters := mat.NewSymDense(hd, nil)
	for o := range b.Dim {
		row := mat.NewVecDense(hd, nil)
		for c, w := range b.weights.ProjW[o*b.Dim+at:][:hd] {
			row.SetVec(c, float64(w))
		}
		matters.SymRankOne(matters, 1, row)
	}
	if mat.Trace(matters) == 0 { // nothing reads the head
		for c := range hd {
			matters.SetSym(c, c, 1)
		}
	}
	if basis.V, basis.Read, err = balancing(s.av.seconds(at, hd, true, b.images), matters); err != nil {
		return basis, fmt.Errorf("v and proj: %w", err)
	}
	basis.ValueOffset = s.v.middle(at, basis.V, basis.Read, b.images)
	return basis, nil
}

// balancing gives matrices A and B, row-major, with A C A^T = B D B^T, A^T B = 1, and the same number everywhere on the
// diagonal of these products, but for sizes that are no powers of two, where it is nearly so.
func balancing(c, d *mat.SymDense) (a, b []float64, err error) {
	n := c.SymmetricDim()
	var root mat.Cholesky
	if !root.Factorize(c) {
		return nil, nil, errors.New("the covariance of its channels has no root")
	}
	var l mat.TriDense
	root.LTo(&l)
	var dl, inside mat.Dense // L^T D L, whose eigenvalues are the squares of the balanced moments
	dl.Mul(d, &l)
	inside.Mul(l.T(), &dl)
	both := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			both.SetSym(i, j, inside.At(i, j))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(both, true) {
		return nil, nil, errors.New("the moments of its channels have no eigenvalues")
	}
	// A = H S^(1/2) U^T L^-1 and B = H S^(-1/2) U^T L^T, S being the roots of the eigenvalues.
	var u, left, right mat.Dense
	eigen.VectorsTo(&u)
	spread := mat.NewDense(n, n, checkpoint.Spreading(n))
	up, down := mat.NewDiagDense(n, nil), mat.NewDiagDense(n, nil)
	values := eigen.Values(nil)
	for i, v := range values { // any positive number keeps A^T B
		quarter := math.Sqrt(math.Sqrt(max(v, values[n-1]*leastMoment)))
		up.SetDiag(i, quarter)
		down.SetDiag(i, 1/quarter)
	}
	left.Product(spread, up, u.T())
	right.Product(spread, down, u.T(), l.T())
	var x mat.Dense
	if err := x.Solve(l.T(), left.T()); err != nil { // L^T A^T = (H S^(1/2) U^T)^T
		return nil, nil, err
	}
	return mat.DenseCopyOf(x.T()).RawMatrix().Data, right.RawMatrix().Data, nil
}

// leastSpread is how little the channels of a head may move beside their means, and still be more than rounding errors
// of these.
const leastSpread = 1e-8

// leastMoment bounds how unequal the balanced moments of a head are taken to be: where its channels, or those that read
// them, are fewer than they seem, the least is 0, and rounding makes it negative.
const leastMoment = 1e-10

// fewness is how little the images of calibration say of where a head's values lie, for the rows of one image are no
// independent ones: 16 for one image, 1 for 4, 1/16 for 16. Measured on the digits network at W8A8: one image loses
// 14 dB against 256 without it, 4 dB with it.
func fewness(images int) float64 { return 16 / float64(images*images) }

// seconds are the second moments of n channels, about their means or about 0. The fewer rows and images there are, the
// more they are drawn towards those of independent channels that are alike, as if priorRows more rows, and fewness
// times those that there are, had these.
func (s *sample) seconds(at, n int, central bool, images int) *mat.SymDense {
	rows, columns, mean := make([]float64, 0, s.rows*n), make([]float64, n*s.rows), make([]float64, n)
	for r := range s.rows {
		for c, x := range s.values[r*s.channels+at:][:n] {
			rows = append(rows, float64(x))
			mean[c] += float64(x) / float64(s.rows)
		}
	}
	for r := range s.rows {
		for c := range n {
			if central {
				rows[r*n+c] -= mean[c]
			}
			columns[c*s.rows+r] = rows[r*n+c]
		}
	}
	sums := make([]float64, n*n)
	var right kernel.Reals
	right.RealColumns(rows, n, s.rows, n)
	kernel.MultiplyReals(sums, n, columns, s.rows, n, &right, nil)
	alike, offsets := 0.0, 0.0 // means over channels of the moments, and of the squares of the means
	for c := range n {
		alike += sums[c*n+c] / float64(n*s.rows)
		offsets += mean[c] * mean[c] / float64(n)
	}
	if alike = max(alike, offsets*leastSpread); alike == 0 { // nothing is there: no basis is better than another
		alike = 1
	}
	prior := priorRows + fewness(images)*float64(s.rows)
	for i := range sums {
		sums[i] /= float64(s.rows) + prior
	}
	for c := range n {
		sums[c*n+c] += alike * prior / (float64(s.rows) + prior)
	}
	return mat.NewSymDense(n, sums)
}

// middle is the point x whose A x is the middle of each channel's range over the sampled rows, x being the values of
// channels from at on; B^T is A^-1. The fewer images, the closer it stays to 0: others span more.
func (s *sample) middle(at int, a, b []float64, images int) []float64 {
	n := int(math.Sqrt(float64(len(a))))
	t := sample{channels: n, lo: make([]float64, n), hi: make([]float64, n), rows: s.rows}
	for r := range s.rows {
		t.values = append(t.values, s.values[r*s.channels+at:][:n]...)
	}
	t.turn(0, a, make([]float64, n))
	x, share := make([]float64, n), 1/(1+fewness(images))
	for i := range n {
		for j := range n {
			x[i] += share * b[j*n+i] * (t.lo[j] + t.hi[j]) / 2
		}
	}
	return x
}

func (s *sample) clone() *sample {
	t := *s
	t.lo, t.hi, t.values = slices.Clone(s.lo), slices.Clone(s.hi), slices.Clone(s.values)
	return &t
}

// turn makes A (x - offset) of the values x of channels from at on. Their extremes are then those of the rows kept.
func (s *sample) turn(at int, a, offset []float64) {
	n := len(offset)
	x := make([]float64, n)
	for c := range n {
		s.lo[at+c], s.hi[at+c] = math.Inf(1), math.Inf(-1)
	}
	for r := range s.rows {
		row := s.values[r*s.channels+at:][:n]
		for c, v := range row {
			x[c] = float64(v) - offset[c]
		}
		for i := range row {
			sum := 0.0
			for j, v := range x {
				sum += a[i*n+j] * v
			}
			row[i] = float32(sum)
			s.lo[at+i], s.hi[at+i] = min(s.lo[at+i], sum), max(s.hi[at+i], sum)
		}
	}
}
