package network

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
	OpLinearFine               // matmul + requantize -> 16-bit values, which a norm or a rotation makes codes of (q, k)
	OpHeadNorm                 // LayerNorm of each head's channels: 16-bit values -> codes (q, k)
	OpLinearGate               // matmul + requantize + table of an activation -> 16-bit values (the gate of a gated MLP)
	// matmul + requantize, times the gate, requantized -> codes, or 16-bit values in front of a norm
	OpLinearGated
	OpInnerNorm  // LayerNorm of 16-bit values that are no residual stream -> codes (inside of an MLP)
	OpRotate     // pairs of each head's channels turned by the patch's place: 16-bit values -> codes (q, k)
	OpProbe      // a learned row of q codes, the same for every image (attention pooling); it reads nothing
	OpRequantize // a row of the residual stream -> codes, without a norm
)

var opKindNames = [...]string{"patches", "patch-embed", "layernorm", "linear", "scores", "softmax",
	"attn-value", "linear-add", "linear-gelu", "head", "head-add", "embed-norm", "merge", "pool", "pool-stream",
	"linear-fine", "head-norm", "linear-gate", "linear-gated", "inner-norm",
	"rotate", "probe", "requantize"}

func (k OpKind) String() string { return opKindNames[k] }

// IsMatmul says whether the op is a matrix product.
func (k OpKind) IsMatmul() bool {
	switch k {
	case OpPatches, OpLayerNorm, OpSoftmax, OpEmbedNorm, OpPool, OpPoolStream, OpHeadNorm, OpInnerNorm, OpRotate,
		OpProbe, OpRequantize:
		return false
	}
	return true
}

// IsNorm says whether the op is a LayerNorm, of whatever into whatever.
func (k OpKind) IsNorm() bool { return k == OpLayerNorm || k == OpEmbedNorm }

// HasWeights says whether the op multiplies by stored weights.
func (k OpKind) HasWeights() bool {
	return k.IsMatmul() && k != OpScores && k != OpAttnValue
}

// Role says which part of the network an op is. Ops of one kind differ in it: q, k and v, proj and fc2, the two norms
// of a block.
type Role int

// The roles, in the order in which an image meets them.
const (
	RolePatches    Role = iota // the image's pixels as rows
	RoleEmbed                  // patch embedding
	RoleEmbedNorm              // the norm behind it
	RoleMergeNorm              // the norm of a patch merging, in front of its reduction
	RoleMerge                  // the reduction of a patch merging
	RoleNorm1                  // the norm in front of attention
	RoleQuery                  // q
	RoleKey                    // k
	RoleValue                  // v
	RoleQueryNorm              // the norm of q
	RoleKeyNorm                // the norm of k
	RoleQueryTurn              // q turned by its place
	RoleKeyTurn                // k turned by its place
	RoleScores                 // q k^T
	RoleSoftmax                // numerators of the scores
	RoleContext                // numerators x v
	RoleProj                   // attention's output projection
	RoleNorm2                  // the norm in front of the MLP
	RoleGate                   // the gate of a gated MLP, with its activation function
	RoleFC1                    // the MLP's first layer, with its activation function or times its gate
	RoleMLPNorm                // the norm in front of the MLP's second layer
	RoleFC2                    // the MLP's second layer
	RoleNorm                   // the last norm
	RoleRequantize             // the codes of a residual stream that no norm follows
	RolePool                   // the tokens made one
	RoleHead                   // classifier
	RoleSecondHead             // classifier of a further token, whose logits are added to the first's
)

// Image is the input of an op that reads the image, None a block, layer, stage or input that is none.
const (
	Image = -1
	None  = -1
)

// Padding is the row of a [Op.Gather] that is padding.
const Padding = -1

// Op is one step of a network for one image: an output of Heads x Rows x Cols elements, each a sum over Inner products
// where the op is a matmul (Inner 0 otherwise).
type Op struct {
	Index int    // position in the op list
	Name  string // timm's module path, e.g. "blocks.0.attn.q": for people, files and traces, never for decisions
	Kind  OpKind
	Role  Role
	Layer int // the quantization layer whose bits apply, of Network.Layers
	Block int // transformer block, of Network.Blocks, None outside; a patch merging is its next block's
	Stage int // residual stream that it reads or writes, of Network.Stages

	// Inputs are the ops whose results it reads, Image for the pixels: first the rows (operand a), then what they are
	// multiplied with or added to (k of scores, v of the value product, the residual stream of proj and fc2, the
	// first head's logits of the second).
	Inputs []int

	// First is the first op of those that read the same rows with weights of the same layer: of q, k and v that of q.
	// It is Index for any other op.
	First int

	Heads int // 1, or the number of heads for the per-head ops
	Rows  int // tokens; of Swin's q, k, v and attention: those of all windows, padding included
	Cols  int // channels, or tokens for scores and numerators
	Inner int // products summed for one element

	// How rows are found, where they do not simply lie as the result's do.
	// of the input: the first row that it reads (the second head reads row 1, pooling the rows behind the prefix)
	FirstRow int
	Gather   []int // for each row that it reads the row of its input, or Padding; nil where they lie in order
	Join     int   // rows of Gather side by side in one: 4 for a patch merging's norm, 1 otherwise

	Max bool // of pooling: the maximum, not the mean

	// Attention inside windows: a window is Cols rows of scores and numerators, Inner of the value product. Without
	// windows all rows are one.
	Regions  []uint8 // for each row: rows of one window attend to each other only within a region; nil: all do
	Relative bool    // scores get a bias for each pair of a window's rows, see Block.RelativePosition
}

// Elements is the number of output elements of the op.
func (o Op) Elements() int { return o.Heads * o.Rows * o.Cols }

// MACs is the number of multiply-accumulates of the op, padding not counted.
func (o Op) MACs() int64 { return int64(o.Heads) * int64(o.Rows) * int64(o.Cols) * int64(o.Inner) }
