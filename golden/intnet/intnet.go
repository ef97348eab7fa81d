// Package intnet is the quantized network as data: codes, tables and constants, all
// integers. It is written once by golden/quant and read by everything that runs or
// emits the network; nothing downstream recomputes a constant from floats.
//
// The meaning of every field is fixed by the numeric contract, docs/NUMERICS.md.
package intnet

import "vitdse/configs"

// Network is one quantized ViT, DeiT or Swin.
type Network struct {
	Model    configs.Model
	Numerics configs.Numerics

	ImageBits int     // pixel codes: sat(rsh(p-128, 8-ImageBits))
	Pos       []int32 // Tokens x Dim, ResidualBits wide: position (+ its token in the prefix rows); not of Swin
	Exp       Exp
	Cos       []int16  // with rope: Tokens x Dim/Heads/2, 14 bits of fraction; 2^14 in the rows of the prefix
	Sin       []int16  // likewise, and 0 there
	Rsqrt     []uint32 // 192 entries of 17 bits: LayerNorm's reciprocal square root

	PatchEmbed Linear     // PatchInner -> Dim, requantized to the residual scale; where there is a PatchNorm to its input
	PatchNorm  *LayerNorm // Swin, and with pre_norm: to the residual scale of the first stage
	Blocks     []Block
	Norm       LayerNorm // nothing with attention pooling, whose block has it
	Pool       *Pool     // Swin, and ViT with pool avg or max; with attention pooling the codes of its row
	Head       Linear    // Dim -> Classes, requantized to LogitBits
	HeadDist   *Linear   // distilled DeiT: on the distillation token's row, added to Head's result

	LogitScale    float64   // real logit = code * LogitScale; for reports only
	ResidualScale float64   // of the first stage; for reports only
	StageScales   []float64 // Swin: residual scale of each stage; for reports only
}

// Block is one transformer block.
type Block struct {
	Merge *Merge // Swin, where a stage begins
	Norm1 LayerNorm
	Probe []int8 // of attention pooling: Dim codes, the only row of q; Q is nothing
	Pad   []int8 // Swin: Dim codes that q, k and v read where a window is padded
	// with rope Q and K have FineBits bits, a code being 2^(FineBits-1-QKVBits) of their steps; with QNorm Q and K have
	// FineBits bits, and one scale for all heads
	Q, K, V Linear
	QNorm   *LayerNorm // of each head's q: Channels is the head's, G and B are those of all heads; with qk_norm
	KNorm   *LayerNorm
	Attn    Attention
	Proj    Linear // requantized to the residual scale; of attention pooling that is a new stream's
	Norm2   LayerNorm
	FC1     Linear // requantized to GELU's index; with Gate to values of FineBits bits
	GELU    GELU
	Gate    *Gate      // of a gated MLP
	MLPNorm *LayerNorm // with mlp_norm: of the gated values, codes for FC2
	FC2     Linear     // requantized to the residual scale
}

// Gate is a gated MLP's: g = GELU.Fine[h + 2^(InBits-1)] for the index h that FC gives, v the result of FC1, and
// y = sat_Bits(rsh(g*v*M, Shift) + Zero).
type Gate struct {
	FC    Linear // requantized to GELU's index
	M     uint16
	Shift uint
	Zero  int32
	Bits  int // FineBits in front of a norm
}

