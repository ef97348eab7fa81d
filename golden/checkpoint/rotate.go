package checkpoint

import (
	"errors"
	"math"
	"math/rand/v2"

	"vitdse/configs"
	"vitdse/configs/network"
)

// rotationSeed makes the rotation of a residual stream the same for all.
const rotationSeed = 1

// ErrRotation is the answer to networks that cannot be rotated.
var ErrRotation = errors.New("the residual stream cannot be rotated: expected a ViT or DeiT without a norm in front " +
	"of the blocks and without pooling by maximum or attention")

// Rotated gives weights of the same function whose residual stream and value channels are turned, so that outlying
// channels are spread over all: for each LayerNorm gain and offset are folded into the layer behind it, and every
// layer that writes to or reads from the stream takes an orthogonal Q with Q 1 = 1, which commutes with what is left of
// a LayerNorm; v and proj take a Hadamard matrix a head. No layer, op or constant is added. After QuaRot (Ashkboos et
// al., 2024) and SliceGPT (Ashkboos et al., 2024), whose RMSNorm any Q commutes with.
func (w *Weights) Rotated(m configs.Model) (*Weights, error) {
	net, err := network.Compile(m)
	if err != nil {
		return nil, err
	}
	pool, pools := net.Find(network.RolePool)
	if _, norms := net.Find(network.RoleEmbedNorm); norms || len(net.Stages) > 1 || net.Blocks[0].Window > 0 ||
		pools && pool.Max {
		return nil, ErrRotation
	}
	dim, hd := m.Dim, m.Dim/m.Heads
	q, h := meanKeeping(dim), Spreading(hd)
	r := &Weights{PatchW: leftProduct(q, w.PatchW, dim), PatchB: leftProduct(q, w.PatchB, dim),
		Cls: rowsTurned(q, w.Cls), Dist: rowsTurned(q, w.Dist), Reg: rowsTurned(q, w.Reg), Pos: rowsTurned(q, w.Pos),
		NormG: ones(dim), NormB: make([]float32, dim)}
	r.HeadW, r.HeadB = behindNorm(q, w.HeadW, w.HeadB, w.NormG, w.NormB)
	if w.HeadDistW != nil {
		r.HeadDistW, r.HeadDistB = behindNorm(q, w.HeadDistW, w.HeadDistB, w.NormG, w.NormB)
	}
	for _, b := range w.Blocks {
		n := BlockWeights{Norm1G: ones(dim), Norm1B: make([]float32, dim), Norm2G: ones(dim), Norm2B: make([]float32, dim),
			QNormG: b.QNormG, QNormB: b.QNormB, KNormG: b.KNormG, KNormB: b.KNormB, MLPNormG: b.MLPNormG, MLPNormB: b.MLPNormB,
			RelPos: b.RelPos}
		n.QKVW, n.QKVB = behindNorm(q, b.QKVW, b.QKVB, b.Norm1G, b.Norm1B)
		proj := append([]float32(nil), b.ProjW...)
		for head := range m.Heads {
			v := 2*dim + head*hd
			copy(n.QKVW[v*dim:], leftProduct(h, n.QKVW[v*dim:(v+hd)*dim], hd))
			copy(n.QKVB[v:], leftProduct(h, n.QKVB[v:v+hd], hd))
			for o := range dim {
				copy(proj[o*dim+head*hd:], rowsTurned(h, proj[o*dim+head*hd:o*dim+(head+1)*hd]))
			}
		}
		n.ProjW, n.ProjB = leftProduct(q, proj, dim), leftProduct(q, b.ProjB, dim)
		n.FC1W, n.FC1B = behindNorm(q, b.FC1W, b.FC1B, b.Norm2G, b.Norm2B)
		n.FC2W, n.FC2B = leftProduct(q, b.FC2W, dim), leftProduct(q, b.FC2B, dim)
		r.Blocks = append(r.Blocks, n)
	}
	return r, nil
}

// behindNorm is a layer that reads the turned LayerNorm without gain and offset: w diag(gamma) Q^T, b + w beta.
func behindNorm(q []float64, w, b, gamma, beta []float32) (weights, bias []float32) {
	dim := len(gamma)
	weights, bias = make([]float32, len(w)), make([]float32, len(b))
	for o := range b {
		sum := float64(b[o])
		for c := range dim {
			sum += float64(w[o*dim+c]) * float64(beta[c])
			weights[o*dim+c] = float32(float64(w[o*dim+c]) * float64(gamma[c]))
		}
		bias[o] = float32(sum)
	}
	return rowsTurned(q, weights), bias
}

// rowsTurned is x Q^T: every row x of so many channels becomes Q x.
func rowsTurned(q []float64, x []float32) []float32 {
	n := int(math.Sqrt(float64(len(q))))
	y := make([]float32, len(x))
	for at := 0; at < len(x); at += n {
		for i := range n {
			sum := 0.0
			for j, v := range x[at : at+n] {
				sum += q[i*n+j] * float64(v)
			}
			y[at+i] = float32(sum)
		}
	}
	if x == nil {
		return nil
	}
	return y
}

// leftProduct is Q w of n rows.
func leftProduct(q []float64, w []float32, n int) []float32 {
	cols := len(w) / n
	y := make([]float32, len(w))
	row := make([]float64, cols)
	for i := range n {
		clear(row)
		for j := range n {
			for c, v := range w[j*cols : (j+1)*cols] {
				row[c] += q[i*n+j] * float64(v)
			}
		}
		for c, v := range row {
			y[i*cols+c] = float32(v)
		}
	}
	return y
}

// meanKeeping is an orthogonal n x n matrix Q with Q 1 = 1, and Q^T 1 = 1: it leaves a row's mean and variance alone. Q
// = A B^T of two random orthonormal bases that both begin with the constant vector.
func meanKeeping(n int) []float64 {
	rng := rand.New(rand.NewPCG(rotationSeed, uint64(n)))
	a, b := constantFirst(rng, n), constantFirst(rng, n)
	q := make([]float64, n*n)
	for k := range n {
		for i, x := range a[k] {
			for j, y := range b[k] {
				q[i*n+j] += x * y
			}
		}
	}
	return q
}

// constantFirst is a random orthonormal basis whose first vector is constant, by Gram and Schmidt, twice.
func constantFirst(rng *rand.Rand, n int) [][]float64 {
	var basis [][]float64
	for k := range n {
		v := make([]float64, n)
		for i := range v {
			if v[i] = rng.NormFloat64(); k == 0 {
				v[i] = 1
			}
		}
		for range 2 {
			for _, u := range basis {
				dot := 0.0
				for i, x := range u {
					dot += x * v[i]
				}
				for i, x := range u {
					v[i] -= dot * x
				}
			}
		}
		size := 0.0
		for _, x := range v {
			size += x * x
		}
		for i := range v {
			v[i] /= math.Sqrt(size)
		}
		basis = append(basis, v)
	}
	return basis
}

// Spreading is an orthogonal n x n matrix, row-major, that makes channels alike: Sylvester's Hadamard matrix over
// sqrt(n) where n is a power of two, else a random one.
func Spreading(n int) []float64 {
	if n&(n-1) != 0 {
		return meanKeeping(n)
	}
	h := make([]float64, n*n)
	for i := range n {
		for j := range n {
			sign := 1.0
			for bits := i & j; bits != 0; bits &= bits - 1 {
				sign = -sign
			}
			h[i*n+j] = sign / math.Sqrt(float64(n))
		}
	}
	return h
}

func ones(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = 1
	}
	return v
}
