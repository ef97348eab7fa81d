package configs

import (
	"cmp"
	"fmt"
	"slices"

	"vitdse/configs/network"
)

// ResidualBits is the width of the residual stream, LogitBits that of the logits, FineBits that of codes of which
// tokens find their own scales: fixed by the numeric contract (docs/NUMERICS.md).
const (
	ResidualBits = 16
	LogitBits    = 18
	FineBits     = 16

	// PoolBits is the width of the codes whose mean is taken behind the last LayerNorm.
	PoolBits = 8
)

// Granularity says how many weights share one scale.
type Granularity string

// Weight granularities.
const (
	PerLayer   Granularity = "layer"
	PerChannel Granularity = "channel"
	PerGroup   Granularity = "group" // LayerBits.Group products of one output channel
)

// GroupMultBits is the width of a group's stored multiplier m-1: the scale of a group is
// that of its channel times m/2^GroupMultBits, m = 1..16.
const GroupMultBits = 4

// Design is a design point: the only thing that travels through the tool. It
// fixes the numerics of the network and the engine that runs it.
type Design struct {
	Name     string   `yaml:"name"`
	Model    string   `yaml:"model"`     // Model.Name it was made for
	Part     string   `yaml:"part"`      // Part.Name it was made for
	ClockMHz float64  `yaml:"clock_mhz"` // assumed, never measured here
	Numerics Numerics `yaml:"numerics"`
	Engine   Engine   `yaml:"engine"`
}

// Numerics is the quantization of every layer and the widths of the non-linear units.
type Numerics struct {
	SoftmaxBits int         `yaml:"softmax_bits"` // numerators, unsigned, 2..8
	GELUBits    int         `yaml:"gelu_bits"`    // index of the GELU table, 4..10
	LNFold      float64     `yaml:"ln_fold"`      // exponent of the LayerNorm fold, 0 off .. 1 full
	CalibImages int         `yaml:"calib_images"` // training images used for the ranges
	Layers      []LayerBits `yaml:"layers"`       // one entry for each quantization layer of the network

	// how scales and codes are chosen; empty is the default
	Quantizer Quantizer `yaml:"quantizer,omitempty" json:",omitzero"`
}

// Basis is what all layers of a choice of numerics share: sensitivities are measured for one at a time. Comparable.
type Basis struct {
	LNFold    float64
	Quantizer Quantizer // as Normal gives it
}

// Basis is that of the numerics.
func (n Numerics) Basis() Basis { return Basis{n.LNFold, n.Quantizer.Normal()} }

// On gives the numerics another basis.
func (n Numerics) On(b Basis) Numerics {
	n.LNFold, n.Quantizer = b.LNFold, b.Quantizer
	return n
}

// String is as messages name it.
func (b Basis) String() string {
	if b.Quantizer == (Quantizer{}) {
		return fmt.Sprintf("ln_fold %g", b.LNFold)
	}
	return fmt.Sprintf("ln_fold %g, quantizer %s", b.LNFold, b.Quantizer)
}

// Compare orders bases by fold, then by the text of their quantizers.
func (b Basis) Compare(o Basis) int {
	return cmp.Or(cmp.Compare(b.LNFold, o.LNFold), cmp.Compare(b.Quantizer.String(), o.Quantizer.String()))
}

// LayerBits is the quantization of one layer: its stored weights and its input
// activations. patch_embed's activations are the image's pixels.
type LayerBits struct {
	Name        string      `yaml:"name"`
	Weights     int         `yaml:"weights,omitempty"`     // 2..8; 0 for attn.matmul, which has none
	Activations int         `yaml:"activations"`           // 2..8
	Granularity Granularity `yaml:"granularity,omitempty"` // of the weights

	// Group is the number of weights along the inner dimension that share a multiplier, with
	// PerGroup only: a power of two from 16 that divides the layer's inner dimension.
	Group int `yaml:"group,omitempty" json:"Group,omitempty"`
}

// OperandBits is the width of a weight as it enters a multiplication: its code, with
// PerGroup times its group's multiplier.
func (l LayerBits) OperandBits() int {
	if l.Granularity == PerGroup {
		return l.Weights + GroupMultBits
	}
	return l.Weights
}

// setGranularity sets the granularity and with it the group; edge layers have a scale for each
// channel where others have groups.
func (l *LayerBits) setGranularity(of network.Layer, g Granularity, group int) {
	switch {
	case g != PerGroup:
		group = 0
	case of.Edge:
		g, group = PerChannel, 0
	}
	l.Granularity, l.Group = g, group
}

// Multiplier is what the PE array's multipliers are built from.
type Multiplier string

// Multiplier kinds.
const (
	MulDSP Multiplier = "dsp"
	MulLUT Multiplier = "lut"
)

// MemoryKind is what a buffer is built from; auto follows the rule of
// hwmodel's memory model.
type MemoryKind string

// Memory kinds.
const (
	MemAuto  MemoryKind = "auto"
	MemBlock MemoryKind = "block"
	MemLUT   MemoryKind = "lutram"
	MemUltra MemoryKind = "ultra"
)