// Linear is a matmul and its requantization:
// acc[o] = Bias[o] + sum_k a[k]*W[o*In+k]; y = sat_Bits(rsh(acc*M[o], Shift) + Zero).
// Where Group is not 0, a product counts GroupM[o*(In/Group) + k/Group] times.
//
// A Dynamic layer reads fine codes f of FineBits bits and gives each row a power of two of
// its own: e = max(0, bitlen(max |f|) - (ActBits-1)), a[k] = sat_ActBits(rsh(f[k], e)), and
// acc[o] = Bias[o] + (sum_k a[k]*W[o*In+k]) << e.
type Linear struct {
	Name       string
	In, Out    int
	WeightBits int
	ActBits    int      // of the input codes
	W          []int8   // Out x In
	Bias       []int64  // Out
	M          []uint16 // Out, 16 bits unsigned
	Shift      uint
	Zero       int32
	Bits       int // of y, signed
	AccBits    int // proven width of acc, signed; where Dynamic that of the sum
	Dynamic    bool

	Group  int     // weights along In that share a multiplier; 0 for none
	GroupM []uint8 // Out x In/Group, 1..16; 4 bits hold m-1
}

// Weight is the integer that input k is multiplied with for output o: the weight's code,
// with groups times the group's multiplier. It has configs.GroupMultBits more bits then.
func (l *Linear) Weight(o, k int) int {
	w := int(l.W[o*l.In+k])
	if l.Group > 0 {
		w *= int(l.GroupM[(o*l.In+k)/l.Group])
	}
	return w
}

// LayerNorm: s1 = sum x, s2 = sum x^2, D = C*s2 - s1^2 + E, R = rsqrt(D) (see the
// contract), d = C*x - s1, n = rsh(d*R, K-10), y = sat_Bits((n*G + B) >> SG).
type LayerNorm struct {
	Name     string
	Channels int
	E        int64
	K        uint
	G        []int16 // Channels
	B        []int64 // Channels; the rounding constant 2^(SG-1) is inside
	SG       uint
	Bits     int
}

// Exp is the table of softmax numerators: T[v] = hup((2^Bits-1) * 2^(-v/2^Frac)).
type Exp struct {
	Bits  int // pb
	Frac  uint
	Index uint // VB: len(Table) = 2^VB
	Table []uint16
}

// Attention holds the constants of one block's softmax and value product.
// v = min(rsh((max-acc)*M[h], Shift), 2^VB-1); e = T[v]; RM = floor(Ch[h]/sum e);
// y = sat_OutBits(rsh(sum(e*v)*RM, OutShift) + OutZero).
type Attention struct {
	Name      string
	ScoreBits int      // proven width of acc, signed
	ValueBits int      // proven width of sum(e*v), signed
	QKVBits   int      // of the q, k and v codes
	M         []uint16 // one a head
	Shift     uint
	Ch        []int64 // one a head
	OutShift  uint
	OutZero   int32
	OutBits   int

	// Bias is added to the scores of the n rows that attend to each other, of a window or of the image: Heads x n x n,
	// nil where the network has no relative position bias.
	Bias []int32
}

// Merge is Swin's patch merging: Norm over the values of four tokens, side by side, then
// Reduction, requantized to the residual scale of the new stage.
type Merge struct {
	Norm      LayerNorm
	Reduction Linear // 2*Dim -> Dim
}

// Pool is the mean over the tokens:
// y = sat_Bits(rsh((sum_t x - Tokens*InZero)*A, Shift) + Zero).
// Where Max, it is y = max_t x, and no other constant but Tokens and Bits counts. In front of the
// last LayerNorm (fc_norm) x and y are of the residual stream, otherwise codes.
type Pool struct {
	Max     bool
	Tokens  int
	InZero  int32 // zero point of x
	A       uint16
	Shift   uint
	Zero    int32
	Bits    int
	SumBits int // proven width of sum_t x - Tokens*InZero, signed
}

// PoolInputBits is the width of the codes that a Pool reads.
const PoolInputBits = configs.PoolBits

// FineBits is the width of the codes that a Dynamic layer reads, and of a q or k in front of its norm.
const FineBits = configs.FineBits

// GELU is y = Table[h + 2^(InBits-1)] for the signed index h.
type GELU struct {
	Name    string
	InBits  int
	Table   []int8 // 2^InBits entries
	OutBits int

	Fine []int16 // in the place of Table, where OutBits is FineBits: of Dynamic layers, and of a Gate
}
