package network

// Activation is the function between the two layers of an MLP.
type Activation string

// The activations. The integer network tabulates them, so that one is as good as another.
const (
	GELU      Activation = "gelu"       // x Phi(x), by erf: what an empty Activation is
	GELUTanh  Activation = "gelu_tanh"  // GELU's approximation by tanh (Hendrycks and Gimpel, arXiv:1606.08415)
	QuickGELU Activation = "quick_gelu" // x sigmoid(1.702 x), of the same paper; CLIP's
	ReLU      Activation = "relu"
	SiLU      Activation = "silu" // x sigmoid(x); with a gated MLP SwiGLU (Shazeer, arXiv:2002.05202)
)

// ActivationOf is the model's activation, the default written out.
func (m Model) ActivationOf() Activation {
	if m.Activation == "" {
		return GELU
	}
	return m.Activation
}

// Pool says what a ViT's head reads of the tokens behind the last block.
type Pool string

// The poolings; patches are the tokens that are not in front.
const (
	PoolToken Pool = "token" // the class token: what an empty Pool is
	PoolAvg   Pool = "avg"   // the mean over the patches
	PoolMax   Pool = "max"   // the maximum over the patches, channel by channel
	PoolMap   Pool = "map"   // attention over the patches with one learned query, and an MLP behind it (SigLIP)
)

// Pools says whether the head of a ViT reads a mean or a maximum over the patches.
func (m Model) Pools() bool { return m.Pool == PoolAvg || m.Pool == PoolMax }

// maxRegisters bounds the registers; published networks have up to 16.
const maxRegisters = 1024

// inBlocks are the keys of what is not in front of the blocks' tokens or behind the blocks: a distilled DeiT has them,
// too.
var inBlocks = map[string]bool{"pre_norm": true, "qk_norm": true, "gated": true, "mlp_norm": true, "rope": true,
	"no_pos_embed": true}

// checkVariant checks the keys of what a plain ViT has not.
func (m Model) checkVariant(f *faults) {
	switch m.Activation {
	case "", GELU, GELUTanh, QuickGELU, ReLU, SiLU:
	default:
		f.add("activation", "is %q; expected one of gelu, gelu_tanh, quick_gelu, relu, silu", m.Activation)
	}
	switch m.Pool {
	case "", PoolToken, PoolAvg, PoolMax, PoolMap:
	default:
		f.add("pool", "is %q; expected one of token, avg, max, map", m.Pool)
	}
	if m.Registers < 0 || m.Registers > maxRegisters {
		f.add("registers", "is %d; expected 0..%d", m.Registers, maxRegisters)
	}
	for _, k := range []struct {
		key   string
		given bool
	}{{"no_class_token", m.NoClassToken}, {"registers", m.Registers != 0}, {"pre_norm", m.PreNorm},
		{"pool", m.Pool != "" && m.Family == Swin || m.Pools() || m.Pool == PoolMap}, {"fc_norm", m.FCNorm},
		{"features", m.Features}, {"qk_norm", m.QKNorm},
		{"gated", m.Gated}, {"mlp_norm", m.MLPNorm},
		{"rope", m.Rope != ""}, {"no_pos_embed", m.NoPosEmbed}, {"relative_positions", m.RelativePositions}} {
		if k.given && (m.Family == Swin || m.Family == DeiTDistilled && !inBlocks[k.key]) {
			f.add(k.key, "is not a key of family %s; expected it with vit or deit only", m.Family)
		}
	}
	m.checkRope(f)
	if m.MLPNorm && !m.Gated {
		f.add("mlp_norm", "is the LayerNorm inside of a gated MLP; expected gated: true with it")
	}
	if m.Family == Swin || m.Family == DeiTDistilled {
		return
	}
	if m.NoClassToken && !m.Pools() && m.Pool != PoolMap {
		f.add("pool", "is token, and no_class_token says that there is none; expected avg, max or map")
	}
	if m.FCNorm && !m.Pools() {
		f.add("fc_norm", "is the LayerNorm behind a pooling; expected pool: avg or max with it")
	}
	if m.RelativePositions {
		if m.NoClassToken || m.Registers > 0 {
			f.add("relative_positions", "is of a class token and patches; expected neither no_class_token nor registers with it")
		}
		if m.QKNorm || m.Rope != "" {
			f.add("relative_positions", "is not carried together with qk_norm or rope")
		}
	}
	if m.Features && m.Classes != m.Dim {
		f.add("classes", "is %d; expected dim, %d, because with features the result is the embedding", m.Classes, m.Dim)
	}
}
