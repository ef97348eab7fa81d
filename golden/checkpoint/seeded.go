package checkpoint

import (
	"math"
	"math/rand/v2"
	"strings"

	"vitdse/configs"
	"vitdse/configs/network"
)

// Seeded makes weights for a ViT out of a seed, for benchmarks and tests that need no
// trained network. They are not trained; their spreads are
// those of trained ViTs in so far as they matter to the integer network: LayerNorm gains
// around 1, matmul weights that keep the variance of a normalised input, scores with a
// standard deviation of a few units, branches that grow the residual stream slowly.
func Seeded(m configs.Model, seed uint64) *Weights {
	rng := rand.New(rand.NewPCG(seed, 0))
	normal := func(n int, mean, sigma float64) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(mean + sigma*rng.NormFloat64())
		}
		return v
	}
	net := network.MustCompile(m)
	if windows(net) || net.Blocks[len(net.Blocks)-1].Keys > 0 {
		return seededWindows(m, normal)
	}
	d, h := m.Dim, m.Hidden()
	fan := 1 / math.Sqrt(float64(d))
	w := &Weights{
		Cls: normal(d, 0, 0.02), Pos: normal(m.Tokens()*d, 0, 0.3),
		PatchW: normal(d*m.PatchInner(), 0, 1/math.Sqrt(float64(m.PatchInner()))), PatchB: normal(d, 0, 0.1),
		NormG: normal(d, 1, 0.2), NormB: normal(d, 0, 0.1),
		HeadW: normal(m.Classes*d, 0, 0.06), HeadB: normal(m.Classes, 0, 0.05),
	}
	if m.NoClassToken {
		w.Cls = nil
	}
	if m.Registers > 0 {
		w.Reg = normal(m.Registers*d, 0, 0.02)
	}
	if m.PreNorm {
		w.PatchNormG, w.PatchNormB = normal(d, 1, 0.2), normal(d, 0, 0.1)
	}
	for _, s := range net.Blocks {
		b := BlockWeights{
			Norm1G: normal(d, 1, 0.2), Norm1B: normal(d, 0, 0.1),
			QKVW: normal(3*d*d, 0, 1.5*fan), QKVB: normal(3*d, 0, 0.1),
			ProjW: normal(d*d, 0, 0.5*fan), ProjB: normal(d, 0, 0.05),
			Norm2G: normal(d, 1, 0.2), Norm2B: normal(d, 0, 0.1),
			FC1W: normal(h*d, 0, fan), FC1B: normal(h, 0, 0.1),
			FC2W: normal(d*h, 0, 0.5*fan), FC2B: normal(d, 0, 0.05),
		}
		if s.Gated {
			b.FC1W, b.FC1B = normal(2*h*d, 0, fan), normal(2*h, 0, 0.1)
		}
		if s.Relative {
			b.RelPos = normal(s.RelativePositions()*s.Heads, 0, 1)
		}
		if s.MLPNorm {
			b.MLPNormG, b.MLPNormB = normal(h, 1, 0.2), normal(h, 0, 0.1)
		}
		if s.QKNorm {
			hd := s.HeadDim()
			b.QNormG, b.QNormB, b.KNormG, b.KNormB = normal(hd, 1, 0.2), normal(hd, 0, 0.1), normal(hd, 1, 0.2),
				normal(hd, 0, 0.1)
		}
		w.Blocks = append(w.Blocks, b)
	}
	if net.Classifiers == 2 {
		w.Dist = normal(d, 0, 0.02)
		w.HeadDistW, w.HeadDistB = normal(m.Classes*d, 0, 0.06), normal(m.Classes, 0, 0.05)
	}
	return w
}

// seededWindows draws likewise for a network whose attention is in windows, with biases of relative positions that
// matter beside its scores.
func seededWindows(m configs.Model, normal func(n int, mean, sigma float64) []float32) *Weights {
	w := &Weights{}
	w.Fill(m, func(name string, shape []int) []float32 {
		n := 1
		for _, d := range shape {
			n *= d
		}
		fan := 1 / math.Sqrt(float64(n/shape[0]))
		switch {
		case strings.Contains(name, "relative_position"):
			return normal(n, 0, 1)
		case len(shape) == 1 && strings.Contains(name, "norm") && strings.HasSuffix(name, "weight"):
			return normal(n, 1, 0.2)
		case len(shape) == 1:
			return normal(n, 0, 0.1)
		case strings.Contains(name, "qkv"):
			return normal(n, 0, 1.5*fan)
		case strings.Contains(name, "proj.weight") && len(shape) == 2, strings.Contains(name, "fc2"):
			return normal(n, 0, 0.5*fan)
		}
		return normal(n, 0, fan)
	})
	return w
}
