package configs

import "fmt"

// OpKind says what an op computes; names and shapes only, no numerics.
type OpKind int

// The op kinds of a ViT in the order in which an image meets them.
const (
	OpPatches    OpKind = iota // image pixels gathered into patch rows (im2col)
	OpPatchEmbed               // patch matmul + position, into the residual stream
	OpLayerNorm                // residual stream -> codes
	OpLinear                   // matmul + requantize -> codes (q, k, v)
	OpScores                   // q k^T, exact, per head
	OpSoftmax                  // numerators of the softmax, per head
	OpAttnValue                // numerators x v, normalised, per head
	OpLinearAdd                // matmul + requantize + residual add (proj, fc2)
	OpLinearGELU               // matmul + requantize + GELU table (fc1)
	OpHead                     // classifier: matmul + requantize -> logits
)

var opKindNames = [...]string{"patches", "patch-embed", "layernorm", "linear", "scores", "softmax",
	"attn-value", "linear-add", "linear-gelu", "head"}

func (k OpKind) String() string { return opKindNames[k] }

// IsMatmul says whether the op runs on the PE array.
func (k OpKind) IsMatmul() bool {
	switch k {
	case OpPatches, OpLayerNorm, OpSoftmax:
		return false
	}
	return true
}

// HasWeights says whether the op multiplies by stored weights.
func (k OpKind) HasWeights() bool {
	return k.IsMatmul() && k != OpScores && k != OpAttnValue
}

// Op is one step of a network: an output of Heads x Rows x Cols elements, each a
// sum over Inner products where the op is a matmul (Inner 0 otherwise).
type Op struct {
	Index int    // position in the op list
	Name  string // timm's module path, e.g. "blocks.0.attn.q"
	Kind  OpKind
	Layer string // the quantization layer whose bits apply, "" if none
	Block int    // transformer block, -1 outside
	Heads int    // 1, or the number of heads for the per-head ops
	Rows  int    // tokens
	Cols  int    // channels, or tokens for scores and numerators
	Inner int    // products summed for one element
}

// Elements is the number of output elements of the op.
func (o Op) Elements() int { return o.Heads * o.Rows * o.Cols }

// MACs is the number of multiply-accumulates of the op, padding not counted.
func (o Op) MACs() int64 { return int64(o.Heads) * int64(o.Rows) * int64(o.Cols) * int64(o.Inner) }

// Ops is the op list of a ViT or DeiT for one image, in execution order.
func (m Model) Ops() ([]Op, error) {
	if m.Family == Swin || m.Family == DeiTDistilled {
		return nil, fmt.Errorf("model %s: family %s has no op list yet; vit and deit are covered", m.Name, m.Family)
	}
	n, d := m.Tokens(), m.Dim
	var ops []Op
	add := func(block int, name string, kind OpKind, layer string, heads, rows, cols, inner int) {
		ops = append(ops, Op{len(ops), name, kind, layer, block, heads, rows, cols, inner})
	}
	add(-1, "patches", OpPatches, LayerPatchEmbed, 1, n, m.PatchInner(), 0)
	add(-1, "patch_embed", OpPatchEmbed, LayerPatchEmbed, 1, n, d, m.PatchInner())
	for b := range m.Depth {
		p := fmt.Sprintf("blocks.%d.", b)
		add(b, p+"norm1", OpLayerNorm, p+"attn.qkv", 1, n, d, 0)
		for _, s := range []string{"q", "k", "v"} {
			add(b, p+"attn."+s, OpLinear, p+"attn.qkv", 1, n, d, d)
		}
		add(b, p+"attn.scores", OpScores, p+"attn.matmul", m.Heads, n, n, m.HeadDim())
		add(b, p+"attn.softmax", OpSoftmax, p+"attn.matmul", m.Heads, n, n, 0)
		add(b, p+"attn.av", OpAttnValue, p+"attn.matmul", m.Heads, n, m.HeadDim(), n)
		add(b, p+"attn.proj", OpLinearAdd, p+"attn.proj", 1, n, d, d)
		add(b, p+"norm2", OpLayerNorm, p+"mlp.fc1", 1, n, d, 0)
		add(b, p+"mlp.fc1", OpLinearGELU, p+"mlp.fc1", 1, n, m.Hidden(), d)
		add(b, p+"mlp.fc2", OpLinearAdd, p+"mlp.fc2", 1, n, d, m.Hidden())
	}
	add(-1, "norm", OpLayerNorm, LayerHead, 1, 1, d, 0)
	add(-1, "head", OpHead, LayerHead, 1, 1, m.Classes, d)
	return ops, nil
}
