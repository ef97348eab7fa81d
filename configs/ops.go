package configs

import "fmt"

// OpKind says what an op computes; names and shapes only, no numerics.
type OpKind int

// The op kinds, those of a ViT first and in the order in which an image meets them.
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
	OpHeadAdd                  // second classifier: matmul + requantize + add of the first's logits
	OpEmbedNorm                // LayerNorm into the residual stream (behind a patch embedding)
	OpMerge                    // matmul + requantize -> the next stage's residual stream (Swin's patch merging)
	OpPool                     // mean or maximum over the tokens -> codes
	OpPoolStream               // mean or maximum over the tokens of the residual stream -> one row of it
)

var opKindNames = [...]string{"patches", "patch-embed", "layernorm", "linear", "scores", "softmax",
	"attn-value", "linear-add", "linear-gelu", "head", "head-add", "embed-norm", "merge", "pool", "pool-stream"}

func (k OpKind) String() string { return opKindNames[k] }

// IsMatmul says whether the op runs on the PE array.
func (k OpKind) IsMatmul() bool {
	switch k {
	case OpPatches, OpLayerNorm, OpSoftmax, OpEmbedNorm, OpPool, OpPoolStream:
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
	Rows  int    // tokens; of Swin's q, k, v and attention: those of all windows, padding included
	Cols  int    // channels, or tokens for scores and numerators
	Inner int    // products summed for one element
}

// Elements is the number of output elements of the op.
func (o Op) Elements() int { return o.Heads * o.Rows * o.Cols }

// MACs is the number of multiply-accumulates of the op, padding not counted.
func (o Op) MACs() int64 { return int64(o.Heads) * int64(o.Rows) * int64(o.Cols) * int64(o.Inner) }

// opList collects the ops of a network.
type opList []Op

func (l *opList) add(block int, name string, kind OpKind, layer string, heads, rows, cols, inner int) {
	*l = append(*l, Op{len(*l), name, kind, layer, block, heads, rows, cols, inner})
}

// Ops is the op list of a network for one image, in execution order. The model must be
// valid.
func (m Model) Ops() ([]Op, error) {
	var ops opList
	switch m.Family {
	case ViT, DeiT, DeiTDistilled:
		m.vitOps(&ops)
	case Swin:
		m.swinOps(&ops)
	default:
		return nil, fmt.Errorf("model %s: family %q has no op list", m.Name, m.Family)
	}
	return ops, nil
}

func (m Model) vitOps(ops *opList) {
	n, d := m.Tokens(), m.Dim
	ops.add(-1, "patches", OpPatches, LayerPatchEmbed, 1, n, m.PatchInner(), 0)
	ops.add(-1, "patch_embed", OpPatchEmbed, LayerPatchEmbed, 1, n, d, m.PatchInner())
	if m.PreNorm {
		ops.add(-1, "norm_pre", OpEmbedNorm, LayerPatchEmbed, 1, n, d, 0)
	}
	for b := range m.Depth {
		ops.block(m.BlockShape(b), m.HiddenOf(m.Dim))
	}
	if m.FCNorm {
		ops.add(-1, "pool", OpPoolStream, LayerHead, 1, 1, d, 0)
	}
	_, rows := m.NormRows()
	ops.add(-1, "norm", OpLayerNorm, LayerHead, 1, rows, d, 0)
	if m.Pools() && !m.FCNorm {
		ops.add(-1, "pool", OpPool, LayerHead, 1, 1, d, 0)
	}
	// Distilled DeiT has a second head on the distillation token's row.
	ops.add(-1, "head", OpHead, LayerHead, 1, 1, m.Classes, d)
	if m.Family == DeiTDistilled {
		ops.add(-1, "head_dist", OpHeadAdd, LayerHead, 1, 1, m.Classes, d)
	}
}

func (m Model) swinOps(ops *opList) {
	s := m.Stage(0)
	ops.add(-1, "patches", OpPatches, LayerPatchEmbed, 1, s.Tokens(), m.PatchInner(), 0)
	ops.add(-1, "patch_embed", OpLinear, LayerPatchEmbed, 1, s.Tokens(), s.Dim, m.PatchInner())
	ops.add(-1, "patch_embed.norm", OpEmbedNorm, LayerPatchEmbed, 1, s.Tokens(), s.Dim, 0)
	for b := range m.BlockCount() {
		shape := m.BlockShape(b)
		if shape.Merges() {
			p := shape.MergeName()
			ops.add(b, p+".norm", OpLayerNorm, p+".reduction", 1, shape.Tokens(), 2*shape.Dim, 0)
			ops.add(b, p+".reduction", OpMerge, p+".reduction", 1, shape.Tokens(), shape.Dim, 2*shape.Dim)
		}
		ops.block(shape, m.HiddenOf(shape.Dim))
	}
	s = m.Stage(len(m.Depths) - 1)
	ops.add(-1, "norm", OpLayerNorm, LayerHead, 1, s.Tokens(), s.Dim, 0)
	ops.add(-1, "pool", OpPool, LayerHead, 1, 1, s.Dim, 0)
	ops.add(-1, "head", OpHead, LayerHead, 1, 1, m.Classes, s.Dim)
}

// block lists one transformer block. Attention's rows are those of all its windows.
func (l *opList) block(s BlockShape, hidden int) {
	p, b := s.Name+".", s.Index
	n, d, rows, width := s.Tokens(), s.Dim, s.WindowRows(), s.WindowTokens()
	l.add(b, p+"norm1", OpLayerNorm, p+"attn.qkv", 1, n, d, 0)
	for _, part := range []string{"q", "k", "v"} {
		l.add(b, p+"attn."+part, OpLinear, p+"attn.qkv", 1, rows, d, d)
	}
	l.add(b, p+"attn.scores", OpScores, p+"attn.matmul", s.Heads, rows, width, d/s.Heads)
	l.add(b, p+"attn.softmax", OpSoftmax, p+"attn.matmul", s.Heads, rows, width, 0)
	l.add(b, p+"attn.av", OpAttnValue, p+"attn.matmul", s.Heads, rows, d/s.Heads, width)
	l.add(b, p+"attn.proj", OpLinearAdd, p+"attn.proj", 1, n, d, d)
	l.add(b, p+"norm2", OpLayerNorm, p+"mlp.fc1", 1, n, d, 0)
	l.add(b, p+"mlp.fc1", OpLinearGELU, p+"mlp.fc1", 1, n, hidden, d)
	l.add(b, p+"mlp.fc2", OpLinearAdd, p+"mlp.fc2", 1, n, d, hidden)
}