// Engine is the configuration of the temporal engine: one PE array that runs the
// network layer by layer.
type Engine struct {
	TM int `yaml:"tm"` // tokens of a tile
	TN int `yaml:"tn"` // output channels of a tile
	TK int `yaml:"tk"` // products a PE sums in a cycle
	// columns that the drain and the vector units take in a cycle; default 1
	VectorColumns int        `yaml:"vector_columns,omitempty"`
	Multiplier    Multiplier `yaml:"multiplier"`        // dsp | lut
	Packing       Packing    `yaml:"packing,omitempty"` // products of a DSP: none | dsp48e1 | dsp48e2; default none
	BusBits       int        `yaml:"bus_bits"`          // AXI4 data width: 32, 64, ... 512
	ReadFIFO      int        `yaml:"read_fifo"`         // beats of the AXI read FIFO, a power of two
	// tile columns whose weights the buffer holds: 1, 2 (ping-pong) or 4
	WeightBuffers int        `yaml:"weight_buffers"`
	Activations   MemoryKind `yaml:"activations"` // activation, q, k, v, numerator buffers
	Weights       MemoryKind `yaml:"weights"`     // weight buffer
	Residual      MemoryKind `yaml:"residual"`    // residual and score buffers

	// AccumulatorBits is the least width of the accumulators. They hold the products of any weights
	// anyway; a bias that is large beside products of few bits can need more.
	AccumulatorBits int `yaml:"accumulator_bits,omitempty" json:",omitempty"`

	// LUTColumns makes a mixed array: the multipliers of the last so many columns of TN are of LUTs
	// beside packed DSPs.
	LUTColumns int `yaml:"lut_columns,omitempty" json:",omitempty"`

	// PatchTokens is how many tokens' values the patch gather reads in a cycle: 2, or 0 for 1, which a
	// file may also say.
	PatchTokens int `yaml:"patch_tokens,omitempty" json:",omitempty"`
}

// Columns is the number of columns that the drain, requantizer, LayerNorm and softmax take in
// a cycle.
func (e Engine) Columns() int { return max(1, e.VectorColumns) }

// GatherTokens is the number of tokens whose values the patch gather reads in a cycle.
func (e Engine) GatherTokens() int { return max(1, e.PatchTokens) }

// WithPatchTokens is the engine with so many: one way to write it for each.
func (e Engine) WithPatchTokens(n int) Engine {
	if e.PatchTokens = n; n == 1 {
		e.PatchTokens = 0
	}
	return e
}

// Packing says whether a DSP makes several products of the array, and for which hard multiplier
// they are laid out: those of two neighbouring columns with two tokens where four fit it (all
// operands of about 4 bits), else those of two columns with one token. Operands of which not
// even two products fit have one DSP for each product all the same.
type Packing string

// Packings. None is also what the empty word means.
const (
	PackNone    Packing = "none"
	PackDSP48E1 Packing = "dsp48e1" // 25 x 18 bits
	PackDSP48E2 Packing = "dsp48e2" // 27 x 18 bits
)

// Port is the width of the multiplier's wide operand, 0 without packing.
func (p Packing) Port() int {
	switch p {
	case PackDSP48E1:
		return 25
	case PackDSP48E2:
		return 27
	}
	return 0
}

// MACs is the number of multiply-accumulates of the array in a cycle.
func (e Engine) MACs() int { return e.TM * e.TN * e.TK }

// InOrder is the layers in a network's order, which is theirs unless someone has mixed them; nil if one is missing.
func (n Numerics) InOrder(net *network.Network) []LayerBits {
	if len(n.Layers) != len(net.Layers) {
		return nil
	}
	mixed := false
	for i := range n.Layers {
		mixed = mixed || n.Layers[i].Name != net.Layers[i].Name
	}
	if !mixed {
		return n.Layers
	}
	list := make([]LayerBits, len(net.Layers))
	for i := range net.Layers {
		l, ok := n.Layer(net.Layers[i].Name)
		if !ok {
			return nil
		}
		list[i] = l
	}
	return list
}

// Layer returns the bits of the named quantization layer, and whether it is there.
func (n Numerics) Layer(name string) (LayerBits, bool) {
	for _, l := range n.Layers {
		if l.Name == name {
			return l, true
		}
	}
	return LayerBits{}, false
}

// Uniform is the contract's usual numerics: w-bit weights and a-bit activations in
// every block, an 8-bit image, and 8-bit weights in patch embedding and head.
func Uniform(m Model, w, a int) Numerics {
	n := Numerics{SoftmaxBits: 8, GELUBits: 8, LNFold: 1, CalibImages: 256}
	for _, layer := range layersOf(m) {
		n.Layers = append(n.Layers, usual(layer, LayerBits{Weights: w, Activations: a, Granularity: PerChannel}))
	}
	return n
}

// usual is a layer's bits where nothing but those of the blocks is said.
func usual(of network.Layer, l LayerBits) LayerBits {
	l.Name = of.Name
	if of.Edge {
		l.Weights = 8
	}
	if of.Role == network.EmbedLayer {
		l.Activations = 8
	}
	if !of.Weights {
		l.Weights, l.Granularity, l.Group = 0, "", 0
	}
	return l
}

// WithEdges is the numerics of a model with so many bits for the image, for the first and the last layer's weights,
// and for softmax.
func (n Numerics) WithEdges(m Model, bits int) Numerics {
	n.SoftmaxBits, n.Layers = bits, slices.Clone(n.Layers)
	for _, layer := range layersOf(m) {
		i := slices.IndexFunc(n.Layers, func(l LayerBits) bool { return l.Name == layer.Name })
		if i < 0 {
			continue
		}
		if layer.Edge {
			n.Layers[i].Weights = bits
		}
		if layer.Role == network.EmbedLayer {
			n.Layers[i].Activations = bits
		}
	}
	return n
}
