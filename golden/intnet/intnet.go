// Package intnet is the quantized network as data: codes, tables and constants, all
// integers. It is written once by golden/quant and read by everything that runs or
// emits the network; nothing downstream recomputes a constant from floats.
//
// The meaning of every field is fixed by the numeric contract, docs/NUMERICS.md.
package intnet

import "vitdse/configs"

// Network is one quantized ViT or DeiT.
type Network struct {
	Model    configs.Model
	Numerics configs.Numerics

	ImageBits int     // pixel codes: sat(rsh(p-128, 8-ImageBits))
	Pos       []int32 // Tokens x Dim, ResidualBits wide: position (+ class token in the prefix rows)
	Exp       Exp
	Rsqrt     []uint32 // 192 entries of 17 bits: LayerNorm's reciprocal square root

	PatchEmbed Linear // PatchInner -> Dim, requantized to the residual scale
	Blocks     []Block
	Norm       LayerNorm
	Head       Linear // Dim -> Classes, requantized to LogitBits

	LogitScale    float64 // real logit = code * LogitScale; for reports only
	ResidualScale float64 // for reports only
}

// Block is one transformer block.
type Block struct {
	Norm1   LayerNorm
	Q, K, V Linear
	Attn    Attention
	Proj    Linear // requantized to the residual scale
	Norm2   LayerNorm
	FC1     Linear // requantized to GELU's index
	GELU    GELU
	FC2     Linear // requantized to the residual scale
}

// Linear is a matmul and its requantization:
// acc[o] = Bias[o] + sum_k a[k]*W[o*In+k]; y = sat_Bits(rsh(acc*M[o], Shift) + Zero).
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
	AccBits    int // proven width of acc, signed
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
}

// GELU is y = Table[h + 2^(InBits-1)] for the signed index h.
type GELU struct {
	Name    string
	InBits  int
	Table   []int8 // 2^InBits entries
	OutBits int
}
