package configs

import (
	"fmt"
	"strings"
)

// Activation is the function between the two layers of an MLP.
type Activation string

// The activations. The integer network tabulates them, so that one is as good as another.
const (
	GELU      Activation = "gelu"       // x Phi(x), by erf: what an empty Activation is
	GELUTanh  Activation = "gelu_tanh"  // GELU's approximation by tanh (Hendrycks and Gimpel, arXiv:1606.08415)
	QuickGELU Activation = "quick_gelu" // x sigmoid(1.702 x), of the same paper; CLIP's
	ReLU      Activation = "relu"
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
)

// Pools says whether the head of a ViT reads a mean or a maximum over the patches.
func (m Model) Pools() bool { return m.Pool == PoolAvg || m.Pool == PoolMax }

// NormRows are the tokens that the last LayerNorm of a ViT runs on: n from the given one on; with
// fc_norm the one row that the pooling left.
func (m Model) NormRows() (from, n int) {
	switch {
	case m.FCNorm:
		return 0, 1
	case m.Pools():
		return m.PrefixTokens(), m.Patches()
	case m.Family == DeiTDistilled:
		return 0, 2
	}
	return 0, 1
}

// RowsRead is the number of tokens behind the last block that reach the logits, those in front: the
// tokens that heads read, or all where they are pooled.
func (m Model) RowsRead() int {
	if m.Family == Swin || m.Pools() {
		return m.Tokens()
	}
	_, n := m.NormRows()
	return n
}

// maxRegisters bounds the registers; published networks have up to 16.
const maxRegisters = 1024

// validateVariant checks the keys of what a plain ViT has not.
func (m Model) validateVariant(bad func(key, format string, args ...any)) {
	switch m.Activation {
	case "", GELU, GELUTanh, QuickGELU, ReLU:
	default:
		bad("activation", "is %q; expected one of gelu, gelu_tanh, quick_gelu, relu", m.Activation)
	}
	switch m.Pool {
	case "", PoolToken, PoolAvg, PoolMax:
	default:
		bad("pool", "is %q; expected one of token, avg, max", m.Pool)
	}
	if m.Registers < 0 || m.Registers > maxRegisters {
		bad("registers", "is %d; expected 0..%d", m.Registers, maxRegisters)
	}
	for _, k := range []struct {
		key   string
		given bool
	}{{"no_class_token", m.NoClassToken}, {"registers", m.Registers != 0}, {"pre_norm", m.PreNorm},
		{"pool", m.Pool != "" && m.Family == Swin || m.Pools()}, {"fc_norm", m.FCNorm}, {"features", m.Features}} {
		if k.given && (m.Family == Swin || m.Family == DeiTDistilled && k.key != "pre_norm") {
			bad(k.key, "is not a key of family %s; expected it with vit or deit only", m.Family)
		}
	}
	if m.Family == Swin || m.Family == DeiTDistilled {
		return
	}
	if m.NoClassToken && !m.Pools() {
		bad("pool", "is token, and no_class_token says that there is none; expected avg or max")
	}
	if m.FCNorm && !m.Pools() {
		bad("fc_norm", "is the LayerNorm behind a pooling; expected pool: avg or max with it")
	}
	if m.Features && m.Classes != m.Dim {
		bad("classes", "is %d; expected dim, %d, because with features the result is the embedding", m.Classes, m.Dim)
	}
}

// OnEngine says why the emitted engine does not run the network, nil if it does.
func (m Model) OnEngine() error {
	refuse := func(what, lacks string) error {
		return fmt.Errorf("model %s: the engine does not run %s: it lacks %s; the golden model runs it, vit and deit can be emitted", m.Name, what, lacks)
	}
	switch m.Family {
	case ViT, DeiT:
	case DeiTDistilled:
		return refuse("family deit-distilled", "the distillation token's row and the second head")
	case Swin:
		return refuse("family swin", "window addressing, masks, relative position bias, patch merging and pooling")
	default:
		return fmt.Errorf("model %s: the engine does not run family %q; expected vit or deit", m.Name, m.Family)
	}
	var what, lacks []string
	add := func(is bool, variant, unit string) {
		if is {
			what, lacks = append(what, variant), append(lacks, unit)
		}
	}
	add(m.NoClassToken, "a network without class token", "an image without prefix rows")
	add(m.Pool == PoolAvg, "average pooling", "the mean over the tokens")
	add(m.Pool == PoolMax, "maximum pooling", "the maximum over the tokens")
	add(m.PreNorm, "a norm in front of the blocks (CLIP)", "a LayerNorm that writes the residual stream")
	if what == nil {
		return nil
	}
	return refuse(strings.Join(what, " and "), strings.Join(lacks, ", "))
}
