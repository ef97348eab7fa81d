package network

// LayerRole says which part of the network a quantization layer is.
type LayerRole int

// The roles of layers, in the order in which an image meets them.
const (
	EmbedLayer     LayerRole = iota // patch embedding; its activations are the image's pixels
	MergeLayer                      // patch merging
	QKVLayer                        // q, k and v
	AttentionLayer                  // the q, k and v codes that attention multiplies; it has no weights
	ProjLayer                       // attention's output projection
	FC1Layer                        // the MLP's first layer
	FC2Layer                        // the MLP's second layer
	HeadLayer                       // classifiers, all of them
)

var shortNames = [...]string{"patch_embed", "reduction", "attn.qkv", "attn.matmul", "attn.proj",
	"mlp.fc1", "mlp.fc2", "head"}

// Short is the name of a layer without its block or patch merging, e.g. "attn.qkv".
func (r LayerRole) Short() string { return shortNames[r] }

// InAttention says whether the layer is a part of attention.
func (r LayerRole) InAttention() bool { return r == QKVLayer || r == AttentionLayer || r == ProjLayer }

// AfterNorm says whether the layer's input comes from a LayerNorm of the residual stream.
func (r LayerRole) AfterNorm() bool {
	return r == QKVLayer || r == FC1Layer || r == HeadLayer || r == MergeLayer
}

// Layer is one quantization layer: ops that share their bits. Outside the blocks are patch_embed and head; inside block
// N blocks.N.attn.qkv, blocks.N.attn.matmul (the q, k and v codes), blocks.N.attn.proj, blocks.N.mlp.fc1 and
// blocks.N.mlp.fc2. Block N of Swin's stage S is layers.S.blocks.N, and the patch merging in front of the stage
// layers.S.downsample.reduction.
type Layer struct {
	Index   int
	Name    string
	Within  string // name of its block or patch merging, empty outside
	Role    LayerRole
	Block   int  // None outside; a patch merging is its next block's
	Stage   int  // of Network.Stages
	Inner   int  // products of one output; of attention that of a score, the head dimension
	Weights bool // whether it has stored weights
	Edge    bool // the first or the last, outside the blocks

	// Moves says whether its rows lie in another order, or in other windows, than those of the layer before it.
	Moves bool

	// Class is the same for layers of the same role and shapes, whose rows are moved alike: at the same bits they cost
	// the same. Classes are numbered as an image meets them, the patch embedding's is 0.
	Class int

	Ops []int // that have its bits, ascending
}
